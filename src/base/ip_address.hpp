// What is an address, and what a name that must be looked up. (pure)
#pragma once

#include <string>

namespace rocd {

// IPv4 or IPv6 without brackets and scope, as inet_pton(3) reads them.
[[nodiscard]] bool is_ip_address(const std::string& host);

}  // namespace rocd
