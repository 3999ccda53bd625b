#include "device/pipewire/bindings.hpp"

#include <spa/node/command.h>
#include <spa/param/param.h>

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "device/recipe.hpp"

namespace rocd::pw {
namespace {

template <class T>
T number(const std::string& text, T otherwise) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : otherwise;
}

// {"name":"alsa_output.pci"}, as WirePlumber writes it.
std::string parse_name(const char* value) {
  if (value == nullptr) return {};
  boost::system::error_code error;
  const auto json = boost::json::parse(value, error);
  if (error || !json.is_object()) return {};
  const auto* name = json.as_object().if_contains("name");
  return name != nullptr && name->is_string() ? std::string(name->as_string()) : std::string();
}

constexpr pw_node_events node_events(decltype(pw_node_events::info) info,
                                     decltype(pw_node_events::param) param) {
  pw_node_events events{};
  events.version = PW_VERSION_NODE_EVENTS;
  events.info = info;
  events.param = param;
  return events;
}

}  // namespace

// --- nodes

NodeBinding::NodeBinding(ProxyHandle proxy, GlobalId id, bool is_device, Observer& observer)
    : id_(id), observer_(observer), proxy_(std::move(proxy)) {
  static constexpr auto events = node_events(&NodeBinding::on_info, &NodeBinding::on_param);
  auto* node = reinterpret_cast<pw_node*>(proxy_.get());
  pw_node_add_listener(node, hook_.get(), &events, this);
  if (is_device) {
    std::array<std::uint32_t, 2> params = {SPA_PARAM_Props, SPA_PARAM_Format};
    pw_node_subscribe_params(node, params.data(), params.size());
  }
}

void NodeBinding::set_props(const Pod& props) {
  pw_node_set_param(reinterpret_cast<pw_node*>(proxy_.get()), SPA_PARAM_Props, 0, props.get());
}

void NodeBinding::send_command(std::uint32_t command) {
  const auto pod = Pod::node_command(command);
  pw_node_send_command(reinterpret_cast<pw_node*>(proxy_.get()),
                       reinterpret_cast<const spa_command*>(pod.get()));
}

void NodeBinding::start_and_pause() {
  send_command(SPA_NODE_COMMAND_Start);
  send_command(SPA_NODE_COMMAND_Pause);  // else its timer would tick for ever
}

void NodeBinding::start() {
  send_command(SPA_NODE_COMMAND_Start);
}

void NodeBinding::read_properties(NodeFacts& facts, const spa_dict* properties) {
  facts.name = lookup(properties, PW_KEY_NODE_NAME);
  facts.description = lookup(properties, PW_KEY_NODE_DESCRIPTION);
  if (facts.description.empty()) facts.description = lookup(properties, PW_KEY_NODE_NICK);
  facts.media_class = lookup(properties, PW_KEY_MEDIA_CLASS);
  facts.instance = lookup(properties, property::instance);
  facts.session = lookup(properties, property::session);
  facts.role = lookup(properties, property::role);
  facts.virtual_uid = Uid::parse(lookup(properties, property::virtual_uid));
  facts.stream_uid = Uid::parse(lookup(properties, property::stream_uid));
  facts.pid = number(lookup(properties, PW_KEY_APP_PROCESS_ID), 0);
  if (facts.sample_rate == 0)
    facts.sample_rate = number<std::uint32_t>(lookup(properties, PW_KEY_AUDIO_RATE), 0);
  const auto card = lookup(properties, PW_KEY_DEVICE_ID);
  const auto device = lookup(properties, "card.profile.device");
  if (!card.empty() && !device.empty())
    card_ = Card{number<GlobalId>(card, 0), number<std::int32_t>(device, 0)};
}

void NodeBinding::on_info(void* self, const pw_node_info* info) {
  auto& binding = *static_cast<NodeBinding*>(self);
  auto* facts = binding.observer_.graph.node(binding.id_);
  if (facts == nullptr) return;
  const bool properties = (info->change_mask & PW_NODE_CHANGE_MASK_PROPS) != 0;
  const bool running = info->state == PW_NODE_STATE_RUNNING;
  if (facts->announced && !properties && facts->in_ports == info->n_input_ports &&
      facts->out_ports == info->n_output_ports && facts->running == running)
    return;
  facts->running = running;
  facts->in_ports = info->n_input_ports;
  facts->out_ports = info->n_output_ports;
  if (properties) {
    binding.read_properties(*facts, info->props);
    facts->announced = true;
  }
  binding.observer_.on_change();
}

void NodeBinding::on_param(void* self, int, std::uint32_t id, std::uint32_t, std::uint32_t,
                           const spa_pod* param) {
  auto& binding = *static_cast<NodeBinding*>(self);
  auto* facts = binding.observer_.graph.node(binding.id_);
  if (facts == nullptr || param == nullptr) return;
  if (id == SPA_PARAM_Props) {
    auto volumes = parse_props(param);
    if (!volumes.channels.empty()) facts->channel_volumes = std::move(volumes.channels);
    if (volumes.muted) facts->muted = *volumes.muted;
  } else if (id == SPA_PARAM_Format) {
    if (const auto rate = parse_format_rate(param)) facts->sample_rate = *rate;
  }
  binding.observer_.on_change();
}

// --- cards

CardBinding::CardBinding(ProxyHandle proxy) : proxy_(std::move(proxy)) {
  static constexpr auto events = [] {
    pw_device_events table{};
    table.version = PW_VERSION_DEVICE_EVENTS;
    table.param = &CardBinding::on_param;
    return table;
  }();
  auto* device = reinterpret_cast<pw_device*>(proxy_.get());
  pw_device_add_listener(device, hook_.get(), &events, this);
  std::array<std::uint32_t, 1> params = {SPA_PARAM_Route};
  pw_device_subscribe_params(device, params.data(), params.size());
}

std::optional<Route> CardBinding::route(std::int32_t device) const {
  const auto found = routes_.find(device);
  if (found == routes_.end()) return std::nullopt;
  return found->second;
}

void CardBinding::set_route(const Pod& route) {
  pw_device_set_param(reinterpret_cast<pw_device*>(proxy_.get()), SPA_PARAM_Route, 0, route.get());
}

void CardBinding::on_param(void* self, int, std::uint32_t id, std::uint32_t, std::uint32_t,
                           const spa_pod* param) {
  if (id != SPA_PARAM_Route || param == nullptr) return;
  if (const auto route = parse_route(param))
    static_cast<CardBinding*>(self)->routes_[route->device] = *route;
}

// --- metadata

MetadataBinding::MetadataBinding(ProxyHandle proxy, GlobalId id, Observer& observer)
    : id_(id), observer_(observer), proxy_(std::move(proxy)) {
  static constexpr auto events = [] {
    pw_metadata_events table{};
    table.version = PW_VERSION_METADATA_EVENTS;
    table.property = &MetadataBinding::on_property;
    return table;
  }();
  pw_metadata_add_listener(reinterpret_cast<pw_metadata*>(proxy_.get()), hook_.get(), &events,
                           this);
  observer_.graph.defaults.known = true;
}

void MetadataBinding::set_default(bool sink, const std::string& node_name) {
  const auto value = boost::json::serialize(boost::json::object{{"name", node_name}});
  pw_metadata_set_property(
      reinterpret_cast<pw_metadata*>(proxy_.get()), PW_ID_CORE,
      sink ? "default.configured.audio.sink" : "default.configured.audio.source",
      node_name.empty() ? nullptr : "Spa:String:JSON", node_name.empty() ? nullptr : value.c_str());
}

int MetadataBinding::on_property(void* self, std::uint32_t subject, const char* key, const char*,
                                 const char* value) {
  auto& binding = *static_cast<MetadataBinding*>(self);
  auto& defaults = binding.observer_.graph.defaults;
  if (subject != PW_ID_CORE) return 0;
  const std::pair<const char*, std::string*> keys[] = {
      {"default.audio.sink", &defaults.sink},
      {"default.audio.source", &defaults.source},
      {"default.configured.audio.sink", &defaults.configured_sink},
      {"default.configured.audio.source", &defaults.configured_source},
  };
  bool changed = false;
  for (const auto& [known, field] : keys) {
    if (key != nullptr && std::string_view(key) != known) continue;  // no key: all are removed
    auto name = parse_name(key == nullptr ? nullptr : value);
    changed |= *field != name;
    *field = std::move(name);
  }
  if (changed) binding.observer_.on_change();
  return 0;
}

}  // namespace rocd::pw
