#include "device/reports.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "device/recipe.hpp"

namespace rocd {

double mean_volume(const std::vector<float>& channel_volumes) {
  if (channel_volumes.empty()) return 1.0;
  const double sum = std::accumulate(channel_volumes.begin(), channel_volumes.end(), 0.0);
  return std::round(sum / static_cast<double>(channel_volumes.size()) * 1e6) / 1e6;
}

bool same_volume(double a, double b) {
  return std::abs(a - b) <= 1e-4 * std::max(1.0, std::abs(b));
}

std::vector<float> scaled_volumes(const std::vector<float>& current, double volume,
                                  std::size_t channels) {
  const double mean = mean_volume(current);
  if (current.empty() || mean <= 1e-6)
    return std::vector<float>(std::max<std::size_t>(current.size(), channels),
                              static_cast<float>(volume));
  std::vector<float> scaled;
  scaled.reserve(current.size());
  for (const float value : current)
    scaled.push_back(static_cast<float>(static_cast<double>(value) * volume / mean));
  return scaled;
}

std::optional<DeviceInfo> describe_device(const Graph& graph, const NodeFacts& node,
                                          std::uint32_t default_rate) {
  const bool sink = node.media_class == "Audio/Sink";
  const bool source =
      node.media_class == "Audio/Source" || node.media_class == "Audio/Source/Virtual";
  const bool duplex = node.media_class == "Audio/Duplex";
  // WirePlumber's stand-in for "no sink at all" goes away when a first sink comes.
  if (!(sink || source || duplex) || node.name.empty() || node.name == "auto_null")
    return std::nullopt;
  if (node.role == to_string(NodeRole::feed) || !graph.complete(node.id)) return std::nullopt;

  DeviceInfo info;
  info.node_name = node.name;
  info.description = node.description.empty() ? node.name : node.description;
  info.direction = sink     ? StreamDirection::output
                   : source ? StreamDirection::input
                            : StreamDirection::duplex;
  info.serial = node.serial;
  info.channels = static_cast<std::uint32_t>(
      graph.ports(node.id, source ? PortDirection::out : PortDirection::in).size());
  info.sample_rate = node.sample_rate != 0 ? node.sample_rate : default_rate;
  info.volume = mean_volume(node.channel_volumes);
  info.muted = node.muted;
  const auto& defaults = graph.defaults;
  info.is_default = source ? defaults.source == node.name : defaults.sink == node.name;
  info.is_chosen_default =
      source ? defaults.configured_source == node.name : defaults.configured_sink == node.name;
  info.capture_node = node.name;
  info.capture_serial = node.serial;
  info.capture_is_monitor = sink;
  if (!source) {
    info.playback_node = node.name;
    info.playback_serial = node.serial;
  }
  return info;
}

bool is_played_to(const Graph& graph, GlobalId sink) {
  return std::ranges::any_of(graph.links(), [&](const auto& entry) {
    if (entry.second.in_node != sink) return false;
    const auto* player = graph.node(entry.second.out_node);
    return player == nullptr || player->running;
  });
}

std::map<StreamNodeKey, StreamNodeInfo> describe_stream_nodes(const Graph& graph) {
  std::map<StreamNodeKey, StreamNodeInfo> list;
  std::map<GlobalId, StreamNodeInfo*> by_id;
  for (const auto* node : graph.nodes()) {
    const bool capturing = node->media_class == "Stream/Input/Audio";
    if (!node->stream_uid || (!capturing && node->media_class != "Stream/Output/Audio")) continue;
    auto& info = list[{*node->stream_uid, node->serial}];
    info.stream = *node->stream_uid;
    info.serial = node->serial;
    info.pid = node->pid;
    info.capturing = capturing;
    by_id[node->id] = &info;
  }
  if (by_id.empty()) return list;
  const auto note = [&](GlobalId end, GlobalId other) {
    const auto found = by_id.find(end);
    const auto* facts = graph.node(other);
    if (found == by_id.end() || facts == nullptr) return;
    // Level meters (pavucontrol) and recorders of one application: nothing is played anywhere else.
    if (!found->second->capturing && facts->media_class == "Stream/Input/Audio") return;
    found->second->linked_to.push_back({facts->name, facts->serial});
    ++found->second->links;
  };
  for (const auto& [id, link] : graph.links()) {
    note(link.out_node, link.in_node);
    note(link.in_node, link.out_node);
  }
  for (auto& [key, info] : list) {
    std::ranges::sort(info.linked_to);
    const auto repeated = std::ranges::unique(info.linked_to);
    info.linked_to.erase(repeated.begin(), repeated.end());
  }
  return list;
}

}  // namespace rocd
