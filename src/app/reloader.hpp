// Reads the configuration anew and applies what is different, on SIGHUP and POST /system/reload:
// parse, check everything, plan, write down what must outlive it, and only then change anything.
#pragma once

#include <functional>

#include "api/reload_report.hpp"
#include "config/config.hpp"
#include "device/endpoint_dispatcher.hpp"
#include "model/event_bus.hpp"
#include "model/peer.hpp"
#include "store/store.hpp"
#include "stream/stream_dispatcher.hpp"

namespace rocd {

class Reloader final {
 public:
  // All of it outlives the reloader.
  struct Parts {
    Config& config;  // in force; entries have their uids
    Peer& self;
    EndpointDispatcher& endpoints;
    StreamDispatcher& streams;
    Store& store;
    EventBus& events;
  };
  // The same file, environment and command line as at the start; empty: there is no file.
  using Load = std::function<ConfigResult()>;

  Reloader(Parts parts, Load load) : parts_(parts), load_(std::move(load)) {}

  // Logs what it did, or why it did nothing.
  [[nodiscard]] Result<ReloadReport> reload();

 private:
  [[nodiscard]] Result<ReloadReport> try_reload();
  [[nodiscard]] std::vector<FieldError> conflicts(const Config& read) const;
  [[nodiscard]] Result<> rename_self(const std::string& former, const std::string& name);

  Parts parts_;
  Load load_;
};

// The name that was given over REST, which wins over the configuration's; empty: none was.
[[nodiscard]] Result<Peer> load_peer(Store& store, const Uid& self);

}  // namespace rocd
