// All endpoints of this peer: specs from configuration, store and REST, and the system devices that
// the driver reports. Drives the driver towards the specs; the only writer of endpoint status.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "device/device_driver.hpp"
#include "model/endpoint.hpp"
#include "model/event_bus.hpp"
#include "model/overrides.hpp"
#include "model/reload_plan.hpp"
#include "store/store.hpp"

namespace rocd {

struct EndpointReload {
  std::vector<EndpointSpec> files;  // all entries, as the file has them
  ReloadPlan<EndpointSpec> plan;
};

class EndpointDispatcher final {
 public:
  struct Callbacks {
    std::function<void(const Uid& endpoint)> on_changed;  // spec or status, or gone
    std::function<void(bool connected)> on_connection;
    std::function<void(bool answers, const std::string& reason)> on_answer;  // see DeviceDriver
    std::function<void(bool runs)> on_session_manager;
    // Passed through to the stream dispatcher.
    std::function<void(const StreamNodeInfo&)> on_stream_node;
    std::function<void(const Uid& stream, std::uint64_t serial)> on_stream_node_gone;
    std::function<void(const Uid& stream, bool linked, const std::string& reason)> on_link;
  };

  // driver, store and events outlive the dispatcher. The executor is for the timer that stores
  // volumes which others change: a slider that is dragged is not a hundred writes.
  EndpointDispatcher(const boost::asio::any_io_executor& executor, const Uid& self,
                     DeviceDriver& driver, Store& store, EventBus& events);
  ~EndpointDispatcher();

  void set_callbacks(Callbacks callbacks);
  // Loads stored specs and overrides, applies the configuration's, starts the driver.
  [[nodiscard]] Result<> start(const std::vector<EndpointSpec>& configured);
  void shutdown();

  [[nodiscard]] std::vector<Endpoint> list() const;              // ordered by uid
  [[nodiscard]] const Endpoint* find(const Uid& uid) const;      // valid until the next change
  [[nodiscard]] const DeviceInfo* device(const Uid& uid) const;  // nullptr while absent
  // Of an entry of the configuration file: what the file says, and what was changed since.
  [[nodiscard]] const EndpointSpec* configured(const Uid& uid) const;  // nullptr: no such entry
  [[nodiscard]] EndpointOverrides overrides(const Uid& uid) const;
  [[nodiscard]] std::string problem(const Uid& uid) const;  // why it cannot be made, if so

  // Writes return after the spec is on disk. Errors: invalid_argument, conflict, read_only,
  // not_found, unavailable.
  [[nodiscard]] Result<Endpoint> create(EndpointSpec spec);  // uid may be empty
  // spec.version is ignored; the new one is the old + 1. A configured endpoint accepts only
  // changes of volume, muted and is_default (stored as overrides, where they differ from the
  // file); a system device also refuses a change of its name. No change: no new version.
  [[nodiscard]] Result<Endpoint> update(const Uid& uid, EndpointSpec spec);
  [[nodiscard]] Result<> remove(const Uid& uid);  // conflict while streams use it

  // A configuration that was read anew. conflicts(): what in it contradicts what was made over
  // REST. prepare() writes down what must outlive it, and is the last step that can fail; apply()
  // changes what the plan says and touches nothing else.
  [[nodiscard]] std::vector<ReloadConflict> conflicts(
      const std::vector<EndpointSpec>& configured) const;
  [[nodiscard]] Result<EndpointReload> prepare(std::vector<EndpointSpec> configured);
  void apply(const EndpointReload& reload);

  // Who uses the endpoint; told by the stream dispatcher. May be said of endpoints that are not
  // there (yet): a system device that is unplugged stays listed, absent, while streams use it.
  void set_users(const Uid& endpoint, std::vector<Uid> streams);

  [[nodiscard]] std::uint64_t reconnects() const;  // of the driver, after it was lost
  [[nodiscard]] DeviceDriver& driver();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rocd
