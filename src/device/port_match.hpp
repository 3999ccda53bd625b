// Which port is linked to which, by channel, when one device is connected to another. (pure)
#pragma once

#include <string_view>
#include <vector>

#include "device/graph.hpp"

namespace rocd {

// Same channels are linked. One channel spreads to the front pair (or to all, if there is none);
// many become one by the front pair, which PipeWire adds up (links cannot attenuate). Channels that
// share no name are paired in order. Channels without a counterpart are left alone.
[[nodiscard]] std::vector<PortPair> match_ports(const std::vector<const PortFacts*>& outputs,
                                                const std::vector<const PortFacts*>& inputs);

// The channel positions of a virtual device: "FL FR" for 2. Past 8 channels they are AUX0, AUX1, …
[[nodiscard]] std::string channel_positions(std::uint32_t channels);

}  // namespace rocd
