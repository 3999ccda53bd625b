// The inside of the EndpointDispatcher, shared by its two sources: commands
// (endpoint_dispatcher.cpp) and what the driver tells (endpoint_events.cpp).
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "aio/machine_timer.hpp"
#include "device/endpoint_dispatcher.hpp"
#include "device/endpoint_names.hpp"
#include "device/endpoint_news.hpp"
#include "device/endpoint_storage.hpp"
#include "device/system_settings.hpp"

namespace rocd {

[[nodiscard]] VirtualDevice to_virtual_device(const EndpointSpec& spec);

struct EndpointDispatcher::Impl {
  struct Record {
    Endpoint endpoint;
    std::optional<EndpointSpec> file = {};  // as the configuration file has it, if it does
    std::optional<DeviceInfo> device;
    std::string problem;  // why the driver does not make it
    bool unsaved = false;
  };

  Impl(const boost::asio::any_io_executor& executor, const Uid& self_, DeviceDriver& driver_,
       Store& store, EventBus& events)
      : self(self_),
        driver(driver_),
        storage(self_, store),
        news(self_, events),
        timer(executor, [this] { save(); }) {}

  // By an endpoint of ours, or by a device of somebody else that has such a name.
  [[nodiscard]] bool name_taken(const std::string& name, const Uid& except) const {
    const auto system_name = std::string(system_name_prefix) + name;
    return std::ranges::any_of(records, [&](const auto& entry) {
      const auto& spec = entry.second.endpoint.spec;
      return entry.first != except && (spec.name == name || spec.system_name == system_name);
    });
  }

  [[nodiscard]] std::size_t virtual_devices() const {
    return static_cast<std::size_t>(std::ranges::count_if(records, [](const auto& entry) {
      return entry.second.endpoint.spec.type == EndpointType::streaming_device;
    }));
  }

  Record& add(EndpointSpec spec);
  void refresh_status(Record& record);
  // After every change: of spec, status, device, or of being there at all.
  void changed(const Uid& uid) {
    const auto found = records.find(uid);
    news.tell(uid, found == records.end() ? nullptr : &found->second.endpoint);
    if (callbacks.on_changed) callbacks.on_changed(uid);
  }
  Result<> load(const std::vector<EndpointSpec>& configured);
  Result<> add_configured(EndpointSpec file);
  void add_stored(EndpointSpec spec);
  // An entry of the file with its overrides and, if it is new, its version.
  [[nodiscard]] EndpointSpec in_force(const EndpointSpec& file) const;
  void start_driver();
  Result<> name_new(EndpointSpec& spec) const;
  Result<Endpoint> update_virtual(Record& record, EndpointSpec wanted);
  Endpoint take(Record& record, const EndpointSpec& wanted);  // of the same endpoint, and stored
  void drop(const Uid& uid);
  Result<Endpoint> update_system(Record& record, const EndpointSpec& wanted);
  Result<> apply_default(Record& record, bool is_default);
  Result<> set_system_volume(Record& record, Level wanted);

  void on_connection(bool connected, const std::string& reason);
  void on_answer(bool answers, const std::string& reason);
  void on_session_manager(bool runs);
  [[nodiscard]] std::string missing_manager() const;  // empty: it runs
  void refresh_all();
  void on_device(const DeviceInfo& info);
  void on_virtual_device(Record& record, const DeviceInfo& info);
  void on_system_device(const DeviceInfo& info);
  void keep_system_setting(const Uid& uid, const DeviceInfo& info);
  void on_device_gone(const std::string& node_name);
  void on_device_problem(const Uid& device, const std::string& problem);
  void mark_unsaved(Record& record);
  void save_soon();
  [[nodiscard]] EndpointOverrides overrides_of(const Record& record) const;  // in force
  [[nodiscard]] Result<> store(Record& record, const EndpointSpec& spec);
  void save();

  Uid self;
  DeviceDriver& driver;
  EndpointStorage storage;
  EndpointNews news;
  MachineTimer timer;
  Callbacks callbacks;
  std::map<Uid, Record> records;
  // As stored, also of entries that the file once had: commenting one out and in loses nothing.
  std::map<Uid, EndpointStorage::StoredOverrides> overrides;
  SystemSettings settings;
  std::set<Uid> unsaved_settings;         // given up, and not written down yet
  std::map<Uid, std::vector<Uid>> users;  // also of endpoints without a record
  std::string away_reason = "not connected to PipeWire yet";
};

}  // namespace rocd
