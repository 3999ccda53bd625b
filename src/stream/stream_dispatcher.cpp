#include "stream/stream_dispatcher.hpp"

#include <boost/asio/post.hpp>
#include <map>
#include <set>
#include <utility>

#include "aio/machine_timer.hpp"
#include "base/duration.hpp"
#include "base/log.hpp"
#include "model/validate.hpp"
#include "stream/stream_record.hpp"
#include "stream/stream_store.hpp"
#include "stream/stream_tuning.hpp"

namespace rocd {
namespace {

// Of the children's processor time, while any runs; a spinning child is found within a few.
constexpr Duration usage_interval = 5s;

Error no_such_stream(const Uid& uid) {
  return make_error(ErrorCode::not_found, "there is no stream " + uid.str());
}

Error refused(std::vector<FieldError> errors) {
  auto error = make_error(ErrorCode::invalid_argument, "the stream cannot work as asked for");
  error.fields = std::move(errors);
  return error;
}

Error belongs_to_configuration(const StreamSpec& spec, const std::string& what) {
  auto error =
      make_error(ErrorCode::read_only, "the stream belongs to the configuration file: " + what,
                 "edit the file; at run time only 'enabled' can be changed");
  error.where = spec.location;
  return error;
}

// What a client may have meant to change; the rest is the daemon's.
bool same_wish(StreamSpec a, const StreamSpec& b) {
  a.uid = b.uid;
  a.name = b.name;
  a.origin = b.origin;
  a.location = b.location;
  a.version = b.version;
  return a == b;
}

}  // namespace

struct StreamDispatcher::Impl {
  Impl(boost::asio::any_io_executor ex, Options opts, StreamEngine& eng, Supervisor& sup,
       EndpointDispatcher& ends, Store& st)
      : executor(std::move(ex)),
        options(std::move(opts)),
        engine(eng),
        supervisor(sup),
        endpoints(ends),
        store(options.self, st),
        tools{executor,
              engine,
              supervisor,
              endpoints,
              options.ports,
              [this](const Uid& but) { return taken_ports(but); },
              [this](const Uid& uid) { after(uid); }},
        usage_timer(executor, [this] { sample_usage(); }) {}

  // --- looking up ---------------------------------------------------------------------------

  StreamRecord* record(const Uid& uid) {  // also one that is being removed
    const auto found = records.find(uid);
    return found == records.end() ? nullptr : found->second.get();
  }
  StreamRecord* visible(const Uid& uid) {
    auto* found = record(uid);
    return found == nullptr || found->removed() ? nullptr : found;
  }

  std::set<std::uint16_t> taken_ports(const Uid& but) const {
    std::set<std::uint16_t> ports;
    for (const auto& [uid, other] : records) {
      if (uid != but) other->add_ports(ports);
    }
    return ports;
  }

  std::vector<FieldError> errors_in(const StreamSpec& spec) const {
    ValidationContext context;
    context.self = options.self;
    context.allow_extra_args = options.allow_extra_args;
    context.find_endpoint = [this](const Uid& uid) -> const EndpointSpec* {
      const auto* endpoint = endpoints.find(uid);
      return endpoint == nullptr ? nullptr : &endpoint->spec;
    };
    context.each_stream = [&](const std::function<void(const StreamSpec&)>& visit) {
      for (const auto& [uid, other] : records) {
        if (uid != spec.uid && !other->removed()) visit(other->bound_spec());
      }
    };
    auto errors = validate(spec, context);
    add_tuning_error(spec.settings, errors);
    return errors;
  }

  // The profile's target counts, too; only the stream room knows it.
  static void add_tuning_error(const StreamSettings& settings, std::vector<FieldError>& errors) {
    const auto target = resolve_tuning(settings).target_latency;
    if (settings.target_latency || !settings.io_latency || *settings.io_latency < target) return;
    errors.push_back({"/settings/io_latency",
                      format_duration(*settings.io_latency) +
                          " must be below the target latency, " + "which profile '" +
                          std::string(to_string(settings.profile)) + "' sets to " +
                          format_duration(target),
                      {"/settings/profile", "/settings/target_latency"}});
  }

  // --- what the neighbours tell ---------------------------------------------------------------

  void set_callbacks() {
    engine.set_on_changed(
        [this] { tell_all([](StreamMachine& m, Now now) { m.handle_engine_changed(now); }); });
    supervisor.set_callbacks(
        {[this](const Uid& uid, const ChildStatus&) {
           if (auto* found = record(uid)) found->tell_child();
         },
         [this](const Uid& uid, std::uint64_t generation, const LogLine& line) {
           if (auto* found = record(uid)) found->tell_line(generation, line);
         }});
    EndpointDispatcher::Callbacks callbacks;
    callbacks.on_changed = [this](const Uid& endpoint) {
      for (const auto& [uid, found] : records) found->tell_device(endpoint);
    };
    callbacks.on_connection = [this](bool connected) {
      tell_all([connected](StreamMachine& m, Now now) { m.handle_connection(connected, now); });
    };
    callbacks.on_stream_node = [this](const StreamNodeInfo& node) {
      tell(node.stream, [&](StreamMachine& m, Now now) { m.handle_node(node, now); });
    };
    callbacks.on_stream_node_gone = [this](const Uid& stream, std::uint64_t serial) {
      tell(stream, [&](StreamMachine& m, Now now) { m.handle_node_gone(serial, now); });
    };
    callbacks.on_link = [this](const Uid& stream, bool linked, const std::string& reason) {
      tell(stream, [&](StreamMachine& m, Now now) { m.handle_link(linked, reason, now); });
    };
    endpoints.set_callbacks(std::move(callbacks));
  }

  template <class F>
  void tell(const Uid& uid, F&& feed) {
    if (auto* found = record(uid)) found->tell(feed);
  }
  // Records are added and erased only outside of callbacks (see after()), so loops are safe.
  template <class F>
  void tell_all(F&& feed) {
    for (const auto& [uid, found] : records) found->tell(feed);
  }

  // --- records ----------------------------------------------------------------------------------

  StreamRecord& add(StreamSpec spec) {
    const Uid uid = spec.uid;
    auto& slot = records[uid];
    slot = std::make_unique<StreamRecord>(tools, std::move(spec));
    slot->begin(endpoints.driver().connected());
    tell_users(slot->spec());
    return *slot;
  }

  // After each drain of a record. It may be called from deep inside of it: nothing is erased here.
  void after(const Uid& uid) {
    const auto* found = record(uid);
    if (closing || found == nullptr) return;
    if (found->has_child()) sample_soon();
    if (!found->removed() || !found->finished()) return;
    boost::asio::post(executor, [this, uid, guard = std::weak_ptr(alive)] {
      if (guard.expired()) return;
      const auto at = records.find(uid);
      if (at != records.end() && at->second->removed() && at->second->finished()) records.erase(at);
    });
  }

  void sample_soon() {
    if (sampling) return;
    sampling = true;
    usage_timer.arm(Now::read().mono + usage_interval);
  }

  // The timer sleeps when there is no child.
  void sample_usage() {
    sampling = false;
    for (const auto& [uid, found] : records) {
      if (!found->has_child()) continue;
      sample_soon();
      found->tell_usage();
    }
  }

  // Tells each endpoint of the spec who uses it now.
  void tell_users(const StreamSpec& spec) {
    for (const auto* connection : {&spec.source, &spec.destination}) {
      const auto* reference = std::get_if<EndpointRef>(connection);
      if (reference == nullptr) continue;
      std::vector<Uid> users;
      for (const auto& [uid, other] : records) {
        if (other->removed()) continue;
        for (const auto* side : {&other->spec().source, &other->spec().destination}) {
          const auto* used = std::get_if<EndpointRef>(side);
          if (used == nullptr || used->endpoint != reference->endpoint) continue;
          if (users.empty() || users.back() != uid) users.push_back(uid);
        }
      }
      endpoints.set_users(reference->endpoint, std::move(users));
    }
  }

  boost::asio::any_io_executor executor;
  Options options;
  StreamEngine& engine;
  Supervisor& supervisor;
  EndpointDispatcher& endpoints;
  StreamStore store;
  StreamTools tools;
  MachineTimer usage_timer;
  bool sampling = false;
  bool closing = false;
  std::map<Uid, std::unique_ptr<StreamRecord>> records;
  std::shared_ptr<int> alive = std::make_shared<int>(0);  // posted handlers hold it weakly
};

StreamDispatcher::StreamDispatcher(boost::asio::any_io_executor executor, Options options,
                                   StreamEngine& engine, Supervisor& supervisor,
                                   EndpointDispatcher& endpoints, Store& store)
    : impl_(std::make_unique<Impl>(std::move(executor), std::move(options), engine, supervisor,
                                   endpoints, store)) {
  impl_->set_callbacks();
}

StreamDispatcher::~StreamDispatcher() {
  impl_->engine.set_on_changed(nullptr);
  impl_->supervisor.set_callbacks({});
  impl_->endpoints.set_callbacks({});
}

Result<> StreamDispatcher::start(const std::vector<StreamSpec>& configured) {
  auto overrides = impl_->store.load_overrides();
  if (!overrides) return overrides.error();
  auto stored = impl_->store.load();
  if (!stored) return stored.error();
  for (auto spec : configured) {
    spec.origin = Origin::config;
    if (const auto found = overrides->find(spec.uid); found != overrides->end()) {
      spec.enabled = found->second.enabled;
      spec.version = found->second.version;
    }
    impl_->add(std::move(spec));
  }
  for (auto& spec : *stored) {
    if (impl_->record(spec.uid) != nullptr) {
      rocd::log("stream").warn("stream {} is stored and configured: the configuration is used",
                               spec.uid.str());
      continue;
    }
    impl_->add(std::move(spec));
  }
  return {};
}

boost::asio::awaitable<void> StreamDispatcher::shutdown() {
  impl_->closing = true;
  impl_->usage_timer.arm(std::nullopt);
  for (const auto& [uid, record] : impl_->records) {
    const bool local = kind_of(record->spec()) == StreamKind::local;
    record->close();
    if (local) impl_->endpoints.driver().remove_link(uid);
  }
  co_await impl_->supervisor.shutdown();
}

std::vector<Stream> StreamDispatcher::list() const {
  std::vector<Stream> streams;
  streams.reserve(impl_->records.size());
  for (const auto& [uid, record] : impl_->records) {
    if (!record->removed()) streams.push_back(record->view());
  }
  return streams;
}

std::optional<Stream> StreamDispatcher::find(const Uid& uid) const {
  const auto* record = impl_->visible(uid);
  return record == nullptr ? std::nullopt : std::optional(record->view());
}

Result<StreamDispatcher::Log> StreamDispatcher::log(const Uid& uid) const {
  if (impl_->visible(uid) == nullptr) return no_such_stream(uid);
  Log result;
  if (const auto* ring = impl_->supervisor.log(uid)) {
    result.lines = ring->last(ring->size());
    result.dropped_bytes = ring->dropped_bytes();
  }
  return result;
}

Result<StreamDispatcher::Subscription> StreamDispatcher::follow_log(
    const Uid& uid, std::function<void(const LogLine&)> line) {
  auto* record = impl_->visible(uid);
  if (record == nullptr) return no_such_stream(uid);
  return record->add_reader(std::move(line));
}

std::vector<FieldError> StreamDispatcher::mistakes(const StreamSpec& spec) const {
  return impl_->errors_in(spec);
}

Result<Stream> StreamDispatcher::create(StreamSpec spec) {
  if (spec.uid.empty()) {
    do {
      spec.uid = Uid::random();
    } while (impl_->record(spec.uid) != nullptr);
  }
  if (const auto* existing = impl_->record(spec.uid)) {
    return existing->removed()
               ? make_error(ErrorCode::conflict,
                            "the stream that had this uid is still being stopped",
                            "try again in a moment")
               : make_error(ErrorCode::conflict, "a stream with this uid exists already");
  }
  spec.origin = Origin::api;
  spec.location.clear();
  spec.version = 1;
  if (auto errors = impl_->errors_in(spec); !errors.empty()) return refused(std::move(errors));
  if (auto stored = impl_->store.put(spec); !stored) return stored.error();
  return impl_->add(std::move(spec)).view();
}

Result<Stream> StreamDispatcher::update(const Uid& uid, StreamSpec spec) {
  auto* record = impl_->visible(uid);
  if (record == nullptr) return no_such_stream(uid);
  const StreamSpec before = record->spec();
  spec.uid = before.uid;
  spec.name = before.name;
  spec.origin = before.origin;
  spec.location = before.location;
  if (same_wish(before, spec)) return record->view();
  spec.version = before.version + 1;
  if (before.origin == Origin::config) {
    auto only_enabled = before;
    only_enabled.enabled = spec.enabled;
    if (!same_wish(only_enabled, spec)) {
      return belongs_to_configuration(before, "it can be changed only there");
    }
    // Its port may have been given to another stream while it was off.
    if (spec.enabled) {
      if (auto errors = impl_->errors_in(spec); !errors.empty()) return refused(std::move(errors));
    }
    if (auto stored = impl_->store.put_override(uid, {spec.enabled, spec.version}); !stored) {
      return stored.error();
    }
  } else {
    if (auto errors = impl_->errors_in(spec); !errors.empty()) return refused(std::move(errors));
    if (auto stored = impl_->store.put(spec); !stored) return stored.error();
  }
  record->set_spec(std::move(spec));
  impl_->tell_users(before);
  impl_->tell_users(record->spec());
  return record->view();
}

Result<> StreamDispatcher::remove(const Uid& uid) {
  auto* record = impl_->visible(uid);
  if (record == nullptr) return no_such_stream(uid);
  const StreamSpec before = record->spec();
  if (before.origin == Origin::config) {
    return belongs_to_configuration(before, "it cannot be deleted");
  }
  if (auto removed = impl_->store.remove(uid); !removed) return removed.error();
  record->remove();
  impl_->tell_users(before);
  return {};
}

Result<Stream> StreamDispatcher::restart(const Uid& uid) {
  auto* record = impl_->visible(uid);
  if (record == nullptr) return no_such_stream(uid);
  record->tell([](StreamMachine& m, Now now) { m.handle_restart(now); });
  return record->view();
}

}  // namespace rocd
