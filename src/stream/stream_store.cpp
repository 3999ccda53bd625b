#include "stream/stream_store.hpp"

#include "model/json.hpp"

namespace rocd {

Result<std::vector<StreamSpec>> StreamStore::load() {
  auto items = store_.load(StoredKind::stream);
  if (!items) return items.error();
  std::vector<StreamSpec> specs;
  for (auto& item : *items) {
    std::string name;
    if (const auto* stored = item.body.if_contains("name"); stored != nullptr) {
      if (stored->is_string()) name = stored->as_string().c_str();
      item.body.erase("name");
    }
    auto spec = decode_stream(item.body, {self_, item.uid});
    if (!spec) {
      store_.set_aside(StoredKind::stream, item.uid.str(), to_string(spec.error()));
      continue;
    }
    spec->uid = item.uid;
    spec->name = std::move(name);
    spec->version = item.version;
    spec->origin = Origin::api;
    specs.push_back(std::move(*spec));
  }
  return specs;
}

Result<> StreamStore::put(const StreamSpec& spec) {
  StoredItem item{spec.uid, spec.version, writable_json(spec)};
  if (!spec.name.empty()) item.body["name"] = spec.name;
  return store_.put(StoredKind::stream, item);
}

Result<> StreamStore::remove(const Uid& uid) {
  return store_.remove(StoredKind::stream, uid);
}

Result<std::map<Uid, StreamStore::StoredOverrides>> StreamStore::load_overrides() {
  const auto items = overrides_.load();
  if (!items) return items.error();
  std::map<Uid, StoredOverrides> overrides;
  for (const auto& [uid, version, body] : *items) {
    const auto* enabled = body.if_contains("enabled");
    if (enabled == nullptr || !enabled->is_bool()) continue;
    overrides[uid] = {{enabled->as_bool()}, version};
  }
  return overrides;
}

Result<> StreamStore::put_overrides(const Uid& uid, const StoredOverrides& overrides) {
  StoredItem item{uid, overrides.version, {}};
  if (overrides.members.enabled) item.body["enabled"] = *overrides.members.enabled;
  return overrides_.put(item);
}

}  // namespace rocd
