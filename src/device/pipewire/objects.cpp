#include "device/pipewire/objects.hpp"

#include <spa/utils/result.h>

#include <cerrno>
#include <cstring>

namespace rocd::pw {

void Objects::create_node(pw_core* core, Token token, const Properties& properties) {
  const Dict dict(properties);
  adopt(token, pw_core_create_object(core, "adapter", PW_TYPE_INTERFACE_Node, PW_VERSION_NODE,
                                     dict.get(), 0));
}

void Objects::create_link(pw_core* core, Token token, const Properties& properties) {
  const Dict dict(properties);
  adopt(token, pw_core_create_object(core, "link-factory", PW_TYPE_INTERFACE_Link, PW_VERSION_LINK,
                                     dict.get(), 0));
}

void Objects::adopt(Token token, void* proxy) {
  auto object = std::make_unique<Object>();
  object->owner = this;
  object->token = token;
  object->proxy.reset(static_cast<pw_proxy*>(proxy));
  if (!object->proxy) {
    callbacks_.on_gone(token, std::strerror(errno));
    return;
  }
  static constexpr auto events = [] {
    pw_proxy_events table{};
    table.version = PW_VERSION_PROXY_EVENTS;
    table.bound = &Objects::on_bound;
    table.removed = &Objects::on_removed;
    table.error = &Objects::on_error;
    return table;
  }();
  ::pw_proxy_add_listener(object->proxy.get(), object->hook.get(), &events, object.get());
  objects_[token] = std::move(object);
}

void Objects::destroy(Token token) {
  objects_.erase(token);
}

void Objects::bury() {
  std::erase_if(objects_, [](const auto& entry) { return entry.second->gone; });
}

void Objects::clear() {
  objects_.clear();
}

void Objects::lose(Object& object, const std::string& reason) {
  if (std::exchange(object.gone, true)) return;
  object.owner->callbacks_.on_gone(object.token, reason);
}

void Objects::on_bound(void* self, std::uint32_t global) {
  const auto& object = *static_cast<Object*>(self);
  object.owner->callbacks_.on_bound(object.token, global);
}

void Objects::on_removed(void* self) {
  lose(*static_cast<Object*>(self), "");
}

void Objects::on_error(void* self, int, int result, const char* message) {
  auto& object = *static_cast<Object*>(self);
  std::string reason = message == nullptr ? "" : message;
  if (reason.empty()) reason = ::spa_strerror(result);
  lose(object, reason);
}

}  // namespace rocd::pw
