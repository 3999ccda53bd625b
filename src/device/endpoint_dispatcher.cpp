#include "device/endpoint_dispatcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "aio/machine_timer.hpp"
#include "base/log.hpp"
#include "device/endpoint_names.hpp"
#include "device/endpoint_rules.hpp"
#include "device/endpoint_storage.hpp"

namespace rocd {
namespace {

// How long a volume that somebody else changes may be unsaved, and how long to wait after a
// failure.
constexpr Duration store_delay = 500ms;
constexpr Duration store_retry = 5s;

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

}  // namespace

struct EndpointDispatcher::Impl {
  struct Record {
    Endpoint endpoint;
    std::optional<DeviceInfo> device;
    bool unsaved = false;
  };

  Impl(const boost::asio::any_io_executor& executor, const Uid& self_, DeviceDriver& driver_,
       Store& store)
      : self(self_), driver(driver_), storage(self_, store), timer(executor, [this] { save(); }) {}

  [[nodiscard]] bool name_taken(const std::string& name, const Uid& except) const {
    return std::ranges::any_of(records, [&](const auto& entry) {
      return entry.first != except && entry.second.endpoint.spec.name == name;
    });
  }

  Record& add(EndpointSpec spec);
  void refresh_status(Record& record);
  void changed(const Uid& uid) {
    if (callbacks.on_changed) callbacks.on_changed(uid);
  }
  Result<> load(const std::vector<EndpointSpec>& configured);
  void start_driver();
  Result<> name_new(EndpointSpec& spec) const;
  Result<Endpoint> update_virtual(Record& record, EndpointSpec wanted);
  Result<Endpoint> update_system(Record& record, const EndpointSpec& wanted);
  Result<> apply_default(Record& record, bool is_default);

  void on_connection(bool connected, const std::string& reason);
  void on_device(const DeviceInfo& info);
  void on_virtual_device(Record& record, const DeviceInfo& info);
  void on_system_device(const DeviceInfo& info);
  void on_device_gone(const std::string& node_name);
  void mark_unsaved(Record& record);
  void save();

  Uid self;
  DeviceDriver& driver;
  EndpointStorage storage;
  MachineTimer timer;
  Callbacks callbacks;
  std::map<Uid, Record> records;
  std::map<Uid, std::vector<Uid>> users;  // also of endpoints without a record
  std::string away_reason = "not connected to PipeWire yet";
};

EndpointDispatcher::Impl::Record& EndpointDispatcher::Impl::add(EndpointSpec spec) {
  auto& record = records[spec.uid];
  record.endpoint.spec = std::move(spec);
  refresh_status(record);
  return record;
}

void EndpointDispatcher::Impl::refresh_status(Record& record) {
  auto& [spec, status] = record.endpoint;
  status = {};
  if (const auto found = users.find(spec.uid); found != users.end())
    status.in_use_by = found->second;
  if (record.device) {
    status.state = EndpointState::present;
    status.node_serial = record.device->serial;
  } else if (!driver.connected()) {
    status.message = away_reason;
  } else if (spec.type == EndpointType::streaming_device) {
    status.message = "being made: waits for the session manager (WirePlumber) to give it its ports";
  } else {
    status.message = "unplugged or switched off";
  }
}

// --- start

Result<> EndpointDispatcher::Impl::load(const std::vector<EndpointSpec>& configured) {
  const auto overrides = storage.load_overrides();
  if (!overrides) return overrides.error();
  auto stored = storage.load_specs();
  if (!stored) return stored.error();
  for (auto spec : configured) {
    complete(spec);
    if (const auto found = overrides->find(spec.uid); found != overrides->end()) {
      spec.volume = found->second.volume;
      spec.muted = found->second.muted;
      spec.is_default = found->second.is_default;
      spec.version = found->second.version;
    }
    add(std::move(spec));
  }
  for (auto& spec : *stored) {
    // The file may have taken a name since; its entries are found by name, ours by uid.
    const auto taken = [&](const std::string& name) { return name_taken(name, spec.uid); };
    if (records.contains(spec.uid)) continue;
    if (taken(spec.name)) {
      const auto renamed = choose_name(spec.name, spec.uid, taken);
      log("device").warn("endpoint {} is now called '{}': the configuration file uses '{}'",
                         spec.uid.str(), renamed, spec.name);
      spec.name = renamed;
    }
    complete(spec);
    add(std::move(spec));
  }
  return {};
}

void EndpointDispatcher::Impl::start_driver() {
  for (const auto& [uid, record] : records)
    driver.ensure_device(to_virtual_device(record.endpoint.spec));
  driver.start({
      .on_connection = [this](bool up, const std::string& reason) { on_connection(up, reason); },
      .on_device = [this](const DeviceInfo& info) { on_device(info); },
      .on_device_gone = [this](const std::string& name) { on_device_gone(name); },
      .on_stream_node =
          [this](const StreamNodeInfo& info) {
            if (callbacks.on_stream_node) callbacks.on_stream_node(info);
          },
      .on_stream_node_gone =
          [this](const Uid& stream, std::uint64_t serial) {
            if (callbacks.on_stream_node_gone) callbacks.on_stream_node_gone(stream, serial);
          },
      .on_link =
          [this](const Uid& stream, bool linked, const std::string& reason) {
            if (callbacks.on_link) callbacks.on_link(stream, linked, reason);
          },
  });
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
  if (wanted == old) return record.endpoint;
  if (auto allowed = check_update(old, wanted); !allowed) return allowed.error();
  if (wanted.name != old.name && name_taken(wanted.name, old.uid))
    return name_conflict(wanted.name);

  ++wanted.version;
  if (auto stored = storage.put(wanted); !stored) return stored.error();
  record.unsaved = false;
  record.endpoint.spec = wanted;
  driver.ensure_device(to_virtual_device(wanted));
  if (wanted.is_default != old.is_default) {
    // Absent now: it is told when the device appears.
    if (auto applied = apply_default(record, wanted.is_default); !applied && record.device)
      log("device").warn("{}: {}", wanted.system_name, to_string(applied.error()));
  }
  refresh_status(record);
  const auto answer = record.endpoint;  // callbacks may change it
  changed(old.uid);
  return answer;
}

Result<> EndpointDispatcher::Impl::apply_default(Record& record, bool is_default) {
  const auto& name = record.endpoint.spec.system_name;
  return is_default ? driver.set_default(name) : driver.clear_default(name);
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
  if (volume) {
    if (auto set = driver.set_volume(spec.system_name, wanted.volume, wanted.muted); !set)
      return set.error();
    spec.volume = wanted.volume;
    spec.muted = wanted.muted;
  }
  if (is_default) {
    if (auto applied = apply_default(record, wanted.is_default); !applied) return applied.error();
    spec.is_default = wanted.is_default;
  }
  ++spec.version;
  const auto answer = record.endpoint;
  changed(answer.spec.uid);
  return answer;
}

// --- what the driver tells

void EndpointDispatcher::Impl::on_connection(bool connected, const std::string& reason) {
  away_reason = connected ? "" : "PipeWire is away: " + reason;
  if (callbacks.on_connection) callbacks.on_connection(connected);
  std::vector<Uid> news;
  for (auto& [uid, record] : records) {
    const auto before = record.endpoint.status;
    refresh_status(record);
    if (!(record.endpoint.status == before)) news.push_back(uid);
  }
  for (const auto& uid : news) changed(uid);
}

void EndpointDispatcher::Impl::on_device(const DeviceInfo& info) {
  if (!info.virtual_uid) return on_system_device(info);
  if (const auto found = records.find(*info.virtual_uid); found != records.end())
    on_virtual_device(found->second, info);
}

void EndpointDispatcher::Impl::on_virtual_device(Record& record, const DeviceInfo& info) {
  const auto before = record.endpoint;
  const auto old = std::exchange(record.device, info);
  auto& spec = record.endpoint.spec;
  spec.volume = info.volume;
  spec.muted = info.muted;
  if (!old) {
    if (spec.is_default != info.is_chosen_default) {
      if (auto applied = apply_default(record, spec.is_default); !applied)
        log("device").warn("{}: {}", spec.system_name, to_string(applied.error()));
    }
  } else if (old->is_chosen_default != info.is_chosen_default) {
    spec.is_default = info.is_chosen_default;  // a choice made elsewhere is not fought
  }
  if (!(spec == before.spec)) {
    ++spec.version;
    mark_unsaved(record);
  }
  refresh_status(record);
  if (!(record.endpoint == before)) changed(before.spec.uid);
}

void EndpointDispatcher::Impl::on_system_device(const DeviceInfo& info) {
  const auto uid = EndpointDispatcher::system_uid(self, info.node_name);
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
  record.device = info;
  refresh_status(record);
  if (is_new || !(record.endpoint == before)) changed(uid);
}

void EndpointDispatcher::Impl::on_device_gone(const std::string& node_name) {
  const auto found = std::ranges::find_if(records, [&](const auto& entry) {
    return entry.second.device && entry.second.device->node_name == node_name;
  });
  if (found == records.end()) return;
  const auto uid = found->first;
  auto& record = found->second;
  record.device.reset();
  refresh_status(record);
  const auto& [spec, status] = record.endpoint;
  if (spec.type == EndpointType::system_device && status.in_use_by.empty()) records.erase(found);
  changed(uid);
}

void EndpointDispatcher::Impl::mark_unsaved(Record& record) {
  const bool armed = std::ranges::any_of(records, [](const auto& e) { return e.second.unsaved; });
  record.unsaved = true;
  if (!armed) timer.arm(Now::read().mono + store_delay);
}

void EndpointDispatcher::Impl::save() {
  bool failed = false;
  for (auto& [uid, record] : records) {
    if (!record.unsaved) continue;
    const auto stored = storage.put(record.endpoint.spec);
    if (!stored) log("device").error("{}: {}", uid.str(), to_string(stored.error()));
    record.unsaved = !stored;
    failed |= !stored;
  }
  timer.arm(failed ? std::optional(Now::read().mono + store_retry) : std::nullopt);
}

// --- the interface

EndpointDispatcher::EndpointDispatcher(boost::asio::any_io_executor executor, Uid self,
                                       DeviceDriver& driver, Store& store)
    : impl_(std::make_unique<Impl>(executor, self, driver, store)) {}

EndpointDispatcher::~EndpointDispatcher() = default;

void EndpointDispatcher::set_callbacks(Callbacks callbacks) {
  impl_->callbacks = std::move(callbacks);
}

Result<> EndpointDispatcher::start(const std::vector<EndpointSpec>& configured) {
  if (auto loaded = impl_->load(configured); !loaded) return loaded;
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

const DeviceInfo* EndpointDispatcher::device(const Uid& uid) const {
  const auto found = impl_->records.find(uid);
  return found == impl_->records.end() || !found->second.device ? nullptr : &*found->second.device;
}

Result<Endpoint> EndpointDispatcher::create(EndpointSpec spec) {
  if (auto allowed = check_create(spec); !allowed) return allowed.error();
  if (spec.uid.empty()) spec.uid = Uid::random();
  if (impl_->records.contains(spec.uid)) return uid_conflict(spec.uid);
  spec.origin = Origin::api;
  spec.location.clear();
  spec.version = 1;
  if (auto named = impl_->name_new(spec); !named) return named.error();
  if (auto valid = check_valid(spec); !valid) return valid.error();
  if (auto stored = impl_->storage.put(spec); !stored) return stored.error();
  auto& record = impl_->add(std::move(spec));
  impl_->driver.ensure_device(to_virtual_device(record.endpoint.spec));
  const auto answer = record.endpoint;
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
  const Uid key = uid;  // it may be part of what is erased
  const auto found = impl_->records.find(key);
  if (found == impl_->records.end()) return no_endpoint(key);
  const auto& endpoint = found->second.endpoint;
  if (auto allowed = check_remove(endpoint); !allowed) return allowed;
  if (auto removed = impl_->storage.remove(endpoint.spec); !removed) return removed;
  // Else the session manager would make a later device of that name the default again.
  if (auto cleared = impl_->driver.clear_default(endpoint.spec.system_name); !cleared)
    log("device").debug("{}", to_string(cleared.error()));
  impl_->driver.remove_device(key);
  impl_->records.erase(found);
  impl_->changed(key);
  return {};
}

void EndpointDispatcher::set_users(const Uid& endpoint, std::vector<Uid> streams) {
  std::ranges::sort(streams);
  auto& users = impl_->users[endpoint];
  if (users == streams) return;
  users = std::move(streams);
  const auto found = impl_->records.find(endpoint);
  const bool unused = users.empty();
  if (unused) impl_->users.erase(endpoint);
  if (found == impl_->records.end()) return;
  auto& record = found->second;
  impl_->refresh_status(record);
  if (unused && !record.device && record.endpoint.spec.type == EndpointType::system_device)
    impl_->records.erase(found);
  impl_->changed(endpoint);
}

DeviceDriver& EndpointDispatcher::driver() {
  return impl_->driver;
}

Uid EndpointDispatcher::system_uid(const Uid& self, const std::string& node_name) {
  return Uid::derive(self.str(), "system_device", node_name);
}

}  // namespace rocd
