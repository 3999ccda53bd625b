// Chooses what a receiving stream's addresses leave open: protocols, hosts and UDP ports. The same
// stream gets the same ports again, also after a restart of the daemon, unless somebody took them.
// Does not reserve a port: between choosing and the tool's bind another program may be faster.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "base/result.hpp"
#include "base/uid.hpp"
#include "model/stream.hpp"

namespace rocd {

// Whether a UDP socket can be bound now. Hosts that are not numeric are tried as 0.0.0.0.
[[nodiscard]] bool udp_port_is_free(const std::string& host, std::uint16_t port);

struct PortRules {
  PortRange range;
  std::set<std::uint16_t> taken;  // by other streams, or found to be in use
  std::function<bool(const std::string& host, std::uint16_t port)> is_free;
};

// Completes `from`. Where there is no media address, `fec` decides the protocols. `previous` is
// what was chosen last time; its ports are taken again unless they are in `taken`.
// Errors: unavailable (no free port in the range).
[[nodiscard]] Result<ExternalAddress> complete_source(const Uid& stream,
                                                      const ExternalAddress& from, FecScheme fec,
                                                      const ExternalAddress& previous,
                                                      const PortRules& rules);

}  // namespace rocd
