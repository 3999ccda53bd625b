#include "device/recipe.hpp"

#include <fmt/format.h>

#include "device/port_match.hpp"

namespace rocd {

std::string_view to_string(NodeRole role) {
  return role == NodeRole::feed ? "feed" : "device";
}

namespace {

// SPA JSON; numbers without exponent and locale.
std::string volume_props(const VirtualDevice& device) {
  std::string volumes;
  for (std::uint32_t i = 0; i < device.channels; ++i)
    volumes += fmt::format(" {:.6f}", device.volume);
  return fmt::format("{{ channelVolumes = [{} ] mute = {} }}", volumes, device.muted);
}

}  // namespace

std::vector<NodeRole> roles_of(const VirtualDevice& device) {
  if (device.direction == StreamDirection::input) return {NodeRole::feed, NodeRole::device};
  return {NodeRole::device};
}

std::string node_name(const VirtualDevice& device, NodeRole role) {
  return role == NodeRole::feed ? device.node_name + ".feed" : device.node_name;
}

Properties node_properties(const VirtualDevice& device, NodeRole role, const Maker& maker) {
  const bool feed = role == NodeRole::feed;
  const bool source = device.direction == StreamDirection::input && !feed;
  Properties properties = {
      {"factory.name", "support.null-audio-sink"},
      {"node.name", node_name(device, role)},
      {"node.description", feed ? device.description + " (feed)" : device.description},
      {"node.virtual", "true"},
      {"media.class", source ? "Audio/Source/Virtual" : "Audio/Sink"},
      {"audio.position", "[ " + channel_positions(device.channels) + " ]"},
      {"audio.rate", std::to_string(device.sample_rate)},
      // The monitor (or, of a source, the output) follows the volume of the device.
      {"monitor.channel-volumes", "true"},
      // WirePlumber takes the device of highest priority as default. Negative: ours is taken only
      // when there is nothing else, the feed last of all.
      {"priority.session", feed ? "-2000" : "-1000"},
      // Else WirePlumber resets the volume to what it remembers, after we have set it.
      {"state.restore-props", "false"},
      {"object.linger", "false"},  // gone with our connection, however this process ends
      {property::instance, maker.instance},
      {property::session, maker.session},
      {property::virtual_uid, device.uid.str()},
      {property::role, std::string(to_string(role))},
  };
  // From the first moment, before anybody could hear another volume.
  if (!feed) properties.emplace_back("node.param.Props", volume_props(device));
  // An active link between feed and source would keep both running for ever; passive ends let them
  // sleep until somebody plays or records. (link.passive is ignored unless the daemon allows it.)
  if (feed) properties.emplace_back("node.passive", "out");
  if (source) properties.emplace_back("node.passive", "in");
  return properties;
}

Properties link_properties(const Maker& maker, const Uid& owner) {
  return {{"object.linger", "false"},
          {property::instance, maker.instance},
          {property::session, maker.session},
          {property::stream_uid, owner.str()}};
}

Rebuild rebuild_needed(const VirtualDevice& made, const VirtualDevice& wanted) {
  if (made.direction != wanted.direction || made.node_name != wanted.node_name ||
      made.channels != wanted.channels || made.sample_rate != wanted.sample_rate)
    return Rebuild::now;
  return made.description == wanted.description ? Rebuild::none : Rebuild::when_idle;
}

}  // namespace rocd
