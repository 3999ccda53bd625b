#include "rocctl/addresses.hpp"

#include <fmt/format.h>

#include "model/media_uri.hpp"

namespace rocctl {
namespace {

using rocd::FecScheme;
using rocd::Interface;
using rocd::MediaUri;
using rocd::Protocol;

std::string_view describe(Interface interface) {
  switch (interface) {
    case Interface::media:
      return "rtp, rtp+rs8m or rtp+ldpc";
    case Interface::repair:
      return "rs8m or ldpc";
    case Interface::control:
      return "rtcp";
  }
  return "";
}

Outcome<MediaUri> parse(const std::string& text, Interface wanted, const std::string& option) {
  const auto uri = MediaUri::parse(text);
  if (!uri) return usage_failure(option + ": " + uri.error().message);
  if (rocd::interface_of(uri->protocol) != wanted)
    return usage_failure(
        fmt::format("{}: '{}' has the wrong scheme, expected {}", option, text, describe(wanted)));
  return *uri;
}

Outcome<MediaUri> derive(const MediaUri& media, Protocol protocol, int offset,
                         const std::string& option) {
  if (media.port == 0) return MediaUri{protocol, media.host, 0};
  if (media.port + offset > 65535)
    return usage_failure(
        fmt::format("there is no port {} above {}, give {}", offset, media.port, option));
  return MediaUri{protocol, media.host, static_cast<std::uint16_t>(media.port + offset)};
}

struct Choice {
  std::string option, member;
  Interface interface;
  Protocol protocol;
  int offset;
};

// nullopt: without one.
Outcome<std::optional<MediaUri>> choose(const Choice& choice, const MediaUri& media,
                                        const std::optional<std::string>& given,
                                        Addresses& result) {
  if (given && *given == "none") return std::optional<MediaUri>();
  const auto uri = given ? parse(*given, choice.interface, choice.option)
                         : derive(media, choice.protocol, choice.offset, choice.option);
  if (!uri) return uri.error();
  if (!given)
    result.chosen.push_back(fmt::format(
        "{} {} selected automatically{}", choice.member, uri->str(),
        media.port == 0 ? "" : fmt::format(" (port {} + {})", media.port, choice.offset)));
  result.connection[choice.member] = uri->str();
  return std::optional<MediaUri>(*uri);
}

}  // namespace

bool is_address(std::string_view word) {
  return word.find("://") != std::string_view::npos;
}

Outcome<Addresses> derive_addresses(const AddressOptions& options, Side side) {
  const auto media =
      parse(options.media, Interface::media, side == Side::source ? "SOURCE" : "DESTINATION");
  if (!media) return media.error();
  if (side == Side::destination && media->port == 0)
    return usage_failure("DESTINATION: port 0 means nothing to a sender, give the receiver's port");

  Addresses result;
  result.connection["connection_type"] = "external";
  result.connection["media_uri"] = media->str();
  const auto fec = rocd::fec_of(media->protocol);
  if (fec == FecScheme::none && options.repair && *options.repair != "none")
    return usage_failure(
        fmt::format("--repair: '{}' has no error correction, use rtp+rs8m:// or "
                    "rtp+ldpc:// for it",
                    options.media));
  if (fec != FecScheme::none) {
    const auto protocol = fec == FecScheme::rs8m ? Protocol::rs8m : Protocol::ldpc;
    const auto repair = choose({"--repair", "repair_uri", Interface::repair, protocol, 1}, *media,
                               options.repair, result);
    if (!repair) return repair.error();
    if (!*repair || (*repair)->protocol != protocol)
      return usage_failure(fmt::format("--repair: {}:// needs a repair address {}://HOST:PORT",
                                       rocd::to_string(media->protocol),
                                       rocd::to_string(protocol)));
  }
  const auto control = choose({"--control", "control_uri", Interface::control, Protocol::rtcp, 2},
                              *media, options.control, result);
  if (!control) return control.error();
  return result;
}

}  // namespace rocctl
