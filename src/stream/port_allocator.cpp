#include "stream/port_allocator.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "base/descriptor.hpp"

namespace rocd {
namespace {

constexpr std::string_view any_host = "0.0.0.0";

using AddressInfo = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

AddressInfo numeric_address(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;  // never asks a name server
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) found = nullptr;
  return {found, &::freeaddrinfo};
}

Protocol media_protocol(FecScheme fec) {
  switch (fec) {
    case FecScheme::rs8m:
      return Protocol::rtp_rs8m;
    case FecScheme::ldpc:
      return Protocol::rtp_ldpc;
    case FecScheme::none:
      break;
  }
  return Protocol::rtp;
}

class Chooser {
 public:
  Chooser(const Uid& stream, const PortRules& rules) : rules_(rules), taken_(rules.taken) {
    // FNV-1a: streams start their search in different places, and in the same one each time.
    std::uint64_t hash = 14695981039346656037U;
    for (const char c : stream.str()) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    }
    const std::uint32_t size = size_of_range();
    cursor_ = size == 0 ? 0 : static_cast<std::uint32_t>(hash % size);
  }

  void reserve(const std::optional<MediaUri>& uri) {
    if (uri && uri->port != 0) taken_.insert(uri->port);
  }

  // Sets uri.port. False: nothing is free.
  bool choose(MediaUri& uri, const std::optional<MediaUri>& previous) {
    if (uri.port != 0) return true;
    // Not tried: the stream's own child may have it open right now.
    if (previous && previous->port != 0 && taken_.insert(previous->port).second) {
      uri.port = previous->port;
      return true;
    }
    for (std::uint32_t tried = 0; tried < size_of_range(); ++tried) {
      const auto port = static_cast<std::uint16_t>(rules_.range.first + cursor_);
      cursor_ = (cursor_ + 1) % size_of_range();
      if (take(uri, port)) return true;
    }
    return false;
  }

 private:
  [[nodiscard]] std::uint32_t size_of_range() const {
    const auto& range = rules_.range;
    return range.last < range.first ? 0U : 1U + range.last - range.first;
  }

  bool take(MediaUri& uri, std::uint16_t port) {
    if (port == 0 || taken_.contains(port) || !rules_.is_free(uri.host, port)) return false;
    taken_.insert(port);
    uri.port = port;
    return true;
  }

  const PortRules& rules_;
  std::set<std::uint16_t> taken_;
  std::uint32_t cursor_ = 0;
};

Error no_port(const PortRange& range) {
  Error error;
  error.code = ErrorCode::unavailable;
  error.message = "no UDP port from " + std::to_string(range.first) + " to " +
                  std::to_string(range.last) + " is free";
  error.hint = "widen ports.range in the configuration, or name the ports in the stream";
  return error;
}

}  // namespace

bool udp_port_is_free(const std::string& host, std::uint16_t port) {
  const auto text = std::to_string(port);
  auto address = numeric_address(host, text);
  if (!address) address = numeric_address(std::string(any_host), text);
  if (!address) return false;
  const Descriptor probe(::socket(address->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // Nothing can be found out now. What is missing then is not a port, and the start will say so.
  if (!probe && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
    return true;
  return probe && ::bind(probe.get(), address->ai_addr, address->ai_addrlen) == 0;
}

Result<ExternalAddress> complete_source(const Uid& stream, const ExternalAddress& from,
                                        FecScheme fec, const ExternalAddress& previous,
                                        const PortRules& rules) {
  ExternalAddress to = from;
  if (!to.media) to.media = MediaUri{media_protocol(fec), std::string(any_host), 0};
  const FecScheme used = fec_of(to.media->protocol);
  if (!to.repair && used != FecScheme::none) {
    const auto protocol = used == FecScheme::rs8m ? Protocol::rs8m : Protocol::ldpc;
    to.repair = MediaUri{protocol, to.media->host, 0};
  }
  Chooser chooser(stream, rules);
  for (const auto* uri : {&to.media, &to.repair, &to.control}) chooser.reserve(*uri);
  if (!chooser.choose(*to.media, previous.media) ||
      (to.repair && !chooser.choose(*to.repair, previous.repair)) ||
      (to.control && !chooser.choose(*to.control, previous.control))) {
    return no_port(rules.range);
  }
  return to;
}

}  // namespace rocd
