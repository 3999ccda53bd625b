// HOST:PORT of the REST API, and the rule that guards it: without tokens only loopback may listen.
// (pure)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace rocd {

struct ListenAddress {
  std::string host;  // IPv4, IPv6 without brackets, or "localhost"
  std::uint16_t port = 0;
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

// "127.0.0.1:4040", "[::1]:4040", "localhost:0". Errors: not that form; an address that is not
// loopback (this version has no tokens, so anybody on the network could command the daemon).
[[nodiscard]] Result<ListenAddress> parse_listen(std::string_view text);

}  // namespace rocd
