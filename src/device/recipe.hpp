// How a virtual device is made in PipeWire: the properties of its nodes and links, and which edits
// need a new node. (pure)
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "device/device_driver.hpp"

namespace rocd {

using Properties = std::vector<std::pair<std::string, std::string>>;

namespace property {
inline constexpr auto instance = "rocd.instance";        // uid of the peer that made the object
inline constexpr auto session = "rocd.session";          // process and connection that made it
inline constexpr auto virtual_uid = "rocd.virtual.uid";  // uid of the endpoint
inline constexpr auto role = "rocd.role";                // "device" or "feed"
inline constexpr auto stream_uid = "rocd.stream.uid";    // on nodes of children, and links
}  // namespace property

enum class NodeRole { device, feed };
[[nodiscard]] std::string_view to_string(NodeRole role);

// A virtual output is one node, a virtual input two.
[[nodiscard]] std::vector<NodeRole> roles_of(const VirtualDevice& device);
[[nodiscard]] std::string node_name(const VirtualDevice& device, NodeRole role);

struct Maker {
  std::string instance;
  std::string session;
};

[[nodiscard]] Properties node_properties(const VirtualDevice& device, NodeRole role,
                                         const Maker& maker);
[[nodiscard]] Properties link_properties(const Maker& maker, const Uid& owner);

enum class Rebuild {
  none,       // nothing differs, or only what can be set in place (volume, mute)
  when_idle,  // the description: a node's properties are fixed, and removing a node stops whoever
              // uses it
  now,        // name, direction, channels, rate
};
[[nodiscard]] Rebuild rebuild_needed(const VirtualDevice& made, const VirtualDevice& wanted);

}  // namespace rocd
