// What of this computer matters to a daemon that runs on it: free ports, the clock.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "rocctl/checks.hpp"

namespace rocctl {

struct PortRange {
  std::uint16_t first = 0, last = 0;
  friend bool operator==(const PortRange&, const PortRange&) = default;
};
[[nodiscard]] std::optional<PortRange> parse_port_range(std::string_view text);  // "10000-10999"

// Ports that are bound, from the text of /proc/net/udp or udp6 (proc_net_udp(5)). (pure)
void add_bound_ports(std::string_view table, std::set<std::uint16_t>& ports);

// Whether rocd finds ports for streams that leave the choice to it. (pure)
[[nodiscard]] Check port_range_check(const PortRange& range, const std::set<std::uint16_t>& bound);

// error_us: how wrong the kernel believes its clock to be, at most; nullopt: it does not know.
// (pure)
[[nodiscard]] Check clock_check(std::optional<long> error_us);

// config: of GET /system/config, or null.
[[nodiscard]] Checks host_checks(const boost::json::value& config);

}  // namespace rocctl
