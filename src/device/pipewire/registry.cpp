#include "device/pipewire/registry.hpp"

#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>

namespace rocd::pw {
namespace {

GlobalId number(const spa_dict* properties, const char* key) {
  const auto text = lookup(properties, key);
  GlobalId value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::uint64_t serial_of(const spa_dict* properties) {
  const auto text = lookup(properties, PW_KEY_OBJECT_SERIAL);
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Registry::Registry(pw_core* core, Graph& graph, std::function<void()> on_change)
    : observer_{graph, std::move(on_change)},
      proxy_(reinterpret_cast<pw_proxy*>(pw_core_get_registry(core, PW_VERSION_REGISTRY, 0))) {
  if (!proxy_) throw std::system_error(errno, std::generic_category(), "pw_core_get_registry");
  static constexpr auto events = [] {
    pw_registry_events table{};
    table.version = PW_VERSION_REGISTRY_EVENTS;
    table.global = &Registry::on_global;
    table.global_remove = &Registry::on_global_remove;
    return table;
  }();
  pw_registry_add_listener(registry(), hook_.get(), &events, this);
}

void Registry::set_volume(GlobalId id, const std::vector<float>& channels, bool muted) {
  const auto found = nodes_.find(id);
  if (found == nodes_.end()) return;
  if (const auto& card = found->second->card()) {
    const auto binding = cards_.find(card->id);
    if (binding != cards_.end()) {
      if (const auto route = binding->second->route(card->device))
        return binding->second->set_route(Pod::route(*route, channels, muted));
    }
  }
  found->second->set_props(Pod::props(channels, muted));
}

void Registry::set_default(bool sink, const std::string& node_name) {
  if (metadata_) metadata_->set_default(sink, node_name);
}

void Registry::read_defaults() {
  if (metadata_) listen_to_defaults(metadata_->id());
}

void Registry::listen_to_defaults(GlobalId id) {
  auto proxy = bind(id, PW_TYPE_INTERFACE_Metadata, PW_VERSION_METADATA);
  if (!proxy) return;
  if (metadata_) graveyard_.metadata.push_back(std::move(metadata_));
  metadata_ = std::make_unique<MetadataBinding>(std::move(proxy), id, observer_);
  observer_.on_change();
}

void Registry::start_and_pause(GlobalId id) {
  if (const auto found = nodes_.find(id); found != nodes_.end()) found->second->start_and_pause();
}

void Registry::start(GlobalId id) {
  if (const auto found = nodes_.find(id); found != nodes_.end()) found->second->start();
}

void Registry::destroy(GlobalId id) {
  pw_registry_destroy(registry(), id);
}

ProxyHandle Registry::bind(GlobalId id, const char* type, std::uint32_t version) {
  return ProxyHandle(static_cast<pw_proxy*>(pw_registry_bind(registry(), id, type, version, 0)));
}

void Registry::on_global(void* self, std::uint32_t id, std::uint32_t, const char* type,
                         std::uint32_t, const spa_dict* properties) {
  auto& registry = *static_cast<Registry*>(self);
  const std::string_view kind(type);
  if (kind == PW_TYPE_INTERFACE_Node) {
    registry.add_node(id, properties);
  } else if (kind == PW_TYPE_INTERFACE_Port) {
    registry.add_port(id, properties);
  } else if (kind == PW_TYPE_INTERFACE_Link) {
    registry.add_link(id, properties);
  } else if (kind == PW_TYPE_INTERFACE_Device) {
    if (lookup(properties, PW_KEY_MEDIA_CLASS) != "Audio/Device") return;
    if (auto proxy = registry.bind(id, type, PW_VERSION_DEVICE))
      registry.cards_[id] = std::make_unique<CardBinding>(std::move(proxy));
  } else if (kind == PW_TYPE_INTERFACE_Metadata) {
    if (lookup(properties, PW_KEY_METADATA_NAME) != "default") return;
    registry.listen_to_defaults(id);
  }
}

void Registry::add_node(GlobalId id, const spa_dict* properties) {
  NodeFacts facts;
  facts.id = id;
  facts.serial = serial_of(properties);
  facts.name = lookup(properties, PW_KEY_NODE_NAME);
  facts.description = lookup(properties, PW_KEY_NODE_DESCRIPTION);
  facts.media_class = lookup(properties, PW_KEY_MEDIA_CLASS);
  const bool device = facts.media_class.starts_with("Audio/");
  const bool stream =
      facts.media_class == "Stream/Input/Audio" || facts.media_class == "Stream/Output/Audio";
  if (!device && !stream) return;
  observer_.graph.put_node(std::move(facts));
  if (auto proxy = bind(id, PW_TYPE_INTERFACE_Node, PW_VERSION_NODE))
    nodes_[id] = std::make_unique<NodeBinding>(std::move(proxy), id, device, observer_);
  observer_.on_change();
}

void Registry::add_port(GlobalId id, const spa_dict* properties) {
  PortFacts facts;
  facts.id = id;
  facts.node = number(properties, PW_KEY_NODE_ID);
  if (observer_.graph.node(facts.node) == nullptr) return;  // of a node that does not concern us
  facts.direction =
      lookup(properties, PW_KEY_PORT_DIRECTION) == "out" ? PortDirection::out : PortDirection::in;
  facts.index = number(properties, PW_KEY_PORT_ID);
  facts.channel = lookup(properties, PW_KEY_AUDIO_CHANNEL);
  observer_.graph.put_port(facts);
  observer_.on_change();
}

void Registry::add_link(GlobalId id, const spa_dict* properties) {
  LinkFacts facts;
  facts.id = id;
  facts.out_node = number(properties, PW_KEY_LINK_OUTPUT_NODE);
  facts.out_port = number(properties, PW_KEY_LINK_OUTPUT_PORT);
  facts.in_node = number(properties, PW_KEY_LINK_INPUT_NODE);
  facts.in_port = number(properties, PW_KEY_LINK_INPUT_PORT);
  observer_.graph.put_link(facts);
  observer_.on_change();
}

void Registry::on_global_remove(void* self, std::uint32_t id) {
  auto& registry = *static_cast<Registry*>(self);
  registry.observer_.graph.remove(id);
  if (const auto node = registry.nodes_.find(id); node != registry.nodes_.end()) {
    registry.graveyard_.nodes.push_back(std::move(node->second));
    registry.nodes_.erase(node);
  } else if (const auto card = registry.cards_.find(id); card != registry.cards_.end()) {
    registry.graveyard_.cards.push_back(std::move(card->second));
    registry.cards_.erase(card);
  } else if (registry.metadata_ && registry.metadata_->id() == id) {
    registry.graveyard_.metadata.push_back(std::move(registry.metadata_));
    // What was chosen stands: a session manager that comes back has remembered it.
    registry.observer_.graph.defaults.known = false;
  }
  registry.observer_.on_change();
}

}  // namespace rocd::pw
