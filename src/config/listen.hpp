// HOST:PORT of the REST API, and the rule that guards it: without tokens nobody but this computer
// may reach it. (pure)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/config.hpp"

namespace rocd {

struct ListenAddress {
  std::string host;  // IPv4, IPv6 without brackets, or "localhost"
  std::uint16_t port = 0;
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

// "127.0.0.1:4040", "[::1]:4040", "localhost:0", "0.0.0.0:4040". Errors: not that form.
[[nodiscard]] Result<ListenAddress> parse_listen(std::string_view text);

// Refuses an address that is not loopback without tokens: anybody on the network could command the
// daemon. To be asked when everything is known that may set either.
[[nodiscard]] Result<> check_exposure(const HttpConfig& http);

}  // namespace rocd
