#include "device/device_machine.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace rocd {
namespace {

// From setting a default to seeing that the session manager took it.
constexpr Duration default_patience = 500ms;

Error no_device(const std::string& node_name) {
  Error error;
  error.code = ErrorCode::not_found;
  error.message = "there is no device '" + node_name + "'";
  return error;
}

template <class Queue>
auto pop(Queue& queue) -> std::optional<typename Queue::value_type> {
  if (queue.empty()) return std::nullopt;
  auto front = std::move(queue.front());
  queue.pop_front();
  return front;
}
}  // namespace

DeviceMachine::DeviceMachine(const Uid& instance) : instance_(instance.str()) {}

std::optional<DeviceMachine::Effect> DeviceMachine::poll_effect() {
  return pop(effects_);
}
std::optional<DeviceMachine::Event> DeviceMachine::poll_event() {
  return pop(events_);
}

// --- desires

void DeviceMachine::ensure_device(const VirtualDevice& device) {
  const auto [found, is_new] = devices_.try_emplace(device.uid, device);
  if (is_new || found->second.wanted == device) return;
  found->second.wanted = device;
  found->second.gate.reset();
}

void DeviceMachine::remove_device(const Uid& uid) {
  const auto found = devices_.find(uid);
  if (found == devices_.end()) return;
  destroy_nodes(found->second);
  devices_.erase(found);
}

Result<> DeviceMachine::set_volume(const std::string& node_name, double volume, bool muted) {
  const auto told = told_devices_.find(node_name);
  const auto* node = graph_.find(node_name);
  if (told == told_devices_.end() || node == nullptr) return no_device(node_name);
  if (told->second.virtual_uid) {
    auto& wanted = devices_.at(*told->second.virtual_uid).wanted;
    wanted.volume = volume;
    wanted.muted = muted;
    return {};
  }
  effects_.push_back(SetVolume{
      node->id, scaled_volumes(node->channel_volumes, volume, told->second.channels), muted});
  return {};
}

Result<> DeviceMachine::set_default(const std::string& node_name) {
  const auto told = told_devices_.find(node_name);
  if (told == told_devices_.end()) return no_device(node_name);
  pending_default_[told->second.direction != StreamDirection::input] = node_name;
  return {};
}

Result<> DeviceMachine::clear_default(const std::string& node_name) {
  for (const bool sink : {true, false}) {
    const auto pending = pending_default_.find(sink);
    if (pending != pending_default_.end() && pending->second == node_name)
      pending_default_.erase(pending);
    // What was set counts, even if it was not told of yet.
    const auto set = unconfirmed_default_.find(sink);
    const auto& told = sink ? graph_.defaults.configured_sink : graph_.defaults.configured_source;
    const auto& chosen = set != unconfirmed_default_.end() ? set->second.node_name : told;
    if (chosen == node_name) pending_default_[sink] = "";
  }
  return {};
}

// --- facts

void DeviceMachine::handle_connected(std::string session) {
  session_ = std::move(session);
}

void DeviceMachine::handle_disconnected(const std::string& reason) {
  session_.clear();
  graph_.clear();
  dying_.clear();
  sweeping_.clear();
  pending_default_.clear();
  unconfirmed_default_.clear();
  told_manager_.reset();
  effects_.clear();
  wake_at_.reset();
  for (auto& [uid, device] : devices_) {
    device.nodes.clear();
    device.feed_links.made.clear();
    device.feed_links.gate.reset();
    device.gate.reset();
    forget_volume(device);
  }
  for (auto& [stream, wish] : wishes_) {
    wish.links.made.clear();
    wish.links.gate.reset();
    tell(wish, false, reason);
  }
  report();
}

void DeviceMachine::handle_bound(Token token, GlobalId id) {
  for (auto& [uid, device] : devices_)
    for (auto& [role, slot] : device.nodes)
      if (slot.token == token) slot.id = id;
}

void DeviceMachine::handle_gone(Token token, const std::string& reason) {
  std::erase_if(dying_, [&](const auto& entry) { return entry.second == token; });
  const auto drop_link = [&](Links& links) {
    if (std::erase_if(links.made, [&](const auto& made) { return made.second == token; }) > 0)
      links.failure = reason;
  };
  for (auto& [uid, device] : devices_) {
    const auto dropped =
        std::erase_if(device.nodes, [&](const auto& entry) { return entry.second.token == token; });
    if (dropped > 0) {
      forget_volume(device);
      if (!reason.empty() && reason != std::exchange(device.failure, reason))
        log("device").warn("cannot make {}: {} (will be tried again)", device.wanted.node_name,
                           reason);
    }
    drop_link(device.feed_links);
  }
  for (auto& [stream, wish] : wishes_) drop_link(wish.links);
}

void DeviceMachine::handle_settled(Instant now) {
  if (session_.empty()) return;
  wake_at_.reset();
  sweep_leftovers();
  for (auto& [uid, device] : devices_) evaluate_device(device, now);
  for (auto& [stream, wish] : wishes_) evaluate_wish(wish, now);
  evaluate_defaults(now);
  report();
}

// --- deciding

bool DeviceMachine::is_leftover(const NodeFacts& node) const {
  if (node.instance != instance_) return false;
  for (const auto& [uid, device] : devices_)
    for (const auto& [role, slot] : device.nodes)
      // While the number of a node is not known yet, any node of this session may be it.
      if (slot.id == node.id || (!slot.id && node.session == session_)) return false;
  return !dying_.contains(node.id);
}

void DeviceMachine::sweep_leftovers() {
  std::erase_if(sweeping_, [&](GlobalId id) { return graph_.node(id) == nullptr; });
  std::erase_if(dying_, [&](const auto& entry) { return graph_.node(entry.first) == nullptr; });
  for (const auto* node : graph_.nodes()) {
    if (!is_leftover(*node) || !sweeping_.insert(node->id).second) continue;
    log("device").info("removing {} (node {}), left behind by an earlier rocd", node->name,
                       node->id);
    effects_.push_back(DestroyGlobal{node->id});
  }
}

void DeviceMachine::evaluate_device(Device& device, Instant now) {
  auto rebuild = Rebuild::none;
  for (const auto& [role, slot] : device.nodes)
    rebuild = std::max(rebuild, rebuild_needed(slot.made, device.wanted));
  if (rebuild == Rebuild::now || (rebuild == Rebuild::when_idle && !in_use(device)))
    destroy_nodes(device);
  const bool complete = nodes_complete(device);
  device.gate.look(complete, now);
  if (const auto* other = older_namesake(device)) {
    if (!device.nodes.empty()) destroy_nodes(device);
    return tell_problem(device, "another program has made a device called '" + other->name +
                                    "': close it, or give one of the two another name");
  }
  tell_problem(device, "");
  make_nodes(device, now);
  if (!complete) {
    device.feed_links.gate.reset();  // the gate of the nodes is enough
    const auto found = device.nodes.find(NodeRole::device);
    const bool whole =
        found != device.nodes.end() && found->second.id && graph_.complete(*found->second.id);
    if (!whole) device.primed = 0;  // new ports are a new start
    return;
  }
  device.failure.clear();
  prime(device);
  evaluate_volume(device);
  if (device.wanted.direction == StreamDirection::input) {
    const auto pairs =
        pairs_between(*device.nodes.at(NodeRole::feed).id, *device.nodes.at(NodeRole::device).id);
    keep_links(device.feed_links, device.wanted.uid, pairs, now);
  }
}

// A node of somebody else that had one of the device's names before the device had it.
const NodeFacts* DeviceMachine::older_namesake(const Device& device) const {
  for (const auto role : roles_of(device.wanted)) {
    const auto name = node_name(device.wanted, role);
    const auto slot = device.nodes.find(role);
    const auto* own =
        slot != device.nodes.end() && slot->second.id ? graph_.node(*slot->second.id) : nullptr;
    for (const auto* node : graph_.nodes()) {
      if (node->name != name || node->instance == instance_) continue;
      if (own == nullptr || node->serial < own->serial) return node;
    }
  }
  return nullptr;
}

void DeviceMachine::tell_problem(Device& device, std::string problem) {
  if (device.problem == problem) return;
  device.problem = std::move(problem);
  events_.push_back(DeviceProblem{device.wanted.uid, device.problem});
}

// PipeWire does not tell one client of a change of defaults while another one begins to listen
// (metadata_property() in its module-metadata: nothing is sent while a ping is pending). What
// others choose then is lost until the next change; what rocd itself chose is looked up.
void DeviceMachine::evaluate_defaults(Instant now) {
  auto& defaults = graph_.defaults;
  if (!defaults.known) return;
  for (auto& [sink, name] : pending_default_) {
    unconfirmed_default_[sink] = {name, now + default_patience};
    effects_.push_back(SetDefault{sink, name});
  }
  pending_default_.clear();
  std::erase_if(unconfirmed_default_, [&](const auto& entry) {
    const auto& [sink, set] = entry;
    auto& configured = sink ? defaults.configured_sink : defaults.configured_source;
    const auto& effective = sink ? defaults.sink : defaults.source;
    if (!set.node_name.empty() && configured == set.node_name && effective == set.node_name)
      return true;  // what is used when nothing is chosen is not known: that is looked up
    if (now < set.check_at) {
      wake_at(set.check_at);
      return false;
    }
    if (set.node_name.empty()) configured.clear();  // what is no more is not told
    effects_.push_back(ReadDefaults{});
    return true;
  });
}

void DeviceMachine::make_nodes(Device& device, Instant now) {
  const auto roles = roles_of(device.wanted);
  if (device.nodes.size() == roles.size()) return;
  // Two nodes of one name would confuse whoever looks devices up by name.
  for (const auto role : roles) {
    const auto name = node_name(device.wanted, role);
    for (const auto* node : graph_.nodes())
      if (node->name == name && (dying_.contains(node->id) || sweeping_.contains(node->id))) return;
  }
  if (!device.gate.attempt(now)) return wake_at(device.gate.opens_at());
  for (const auto role : roles) {
    if (device.nodes.contains(role)) continue;
    const auto token = next_token_++;
    device.nodes[role] = NodeSlot{token, std::nullopt, device.wanted};
    effects_.push_back(
        CreateNode{token, node_properties(device.wanted, role, {instance_, session_})});
  }
}

void DeviceMachine::prime(Device& device) {
  const auto& slot = device.nodes.at(NodeRole::device);
  const bool used = in_use(device);
  // Links that were made before the pause was carried out are known by now; PipeWire itself starts
  // the node for later ones.
  if (std::exchange(device.just_primed, false) && used) effects_.push_back(Resume{*slot.id});
  if (std::exchange(device.primed, slot.token) == slot.token) return;
  // One that is used runs, and the pause would stop its clock: it would carry nothing any more.
  if (used) return;
  effects_.push_back(Prime{*slot.id});
  device.just_primed = true;
}

void DeviceMachine::evaluate_volume(Device& device) {
  const auto* node = graph_.node(*device.nodes.at(NodeRole::device).id);
  auto& wanted = device.wanted;
  const Volume seen(mean_volume(node->channel_volumes), node->muted);
  const Volume desired(wanted.volume, wanted.muted);
  if (same_volume(seen.first, desired.first) && seen.second == desired.second) {
    device.applied = desired;
    device.outdated.reset();
  } else if (device.applied != desired) {
    effects_.push_back(
        SetVolume{node->id, scaled_volumes(node->channel_volumes, wanted.volume, wanted.channels),
                  wanted.muted});
    device.applied = desired;
    device.outdated = seen;
  } else if (device.outdated != seen) {
    // Somebody moved a slider elsewhere: that is a wish as good as ours.
    wanted.volume = seen.first;
    wanted.muted = seen.second;
    device.applied = seen;
    device.outdated.reset();
  }
}

void DeviceMachine::forget_volume(Device& device) {
  device.applied.reset();
  device.outdated.reset();
}

void DeviceMachine::destroy_nodes(Device& device) {
  destroy_links(device.feed_links);
  for (const auto& [role, slot] : device.nodes) {
    effects_.push_back(Destroy{slot.token});
    if (slot.id) dying_[*slot.id] = slot.token;
  }
  device.nodes.clear();
  forget_volume(device);
}

// --- telling

bool DeviceMachine::nodes_complete(const Device& device) const {
  if (device.nodes.size() != roles_of(device.wanted).size()) return false;
  return std::ranges::all_of(device.nodes, [&](const auto& entry) {
    const auto& id = entry.second.id;
    if (!id || !graph_.complete(*id)) return false;
    const auto channels = entry.second.made.channels;
    return !graph_.node(*id)->channel_volumes.empty() &&
           graph_.ports(*id, PortDirection::in).size() == channels &&
           graph_.ports(*id, PortDirection::out).size() == channels;
  });
}

bool DeviceMachine::present(const Device& device) const {
  if (!nodes_complete(device)) return false;
  if (device.wanted.direction != StreamDirection::input) return true;
  const auto pairs =
      pairs_between(*device.nodes.at(NodeRole::feed).id, *device.nodes.at(NodeRole::device).id);
  return std::ranges::all_of(pairs, [&](const PortPair& pair) { return graph_.linked(pair); });
}

bool DeviceMachine::in_use(const Device& device) const {
  const auto is_own = [&](GlobalId id) {
    return std::ranges::any_of(device.nodes,
                               [&](const auto& entry) { return entry.second.id == id; });
  };
  return std::ranges::any_of(graph_.links(), [&](const auto& entry) {
    return is_own(entry.second.out_node) != is_own(entry.second.in_node);
  });
}

std::optional<DeviceInfo> DeviceMachine::describe_own(const Device& device) const {
  if (!present(device)) return std::nullopt;
  const auto* node = graph_.node(*device.nodes.at(NodeRole::device).id);
  auto info = describe_device(graph_, *node, device.wanted.sample_rate);
  if (!info) return std::nullopt;
  info->virtual_uid = device.wanted.uid;
  // Exactly as asked, not as PipeWire's floats have it; a change on its way counts as done.
  info->volume = device.wanted.volume;
  info->muted = device.wanted.muted;
  if (device.wanted.direction == StreamDirection::input) {
    const auto* feed = graph_.node(*device.nodes.at(NodeRole::feed).id);
    info->playback_node = feed->name;
    info->playback_serial = feed->serial;
  } else {
    info->is_played_to = is_played_to(graph_, node->id);
  }
  return info;
}

void DeviceMachine::report() {
  const bool manager_runs = graph_.defaults.known;
  if (!session_.empty() && std::exchange(told_manager_, manager_runs) != manager_runs)
    events_.push_back(SessionManager{manager_runs});
  std::map<std::string, DeviceInfo> devices;
  std::map<std::string_view, int> names;
  for (const auto* node : graph_.nodes()) ++names[node->name];
  if (!session_.empty()) {
    for (const auto& [uid, device] : devices_)
      if (auto info = describe_own(device)) devices.emplace(info->node_name, *info);
    for (const auto* node : graph_.nodes()) {
      if (node->instance == instance_) continue;  // ours, dying, or a leftover
      if (auto info = describe_device(graph_, *node, default_rate_))
        devices.emplace(info->node_name, *info);
    }
  }
  for (auto& [name, info] : devices) {
    info.capture_name_is_shared = !info.capture_node.empty() && names[info.capture_node] > 1;
    info.playback_name_is_shared = !info.playback_node.empty() && names[info.playback_node] > 1;
  }
  for (const auto& [name, info] : told_devices_)
    if (!devices.contains(name)) events_.push_back(DeviceGone{name});
  for (const auto& [name, info] : devices) {
    const auto told = told_devices_.find(name);
    if (told != told_devices_.end() && told->second == info) continue;
    // Another device under the same name, between two looks.
    if (told != told_devices_.end() && told->second.virtual_uid != info.virtual_uid)
      events_.push_back(DeviceGone{name});
    events_.push_back(info);
  }
  told_devices_ = std::move(devices);

  auto stream_nodes = describe_stream_nodes(graph_);
  for (const auto& [key, info] : told_stream_nodes_)
    if (!stream_nodes.contains(key)) events_.push_back(StreamNodeGone{info.stream, info.serial});
  for (const auto& [key, info] : stream_nodes) {
    const auto told = told_stream_nodes_.find(key);
    if (told == told_stream_nodes_.end() || !(told->second == info)) events_.push_back(info);
  }
  told_stream_nodes_ = std::move(stream_nodes);
}

void DeviceMachine::wake_at(std::optional<Instant> instant) {
  if (instant && (!wake_at_ || *instant < *wake_at_)) wake_at_ = instant;
}

}  // namespace rocd
