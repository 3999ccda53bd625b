#include "model/media_uri.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace rocd {
namespace {

struct ProtocolInfo {
  Protocol protocol;
  std::string_view scheme;
  Interface interface;
  FecScheme fec;
};

constexpr std::array<ProtocolInfo, 6> protocols{{
    {Protocol::rtp, "rtp", Interface::media, FecScheme::none},
    {Protocol::rtp_rs8m, "rtp+rs8m", Interface::media, FecScheme::rs8m},
    {Protocol::rs8m, "rs8m", Interface::repair, FecScheme::rs8m},
    {Protocol::rtp_ldpc, "rtp+ldpc", Interface::media, FecScheme::ldpc},
    {Protocol::ldpc, "ldpc", Interface::repair, FecScheme::ldpc},
    {Protocol::rtcp, "rtcp", Interface::control, FecScheme::none},
}};

const ProtocolInfo& info_of(Protocol protocol) {
  return *std::find_if(protocols.begin(), protocols.end(),
                       [&](const auto& info) { return info.protocol == protocol; });
}

Error bad(std::string message) {
  Error error;
  error.code = ErrorCode::invalid_argument;
  error.message = std::move(message);
  return error;
}

// One address has one spelling (RFC 5952), so that equal addresses compare equal.
std::optional<std::string> canonical_ipv6(const std::string& host) {
  in6_addr address{};
  if (::inet_pton(AF_INET6, host.c_str(), &address) != 1) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(AF_INET6, &address, text.data(), text.size());
}

// RFC 1123 host names; an IPv4 address is one, too, unless it is all digits and wrong.
bool is_host(const std::string& host) {
  if (host.empty() || host.size() > 253) return false;
  const bool numeric = host.find_first_not_of("0123456789.") == std::string::npos;
  if (numeric) {
    in_addr address{};
    return ::inet_pton(AF_INET, host.c_str(), &address) == 1;
  }
  std::size_t label = 0;
  for (std::size_t i = 0; i < host.size(); ++i) {
    const char c = host[i];
    if (c == '.') {
      if (label == 0 || host[i - 1] == '-') return false;
      label = 0;
      continue;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && (c != '-' || label == 0)) return false;
    if (++label > 63) return false;
  }
  return host.back() != '-';
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, port);
  if (failure != std::errc{} || rest != end) return std::nullopt;
  return port;
}

}  // namespace

std::string_view to_string(Protocol protocol) {
  return info_of(protocol).scheme;
}
Interface interface_of(Protocol protocol) {
  return info_of(protocol).interface;
}
FecScheme fec_of(Protocol protocol) {
  return info_of(protocol).fec;
}

std::string_view to_string(FecScheme scheme) {
  switch (scheme) {
    case FecScheme::none:
      return "none";
    case FecScheme::rs8m:
      return "rs8m";
    case FecScheme::ldpc:
      return "ldpc";
  }
  return "";
}

Result<MediaUri> MediaUri::parse(std::string_view text) {
  if (text.find('@') != std::string_view::npos)  // not repeated: there may be a password in it
    return bad("an address has no user name and no password, expected SCHEME://HOST:PORT");
  const auto colon = text.find("://");
  if (colon == std::string_view::npos)
    return bad(fmt::format("'{}' is not an address, expected SCHEME://HOST:PORT", text));
  const auto scheme = text.substr(0, colon);
  const auto* const known = std::find_if(protocols.begin(), protocols.end(),
                                         [&](const auto& info) { return info.scheme == scheme; });
  if (known == protocols.end())
    return bad(
        fmt::format("unknown scheme '{}', expected one of rtp, rtp+rs8m, rs8m, rtp+ldpc, "
                    "ldpc, rtcp",
                    scheme));

  const auto authority = text.substr(colon + 3);
  if (authority.find_first_of("/?#") != std::string_view::npos)
    return bad(fmt::format("'{}' has more than HOST:PORT after the scheme", text));
  const auto port_colon = authority.rfind(':');
  const auto bracket = authority.rfind(']');
  if (port_colon == std::string_view::npos ||
      (bracket != std::string_view::npos && port_colon < bracket))
    return bad(fmt::format("'{}' has no port, expected SCHEME://HOST:PORT", text));
  auto host = authority.substr(0, port_colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);

  MediaUri uri{known->protocol, std::string(host), 0};
  const auto ipv6 = bracketed ? canonical_ipv6(uri.host) : std::nullopt;
  if (bracketed ? !ipv6 : !is_host(uri.host))
    return bad(fmt::format(
        "'{}' is not a host name, an IPv4 address or an IPv6 address in brackets", host));
  if (ipv6) uri.host = *ipv6;
  const auto port = parse_port(authority.substr(port_colon + 1));
  if (!port)
    return bad(fmt::format("'{}' is not a port, expected a number from 0 to 65535",
                           authority.substr(port_colon + 1)));
  uri.port = *port;
  return uri;
}

std::string MediaUri::str() const {
  const bool bracketed = host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", to_string(protocol), bracketed ? "[" : "", host,
                     bracketed ? "]" : "", port);
}

}  // namespace rocd
