#include "device/endpoint_storage.hpp"

#include "base/log.hpp"
#include "device/endpoint_names.hpp"
#include "model/json.hpp"

namespace rocd {
namespace {

StoredKind kind_of(const EndpointSpec& spec) {
  return spec.origin == Origin::config ? StoredKind::endpoint_override : StoredKind::endpoint;
}

bool flag(const boost::json::object& body, std::string_view key) {
  const auto* value = body.if_contains(key);
  return value != nullptr && value->is_bool() && value->as_bool();
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
      log("device").error("the stored endpoint {} cannot be read and is left out: {}",
                          item.uid.str(),
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

Result<std::map<Uid, EndpointStorage::Override>> EndpointStorage::load_overrides() {
  auto items = store_.load(StoredKind::endpoint_override);
  if (!items) return items.error();
  std::map<Uid, Override> overrides;
  for (const auto& item : *items) {
    Override override{.volume = 1.0,
                      .muted = flag(item.body, "muted"),
                      .is_default = flag(item.body, "is_default"),
                      .version = item.version};
    const auto* volume = item.body.if_contains("volume");
    if (volume != nullptr && volume->is_number()) override.volume = volume->to_number<double>();
    overrides[item.uid] = override;
  }
  return overrides;
}

Result<> EndpointStorage::put(const EndpointSpec& spec) {
  StoredItem item;
  item.uid = spec.uid;
  item.version = spec.version;
  if (spec.origin == Origin::config) {
    item.body = {{"volume", spec.volume}, {"muted", spec.muted}, {"is_default", spec.is_default}};
  } else {
    item.body = writable_json(spec);
    item.body["name"] = spec.name;
  }
  return store_.put(kind_of(spec), item);
}

Result<> EndpointStorage::remove(const EndpointSpec& spec) {
  return store_.remove(kind_of(spec), spec.uid);
}

}  // namespace rocd
