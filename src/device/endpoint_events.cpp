// What the driver tells the EndpointDispatcher: devices that come, go and change, and what becomes
// of their specs.
#include "base/log.hpp"
#include "device/endpoint_records.hpp"

namespace rocd {
namespace {

// How long a volume that somebody else changes may be unsaved, and how long to wait after a
// failure.
constexpr Duration store_delay = 500ms;
constexpr Duration store_retry = 5s;

}  // namespace

void EndpointDispatcher::Impl::start_driver() {
  for (const auto& [uid, record] : records)
    driver.ensure_device(to_virtual_device(record.endpoint.spec));
  driver.start({
      .on_connection = [this](bool up, const std::string& reason) { on_connection(up, reason); },
      .on_answer = [this](bool answers, const std::string& reason) { on_answer(answers, reason); },
      .on_session_manager = [this](bool runs) { on_session_manager(runs); },
      .on_device = [this](const DeviceInfo& info) { on_device(info); },
      .on_device_gone = [this](const std::string& name) { on_device_gone(name); },
      .on_device_problem = [this](
                               const Uid& device,
                               const std::string& problem) { on_device_problem(device, problem); },
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
  } else if (!record.problem.empty()) {
    status.message = record.problem;
  } else if (const auto silence = driver.silence(); !silence.empty()) {
    status.message = silence;
  } else if (spec.type == EndpointType::streaming_device) {
    status.message = "being made: waits for the session manager (WirePlumber) to give it its ports";
  } else {
    status.message = "unplugged or switched off";
  }
}

void EndpointDispatcher::Impl::on_connection(bool connected, const std::string& reason) {
  away_reason = connected ? "" : "PipeWire is away: " + reason;
  news.tell_connection(connected, away_reason);
  if (callbacks.on_connection) callbacks.on_connection(connected);
  refresh_all();
}

void EndpointDispatcher::Impl::on_answer(bool answers, const std::string& reason) {
  news.tell_connection(true, answers ? missing_manager() : reason);
  if (callbacks.on_answer) callbacks.on_answer(answers, reason);
  refresh_all();
}

std::string EndpointDispatcher::Impl::missing_manager() const {
  return std::string(driver.session_manager_runs() ? "" : no_session_manager);
}

void EndpointDispatcher::Impl::on_session_manager(bool runs) {
  if (driver.silence().empty()) news.tell_connection(true, missing_manager());
  if (callbacks.on_session_manager) callbacks.on_session_manager(runs);
}

void EndpointDispatcher::Impl::refresh_all() {
  std::vector<Uid> different;
  for (auto& [uid, record] : records) {
    const auto before = record.endpoint.status;
    refresh_status(record);
    if (!(record.endpoint.status == before)) different.push_back(uid);
  }
  for (const auto& uid : different) changed(uid);
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
  // Streams look at more of the device than the endpoint shows.
  if (!(record.endpoint == before) || old != record.device) changed(before.spec.uid);
}

void EndpointDispatcher::Impl::on_device_gone(const std::string& node_name) {
  const auto found = std::ranges::find_if(records, [&](const auto& entry) {
    return entry.second.device && entry.second.device->node_name == node_name;
  });
  if (found == records.end()) return;
  const auto uid = found->first;
  auto& record = found->second;
  record.device.reset();
  settings.handle_gone(uid);
  refresh_status(record);
  const auto& [spec, status] = record.endpoint;
  if (spec.type == EndpointType::system_device && status.in_use_by.empty()) records.erase(found);
  changed(uid);
}

void EndpointDispatcher::Impl::on_device_problem(const Uid& device, const std::string& problem) {
  const auto found = records.find(device);
  if (found == records.end()) return;
  auto& record = found->second;
  record.problem = problem;
  if (!problem.empty()) log("device").warn("{}: {}", record.endpoint.spec.system_name, problem);
  refresh_status(record);
  changed(device);
}

void EndpointDispatcher::Impl::mark_unsaved(Record& record) {
  save_soon();
  record.unsaved = true;
}

void EndpointDispatcher::Impl::save_soon() {
  const bool armed = !unsaved_settings.empty() ||
                     std::ranges::any_of(records, [](const auto& e) { return e.second.unsaved; });
  if (!armed) timer.arm(Now::read().mono + store_delay);
}

void EndpointDispatcher::Impl::save() {
  bool failed = false;
  for (auto& [uid, record] : records) {
    if (!record.unsaved) continue;
    const auto stored = store(record, record.endpoint.spec);
    if (!stored) log("device").error("{}: {}", uid.str(), to_string(stored.error()));
    failed |= !stored;
  }
  std::erase_if(unsaved_settings, [&](const Uid& uid) {
    const auto* setting = settings.find(uid);
    const auto stored =
        storage.put_system_setting(uid, setting == nullptr ? SystemSetting{} : *setting);
    if (!stored) log("device").error("{}: {}", uid.str(), to_string(stored.error()));
    failed |= !stored;
    return stored.has_value();
  });
  timer.arm(failed ? std::optional(Now::read().mono + store_retry) : std::nullopt);
}

}  // namespace rocd
