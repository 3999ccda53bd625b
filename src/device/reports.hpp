// What is told about a graph: its devices and the nodes of our children. (pure)
#pragma once

#include <map>
#include <string>
#include <vector>

#include "device/device_driver.hpp"
#include "device/graph.hpp"

namespace rocd {

// Linear volumes as people write them: PipeWire's are 32-bit floats, 0.3 would come back as
// 0.300000012.
[[nodiscard]] double mean_volume(const std::vector<float>& channel_volumes);
[[nodiscard]] bool same_volume(double a, double b);
// Keeps the balance of the channels; a silent device gets `volume` on each.
[[nodiscard]] std::vector<float> scaled_volumes(const std::vector<float>& current, double volume,
                                                std::size_t channels);

// nullopt: not a device (streams of applications, feeds, video, nodes without a name) or not
// complete yet. For our own virtual inputs the caller adds what only it knows: the feed.
[[nodiscard]] std::optional<DeviceInfo> describe_device(const Graph& graph, const NodeFacts& node,
                                                        std::uint32_t default_rate);

// Does anything play into it now? Nodes of unknown kinds are taken to play as long as they are
// linked.
[[nodiscard]] bool is_played_to(const Graph& graph, GlobalId sink);

// The nodes of children, by stream and serial.
using StreamNodeKey = std::pair<Uid, std::uint64_t>;
[[nodiscard]] std::map<StreamNodeKey, StreamNodeInfo> describe_stream_nodes(const Graph& graph);

}  // namespace rocd
