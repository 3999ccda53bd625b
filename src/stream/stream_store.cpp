#include "stream/stream_store.hpp"

#include "base/log.hpp"
#include "model/json.hpp"

namespace rocd {
namespace {

struct Part {
  const char* name;
  std::optional<MediaUri> ExternalAddress::* uri;
};
constexpr Part parts[] = {{"media", &ExternalAddress::media},
                          {"repair", &ExternalAddress::repair},
                          {"control", &ExternalAddress::control}};

Result<ExternalAddress> decode_address(const boost::json::object& body) {
  ExternalAddress address;
  for (const auto& part : parts) {
    const auto* text = body.if_contains(part.name);
    if (text == nullptr) continue;
    if (!text->is_string())
      return make_error(ErrorCode::invalid_argument, std::string(part.name) + " is no address");
    auto uri = MediaUri::parse(std::string_view(text->as_string()));
    if (!uri) return uri.error();
    address.*part.uri = std::move(*uri);
  }
  return address;
}

}  // namespace

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

Result<std::map<Uid, ExternalAddress>> StreamStore::load_addresses(const std::set<Uid>& streams) {
  const auto items = store_.load(StoredKind::stream_address);
  if (!items) return items.error();
  std::map<Uid, ExternalAddress> addresses;
  for (const auto& item : *items) {
    if (!streams.contains(item.uid)) {
      if (auto removed = store_.remove(StoredKind::stream_address, item.uid); !removed)
        log("store").warn("what was chosen for the former stream {} stays: {}", item.uid.str(),
                          to_string(removed.error()));
      continue;
    }
    auto address = decode_address(item.body);
    if (address)
      addresses[item.uid] = std::move(*address);
    else
      store_.set_aside(StoredKind::stream_address, item.uid.str(), to_string(address.error()));
  }
  return addresses;
}

Result<> StreamStore::put_address(const Uid& stream, const ExternalAddress& address) {
  StoredItem item{stream, 1, {}};
  for (const auto& part : parts)
    if (const auto& uri = address.*part.uri) item.body[part.name] = uri->str();
  if (item.body.empty()) return store_.remove(StoredKind::stream_address, stream);
  return store_.put(StoredKind::stream_address, item);
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
