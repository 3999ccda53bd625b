#include "device/endpoint_dispatcher.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "device/endpoint_names.hpp"
#include "device/endpoint_records.hpp"
#include "device/endpoint_rules.hpp"

namespace rocd {

VirtualDevice to_virtual_device(const EndpointSpec& spec) {
  return {.uid = spec.uid,
          .direction = spec.direction,
          .node_name = spec.system_name,
          .description = spec.display_name,
          .channels = spec.channels,
          .sample_rate = spec.sample_rate,
          .volume = spec.volume,
          .muted = spec.muted};
}

EndpointDispatcher::Impl::Record& EndpointDispatcher::Impl::add(EndpointSpec spec) {
  auto& record = records[spec.uid];
  record.endpoint.spec = std::move(spec);
  refresh_status(record);
  return record;
}

// --- start

Result<> EndpointDispatcher::Impl::load(const std::vector<EndpointSpec>& configured) {
  auto stored_overrides = storage.load_overrides();
  if (!stored_overrides) return stored_overrides.error();
  overrides = std::move(*stored_overrides);
  const auto kept = storage.load_system_settings();
  if (!kept) return kept.error();
  for (const auto& [uid, setting] : *kept) settings.load(uid, setting);
  auto stored = storage.load_specs();
  if (!stored) return stored.error();
  for (const auto& file : configured)
    if (auto added = add_configured(file); !added) return added;
  for (auto& spec : *stored) add_stored(std::move(spec));
  return {};
}

void EndpointDispatcher::Impl::add_stored(EndpointSpec spec) {
  // The file may have taken a name since; its entries are found by name, ours by uid.
  const auto taken = [&](const std::string& name) { return name_taken(name, spec.uid); };
  if (records.contains(spec.uid)) return;
  if (taken(spec.name)) {
    const auto renamed = choose_name(spec.name, spec.uid, taken);
    log("device").warn("endpoint {} is now called '{}': the configuration file uses '{}'",
                       spec.uid.str(), renamed, spec.name);
    spec.name = renamed;
  }
  complete(spec);
  add(std::move(spec));
}

// --- commands

Result<> EndpointDispatcher::Impl::name_new(EndpointSpec& spec) const {
  const auto taken = [&](const std::string& name) { return name_taken(name, spec.uid); };
  if (auto named = take_name_from_system_name(spec); !named) return named;
  if (spec.name.empty()) {
    spec.name = choose_name(spec.display_name, spec.uid, taken);
  } else if (taken(spec.name)) {
    return name_conflict(spec.name);
  }
  complete(spec);
  return {};
}

Result<Endpoint> EndpointDispatcher::Impl::update_virtual(Record& record, EndpointSpec wanted) {
  const auto old = record.endpoint.spec;
  wanted.uid = old.uid;
  wanted.origin = old.origin;
  wanted.location = old.location;
  wanted.version = old.version;
  if (auto named = take_name_from_system_name(wanted); !named) return named.error();
  if (wanted.name.empty()) wanted.name = old.name;
  complete(wanted);
  // To say what the file says takes an override back, even if it had come to say the same.
  const bool restores = record.file && overrides_of(record) != difference(*record.file, wanted);
  if (wanted == old && !restores) return record.endpoint;
  if (auto allowed = check_update(old, wanted); !allowed) return allowed.error();
  if (wanted.name != old.name && name_taken(wanted.name, old.uid))
    return name_conflict(wanted.name);

  if (wanted != old) ++wanted.version;
  if (auto stored = store(record, wanted); !stored) return stored.error();
  return take(record, wanted);
}

Endpoint EndpointDispatcher::Impl::take(Record& record, const EndpointSpec& wanted) {
  const bool was_default = std::exchange(record.endpoint.spec, wanted).is_default;
  driver.ensure_device(to_virtual_device(wanted));
  if (wanted.is_default != was_default) {
    // Absent now: it is told when the device appears.
    if (auto applied = apply_default(record, wanted.is_default); !applied && record.device)
      log("device").warn("{}: {}", wanted.system_name, to_string(applied.error()));
  }
  refresh_status(record);
  auto answer = record.endpoint;  // callbacks may change it
  changed(wanted.uid);
  return answer;
}

Result<> EndpointDispatcher::Impl::apply_default(Record& record, bool is_default) {
  const auto& name = record.endpoint.spec.system_name;
  return is_default ? driver.set_default(name) : driver.clear_default(name);
}

// --- the interface

EndpointDispatcher::EndpointDispatcher(const boost::asio::any_io_executor& executor,
                                       const Uid& self, DeviceDriver& driver, Store& store,
                                       EventBus& events)
    : impl_(std::make_unique<Impl>(executor, self, driver, store, events)) {}

EndpointDispatcher::~EndpointDispatcher() = default;

void EndpointDispatcher::set_callbacks(Callbacks callbacks) {
  impl_->callbacks = std::move(callbacks);
}

Result<> EndpointDispatcher::start(const std::vector<EndpointSpec>& configured) {
  if (auto loaded = impl_->load(configured); !loaded) return loaded;
  for (const auto& [uid, record] : impl_->records) impl_->news.know(record.endpoint);
  impl_->start_driver();
  return {};
}

void EndpointDispatcher::shutdown() {
  impl_->driver.shutdown();
  impl_->save();
  impl_->timer.arm(std::nullopt);
}

std::vector<Endpoint> EndpointDispatcher::list() const {
  std::vector<Endpoint> list;
  list.reserve(impl_->records.size());
  for (const auto& [uid, record] : impl_->records) list.push_back(record.endpoint);
  return list;
}

const Endpoint* EndpointDispatcher::find(const Uid& uid) const {
  const auto found = impl_->records.find(uid);
  return found == impl_->records.end() ? nullptr : &found->second.endpoint;
}

const EndpointSpec* EndpointDispatcher::configured(const Uid& uid) const {
  const auto found = impl_->records.find(uid);
  return found == impl_->records.end() || !found->second.file ? nullptr : &*found->second.file;
}

EndpointOverrides EndpointDispatcher::overrides(const Uid& uid) const {
  const auto found = impl_->records.find(uid);
  return found == impl_->records.end() ? EndpointOverrides{} : impl_->overrides_of(found->second);
}

const DeviceInfo* EndpointDispatcher::device(const Uid& uid) const {
  const auto found = impl_->records.find(uid);
  return found == impl_->records.end() || !found->second.device ? nullptr : &*found->second.device;
}

Result<Endpoint> EndpointDispatcher::create(EndpointSpec spec) {
  if (auto allowed = check_create(spec); !allowed) return allowed.error();
  if (spec.uid.empty()) spec.uid = Uid::random();
  if (impl_->records.contains(spec.uid)) return uid_conflict(spec.uid);
  if (auto room = check_count(impl_->virtual_devices()); !room) return room.error();
  spec.origin = Origin::api;
  spec.location.clear();
  spec.version = 1;
  if (auto named = impl_->name_new(spec); !named) return named.error();
  if (auto valid = check_valid(spec); !valid) return valid.error();
  if (auto stored = impl_->storage.put(spec); !stored) return stored.error();
  auto& record = impl_->add(std::move(spec));
  impl_->driver.ensure_device(to_virtual_device(record.endpoint.spec));
  auto answer = record.endpoint;
  impl_->changed(answer.spec.uid);
  return answer;
}

Result<Endpoint> EndpointDispatcher::update(const Uid& uid, EndpointSpec spec) {
  const auto found = impl_->records.find(uid);
  if (found == impl_->records.end()) return no_endpoint(uid);
  if (found->second.endpoint.spec.type == EndpointType::system_device)
    return impl_->update_system(found->second, spec);
  return impl_->update_virtual(found->second, std::move(spec));
}

Result<> EndpointDispatcher::remove(const Uid& uid) {
  const auto found = impl_->records.find(uid);
  if (found == impl_->records.end()) return no_endpoint(uid);
  const auto& endpoint = found->second.endpoint;
  if (auto allowed = check_remove(endpoint); !allowed) return allowed;
  if (auto gone = impl_->storage.remove(uid); !gone) return gone;
  impl_->drop(uid);
  return {};
}

void EndpointDispatcher::Impl::drop(const Uid& uid) {
  const auto removed = records.extract(uid);  // `uid` may be part of it
  // Else the session manager would make a later device of that name the default again.
  const auto& system_name = removed.mapped().endpoint.spec.system_name;
  if (auto cleared = driver.clear_default(system_name); !cleared)
    log("device").debug("{}", to_string(cleared.error()));
  driver.remove_device(uid);
  changed(uid);
}

std::string EndpointDispatcher::problem(const Uid& uid) const {
  const auto found = impl_->records.find(uid);
  return found == impl_->records.end() ? std::string() : found->second.problem;
}

void EndpointDispatcher::set_users(const Uid& endpoint, std::vector<Uid> streams) {
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): it may be part of what is erased
  const Uid uid = endpoint;
  std::ranges::sort(streams);
  const bool unused = streams.empty();
  const auto known = impl_->users.find(uid);
  if (known == impl_->users.end() ? unused : known->second == streams) return;
  if (unused) {
    impl_->users.erase(known);
  } else {
    impl_->users[uid] = std::move(streams);
  }
  const auto found = impl_->records.find(uid);
  if (found == impl_->records.end()) return;
  auto& record = found->second;
  impl_->refresh_status(record);
  if (unused && !record.device && record.endpoint.spec.type == EndpointType::system_device)
    impl_->records.erase(found);
  impl_->changed(uid);
}

std::uint64_t EndpointDispatcher::reconnects() const {
  return impl_->news.reconnects();
}

DeviceDriver& EndpointDispatcher::driver() {
  return impl_->driver;
}

}  // namespace rocd
