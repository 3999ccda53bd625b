#include "device/endpoint_storage.hpp"

#include "device/endpoint_names.hpp"
#include "model/json.hpp"

namespace rocd {
namespace {

std::optional<bool> flag(const boost::json::object& body, std::string_view key) {
  const auto* value = body.if_contains(key);
  return value != nullptr && value->is_bool() ? std::optional(value->as_bool()) : std::nullopt;
}

}  // namespace

Result<std::vector<EndpointSpec>> EndpointStorage::load_specs() {
  auto items = store_.load(StoredKind::endpoint);
  if (!items) return items.error();
  std::vector<EndpointSpec> specs;
  for (auto& item : *items) {
    std::string name;
    if (const auto* value = item.body.if_contains("name"); value != nullptr && value->is_string())
      name = std::string(value->as_string());
    item.body.erase("name");
    auto spec = decode_endpoint(item.body, {.self = self_, .path_uid = item.uid});
    if (!spec || !is_endpoint_name(name)) {
      store_.set_aside(StoredKind::endpoint, item.uid.str(),
                       spec ? "bad name '" + name + "'" : to_string(spec.error()));
      continue;
    }
    spec->uid = item.uid;
    spec->name = name;
    spec->origin = Origin::api;
    spec->version = item.version;
    specs.push_back(std::move(*spec));
  }
  return specs;
}

Result<std::map<Uid, EndpointStorage::StoredOverrides>> EndpointStorage::load_overrides() {
  const auto items = overrides_.load();
  if (!items) return items.error();
  std::map<Uid, StoredOverrides> overrides;
  for (const auto& [uid, version, body] : *items) {
    EndpointOverrides members{{}, flag(body, "muted"), flag(body, "is_default")};
    const auto* volume = body.if_contains("volume");
    if (volume != nullptr && volume->is_number()) members.volume = volume->to_number<double>();
    overrides[uid] = {members, version, members.volume && members.muted && members.is_default};
  }
  return overrides;
}

Result<> EndpointStorage::put(const EndpointSpec& spec) {
  StoredItem item{spec.uid, spec.version, writable_json(spec)};
  item.body["name"] = spec.name;
  return store_.put(StoredKind::endpoint, item);
}

Result<> EndpointStorage::put_overrides(const Uid& uid, std::uint64_t version,
                                        const EndpointOverrides& members) {
  StoredItem item{uid, version, {}};
  if (members.volume) item.body["volume"] = *members.volume;
  if (members.muted) item.body["muted"] = *members.muted;
  if (members.is_default) item.body["is_default"] = *members.is_default;
  return overrides_.put(item);
}

Result<std::map<Uid, SystemSetting>> EndpointStorage::load_system_settings() {
  const auto items = store_.load(StoredKind::system_override);
  if (!items) return items.error();
  std::map<Uid, SystemSetting> settings;
  for (const auto& [uid, version, body] : *items) {
    const auto* name = body.if_contains("system_name");
    const auto* volume = body.if_contains("volume");
    SystemSetting setting;
    if (name != nullptr && name->is_string()) setting.system_name = std::string(name->as_string());
    if (volume != nullptr && volume->is_number()) setting.volume = volume->to_number<double>();
    setting.muted = flag(body, "muted");
    if (setting.system_name.empty() || setting.empty() ||
        system_endpoint_uid(self_, setting.system_name) != uid) {
      store_.set_aside(StoredKind::system_override, uid.str(), "it is no setting of a device");
      continue;
    }
    settings[uid] = std::move(setting);
  }
  return settings;
}

Result<> EndpointStorage::put_system_setting(const Uid& uid, const SystemSetting& setting) {
  if (setting.empty()) return store_.remove(StoredKind::system_override, uid);
  StoredItem item{uid, 1, {{"system_name", setting.system_name}}};
  if (setting.volume) item.body["volume"] = *setting.volume;
  if (setting.muted) item.body["muted"] = *setting.muted;
  return store_.put(StoredKind::system_override, item);
}

Result<> EndpointStorage::remove(const Uid& uid) {
  return store_.remove(StoredKind::endpoint, uid);
}

}  // namespace rocd
