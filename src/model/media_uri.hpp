// Addresses that Roc Toolkit understands: SCHEME://HOST:PORT with one of the schemes below. (pure)
// Port 0 means "choose" and is valid only where rocd binds (the source of a receiving stream).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace rocd {

enum class Protocol { rtp, rtp_rs8m, rs8m, rtp_ldpc, ldpc, rtcp };
enum class FecScheme { none, rs8m, ldpc };
enum class Interface { media, repair, control };

[[nodiscard]] std::string_view to_string(Protocol protocol);  // the URI scheme: "rtp+rs8m"
[[nodiscard]] std::string_view to_string(FecScheme scheme);
[[nodiscard]] Interface interface_of(Protocol protocol);
[[nodiscard]] FecScheme fec_of(Protocol protocol);  // none for rtp and rtcp

struct MediaUri {
  Protocol protocol = Protocol::rtp;
  std::string host;  // name, IPv4, or IPv6 without brackets in its canonical form
  std::uint16_t port = 0;

  // Errors name what is wrong and what is allowed ("unknown scheme 'http', expected one of …").
  [[nodiscard]] static Result<MediaUri> parse(std::string_view text);
  [[nodiscard]] std::string str() const;
  // 0.0.0.0 or ::, every address of this computer: to bind, not to send to.
  [[nodiscard]] bool is_any_host() const { return host == "0.0.0.0" || host == "::"; }

  friend bool operator==(const MediaUri&, const MediaUri&) = default;
};

}  // namespace rocd
