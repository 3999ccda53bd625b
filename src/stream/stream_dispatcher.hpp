// All streams of this peer. Stores specs, owns one StreamMachine per stream, carries its effects to
// the supervisor and the device driver and their facts back; the only writer of stream status.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "device/endpoint_dispatcher.hpp"
#include "model/overrides.hpp"
#include "model/reload_plan.hpp"
#include "model/stream.hpp"
#include "store/store.hpp"
#include "stream/stream_engine.hpp"
#include "supervise/supervisor.hpp"

namespace rocd {

struct StreamReload {
  std::vector<StreamSpec> files;  // all entries, as the file has them
  ReloadPlan<StreamSpec> plan;
};

class StreamDispatcher final {
 public:
  struct Options {
    Uid self;
    PortRange ports;
    bool allow_extra_args = false;
  };

  // All references outlive the dispatcher. It sets the callbacks of engine, supervisor and
  // endpoints.
  StreamDispatcher(boost::asio::any_io_executor executor, Options options, StreamEngine& engine,
                   Supervisor& supervisor, EndpointDispatcher& endpoints, Store& store,
                   EventBus& events);
  ~StreamDispatcher();

  // Loads stored specs and overrides, adds the configured ones, starts what is enabled. Endpoints
  // must have been started; devices, PipeWire and tools may come later.
  [[nodiscard]] Result<> start(const std::vector<StreamSpec>& configured);
  [[nodiscard]] boost::asio::awaitable<void> shutdown();  // no child lives afterwards

  [[nodiscard]] std::vector<Stream> list() const;  // ordered by uid
  [[nodiscard]] std::vector<Uid> uids() const;     // of the same
  [[nodiscard]] std::map<StreamState, std::size_t> count_states() const;
  [[nodiscard]] std::optional<Stream> find(const Uid& uid) const;
  // Of an entry of the configuration file: what the file says, and what was changed since.
  [[nodiscard]] const StreamSpec* configured(const Uid& uid) const;  // nullptr: no such entry
  [[nodiscard]] StreamOverrides overrides(const Uid& uid) const;
  struct Log {
    std::vector<LogLine> lines;
    std::uint64_t dropped_bytes = 0;
  };
  [[nodiscard]] Result<Log> log(const Uid& uid) const;
  // What its child printed faster than it is read; part of dropped_bytes. 0: no such stream.
  [[nodiscard]] std::uint64_t skipped_output(const Uid& uid) const;
  // `line` is called for each new line until the returned handle is destroyed, or the stream is
  // removed, which `end` tells.
  using Subscription = std::shared_ptr<void>;
  [[nodiscard]] Result<Subscription> follow_log(const Uid& uid,
                                                std::function<void(const LogLine&)> line,
                                                std::function<void()> end);

  // Writes return after the spec is on disk. Errors: invalid_argument (with all field errors),
  // conflict (also beyond limits::max_streams), read_only (configured streams accept only a change
  // of `enabled`), not_found. uid, origin, name, location and version of what a client sends are
  // ignored in updates.
  [[nodiscard]] Result<Stream> create(StreamSpec spec);  // uid may be empty
  // What create() or update() would find wrong with it.
  [[nodiscard]] std::vector<FieldError> mistakes(const StreamSpec& spec) const;
  [[nodiscard]] Result<Stream> update(const Uid& uid, StreamSpec spec);
  // The entry vanishes at once; its process ends in the background. Until that has ended, create()
  // with the same uid is a conflict.
  [[nodiscard]] Result<> remove(const Uid& uid);
  [[nodiscard]] Result<Stream> restart(const Uid& uid);

  // For what is chosen and allowed from now on.
  void set_rules(PortRange ports, bool allow_extra_args);

  // A configuration that was read anew, with the endpoints it has; see EndpointDispatcher. Streams
  // that go retire before endpoints change, the others follow after that.
  [[nodiscard]] std::vector<ReloadConflict> conflicts(
      const std::vector<StreamSpec>& configured, const std::vector<EndpointSpec>& endpoints) const;
  [[nodiscard]] Result<StreamReload> prepare(std::vector<StreamSpec> configured);
  void retire(const StreamReload& reload);
  void apply(const StreamReload& reload);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rocd
