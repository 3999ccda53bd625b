// Devices that are not rocd's: shown as the sound system has them, and set as a user wishes, as
// long as nobody else wishes otherwise.
#include "base/log.hpp"
#include "device/endpoint_records.hpp"
#include "device/endpoint_rules.hpp"

namespace rocd {

// On disk first; a device that went away at this very moment leaves what was kept of it before.
Result<> EndpointDispatcher::Impl::set_system_volume(Record& record, Level wanted) {
  auto& spec = record.endpoint.spec;
  const auto* known = settings.find(spec.uid);
  const auto before = known == nullptr ? SystemSetting{} : *known;
  auto setting = settings.changed(spec.uid, spec.system_name, {spec.volume, spec.muted}, wanted);
  if (auto stored = storage.put_system_setting(spec.uid, setting); !stored) return stored;
  if (auto set = driver.set_volume(spec.system_name, wanted.volume, wanted.muted); !set) {
    if (auto restored = storage.put_system_setting(spec.uid, before); !restored)
      log("device").error("{}: {}", spec.system_name, to_string(restored.error()));
    return set;
  }
  settings.set(spec.uid, std::move(setting), Now::read().mono);
  unsaved_settings.erase(spec.uid);
  spec.volume = wanted.volume;
  spec.muted = wanted.muted;
  return {};
}

Result<Endpoint> EndpointDispatcher::Impl::update_system(Record& record,
                                                         const EndpointSpec& wanted) {
  auto& spec = record.endpoint.spec;
  if (auto allowed = check_update(spec, wanted); !allowed) return allowed.error();
  const bool volume = wanted.volume != spec.volume || wanted.muted != spec.muted;
  const bool is_default = wanted.is_default != spec.is_default;
  if (!volume && !is_default) return record.endpoint;
  if (!record.device) return device_absent(record.endpoint);
  if (is_default && !wanted.is_default && !record.device->is_chosen_default)
    return fallback_default(spec);
  if (volume)
    if (auto set = set_system_volume(record, {wanted.volume, wanted.muted}); !set)
      return set.error();
  // Not kept here: the session manager remembers which device was chosen, and in which order.
  if (is_default) {
    if (auto applied = apply_default(record, wanted.is_default); !applied) return applied.error();
    spec.is_default = wanted.is_default;
  }
  ++spec.version;
  auto answer = record.endpoint;
  changed(answer.spec.uid);
  return answer;
}

void EndpointDispatcher::Impl::on_system_device(const DeviceInfo& info) {
  const auto uid = system_endpoint_uid(self, info.node_name);
  const auto [entry, is_new] = records.try_emplace(uid);
  auto& record = entry->second;
  const auto before = record.endpoint;
  auto& spec = record.endpoint.spec;
  spec.uid = uid;
  spec.type = EndpointType::system_device;
  spec.origin = Origin::system;
  spec.system_name = info.node_name;
  spec.display_name = info.description;
  spec.direction = info.direction;
  spec.channels = info.channels;
  spec.sample_rate = info.sample_rate;
  spec.volume = info.volume;
  spec.muted = info.muted;
  spec.is_default = info.is_default;
  if (!is_new && !(spec == before.spec)) ++spec.version;
  const auto old = std::exchange(record.device, info);
  refresh_status(record);
  keep_system_setting(uid, info);
  if (is_new || !(record.endpoint == before) || old != record.device) changed(uid);
}

void EndpointDispatcher::Impl::keep_system_setting(const Uid& uid, const DeviceInfo& info) {
  const auto verdict = settings.handle_device(uid, info, Now::read().mono);
  if (verdict.apply) {
    log("device").info("{}: volume {:.3g}{} is set again, as it was set through rocd",
                       info.node_name, verdict.apply->volume,
                       verdict.apply->muted ? ", muted," : "");
    const auto set = driver.set_volume(info.node_name, verdict.apply->volume, verdict.apply->muted);
    if (!set) log("device").warn("{}: {}", info.node_name, to_string(set.error()));
  }
  if (verdict.given_up) {
    log("device").info("{}: another program has set volume or mute; it is not set again by rocd",
                       info.node_name);
    save_soon();
    unsaved_settings.insert(uid);
  }
}

}  // namespace rocd
