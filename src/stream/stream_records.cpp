#include "stream/stream_records.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/duration.hpp"
#include "base/log.hpp"
#include "model/json.hpp"
#include "model/validate.hpp"
#include "stream/stream_tuning.hpp"

namespace rocd {
namespace {

// While any child runs: how often it is told what they use.
constexpr Duration usage_interval = 5s;
// And how often it is looked whether they go on.
constexpr Duration activity_interval = ChildWatch::activity_interval;
// A sound system that answers later has been silent until then.
constexpr Duration prompt_answer = 500ms;
// While no child runs that would notice: how often PipeWire is asked whether it goes on.
constexpr Duration question_interval = 5s;

std::optional<StreamProblem> server_problem(PulseServer state) {
  switch (state) {
    case PulseServer::silent:
      return StreamProblem{
          "PipeWire's Pulse server does not answer (it is there, but frozen or overloaded)",
          "restart pipewire-pulse if it lasts; its log says what it does"};
    case PulseServer::absent:
      return StreamProblem{"PipeWire's Pulse server does not run",
                           "start pipewire-pulse, by which the tools reach PipeWire; its log says "
                           "why it has ended"};
    case PulseServer::answers:
      break;
  }
  return std::nullopt;
}

// The profile's target counts, too; only the stream room knows it.
void add_tuning_error(const StreamSettings& settings, std::vector<FieldError>& errors) {
  const auto target = resolve_tuning(settings).target_latency;
  if (settings.target_latency || !settings.io_latency || *settings.io_latency < target) return;
  errors.push_back({"/settings/io_latency",
                    format_duration(*settings.io_latency) + " must be below the target latency, " +
                        "which profile '" + std::string(to_string(settings.profile)) +
                        "' sets to " + format_duration(target),
                    {"/settings/profile", "/settings/target_latency"}});
}

}  // namespace

StreamDispatcher::Impl::Impl(boost::asio::any_io_executor ex, Options opts, StreamEngine& eng,
                             Supervisor& sup, EndpointDispatcher& ends, Store& st, EventBus& bus)
    : executor(std::move(ex)),
      options(std::move(opts)),
      engine(eng),
      supervisor(sup),
      endpoints(ends),
      store(options.self, st),
      events(bus),
      tools{executor,
            engine,
            supervisor,
            endpoints,
            bus,
            options.ports,
            [this](const Uid& but) { return taken_ports(but); },
            [this](const Uid& uid, const ExternalAddress& address) { keep_address(uid, address); },
            [this](const Uid& uid) { after(uid); },
            [this](StreamMachine::CheckSound check) {
              server_wanted |= check.child_ended;
              if (check.child_ended) engine.check_tools();
              ask_sound();
            }},
      server(executor, [this](PulseServer state) { tell_server(state); }),
      usage_timer(executor, [this] { sample_usage(); }),
      activity_timer(executor, [this] { sample_activity(); }),
      question_timer(executor, [this] { ask_for_childless(); }) {}

// --- looking up

StreamRecord* StreamDispatcher::Impl::record(const Uid& uid) {
  const auto found = records.find(uid);
  return found == records.end() ? nullptr : found->second.get();
}

StreamRecord* StreamDispatcher::Impl::visible(const Uid& uid) {
  auto* found = record(uid);
  return found == nullptr || found->removed() ? nullptr : found;
}

std::set<std::uint16_t> StreamDispatcher::Impl::taken_ports(const Uid& but) const {
  std::set<std::uint16_t> ports;
  for (const auto& [uid, other] : records) {
    if (uid != but) other->add_ports(ports);
  }
  // Also of those that are added after this one, when the daemon starts.
  for (const auto& [uid, address] : addresses) {
    if (uid != but) add_ports_of(address, ports);
  }
  return ports;
}

std::vector<FieldError> StreamDispatcher::Impl::errors_in(const StreamSpec& spec) const {
  ValidationContext context;
  context.self = options.self;
  // Who may write the file may run programs anyway.
  context.allow_extra_args = options.allow_extra_args || spec.origin == Origin::config;
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

Error refused(std::vector<FieldError> errors) {
  auto error = make_error(ErrorCode::invalid_argument, "the stream cannot work as asked for");
  error.fields = std::move(errors);
  return error;
}

// --- what the neighbours tell

void StreamDispatcher::Impl::set_callbacks() {
  engine.set_on_changed([this] { tell_engine(); });
  supervisor.set_callbacks({[this](const Uid& uid, const ChildStatus&) {
                              if (auto* found = record(uid)) found->tell_child();
                            },
                            [this](const Uid& uid, std::uint64_t generation, const LogLine& line) {
                              if (auto* found = record(uid)) found->tell_line(generation, line);
                            },
                            [this](const Uid& uid, std::uint64_t generation) {
                              tell(uid, [&](StreamMachine& m, Now now) {
                                m.handle_fact(generation, FactSkipped{}, now);
                              });
                            }});
  EndpointDispatcher::Callbacks callbacks;
  callbacks.on_changed = [this](const Uid& endpoint) {
    for (const auto& [uid, found] : records) found->tell_device(endpoint);
  };
  callbacks.on_connection = [this](bool connected) {
    sound = {};
    sound_asked_at.reset();
    server.stop();
    server_state = PulseServer::answers;
    server_met = false;
    manager_runs = true;
    tell_all([connected](StreamMachine& m, Now now) { m.handle_connection(connected, now); });
    // Who is to be missed has to be known, and is perhaps not there yet.
    if (connected) server.ask(engine.sound_server());
  };
  callbacks.on_answer = [this](bool answers, const std::string& reason) {
    // The tools reach PipeWire through another process: that one must answer, too.
    if (answers) {
      const bool answered = server_state == PulseServer::answers;
      if (!answered) tell_server(server_state);  // that alone, now
      const bool any_tool = std::exchange(server_wanted, false) || sampling;
      if (answered && !any_tool) return tell_server(PulseServer::answers);
      return server.ask(engine.sound_server());
    }
    tell_sound(StreamProblem{reason, "restart PipeWire if it lasts; its log says what it does"});
  };
  callbacks.on_session_manager = [this](bool runs) {
    if (std::exchange(manager_runs, runs) == runs) return;
    rocd::log("stream").log(runs ? spdlog::level::info : spdlog::level::warn, "{}",
                            runs ? "the session manager runs again" : no_session_manager);
    if (endpoints.driver().silence().empty() && server_state == PulseServer::answers)
      tell_sound(std::nullopt);
  };
  callbacks.on_stream_node = [this](const StreamNodeInfo& node) {
    std::optional<Duration> before, took;
    tell(node.stream, [&](StreamMachine& m, Now now) {
      before = m.linking_took();
      m.handle_node(node, now);
      took = m.linking_took();
    });
    if (before || !took) return;
    for (const auto& [uid, other] : records)
      if (uid != node.stream && other->child_lives())
        other->tell([&took](StreamMachine& m, Now now) { m.handle_other_linked(*took, now); });
  };
  callbacks.on_stream_node_gone = [this](const Uid& stream, std::uint64_t serial) {
    tell(stream, [&](StreamMachine& m, Now now) { m.handle_node_gone(serial, now); });
  };
  callbacks.on_link = [this](const Uid& stream, bool linked, const std::string& reason) {
    tell(stream, [&](StreamMachine& m, Now now) { m.handle_link(linked, reason, now); });
  };
  endpoints.set_callbacks(std::move(callbacks));
}

void StreamDispatcher::Impl::tell_server(PulseServer state) {
  const auto problem = server_problem(state);
  if (state != std::exchange(server_state, state)) {
    if (problem)
      rocd::log("stream").warn("{}", problem->message);
    else
      rocd::log("stream").info("PipeWire's Pulse server answers again");
  }
  if (!endpoints.driver().silence().empty()) return;  // that is told already, and matters more
  tell_sound(problem, problem.has_value());
}

// Several may ask before there is an answer: it is for all of them.
void StreamDispatcher::Impl::ask_sound() {
  if (!sound_asked_at) sound_asked_at = Now::read().mono;
  endpoints.driver().check();
}

// It may have been started after PipeWire, and who is to be missed has to be known.
void StreamDispatcher::Impl::meet_server() {
  if (std::exchange(server_met, true)) return;
  server_wanted = true;
  ask_sound();
}

void StreamDispatcher::Impl::tell_sound(std::optional<StreamProblem> problem, bool only_tools) {
  if (!problem && !manager_runs) {
    problem = StreamProblem{std::string(no_session_manager),
                            "start WirePlumber; its log says why it has ended"};
    only_tools = true;
  }
  const auto asked_at = problem ? std::nullopt : std::exchange(sound_asked_at, std::nullopt);
  const bool late = asked_at && Now::read().mono - *asked_at > prompt_answer;
  sound = {std::move(problem), only_tools, late};
  tell_all([&](StreamMachine& m, Now now) { m.handle_sound(sound, now); });
}

// --- records

// Of another range of ports nothing is wanted any more.
Result<> StreamDispatcher::Impl::load_addresses(const std::vector<StreamSpec>& stored) {
  std::set<Uid> streams;
  for (const auto& [uid, file] : files) streams.insert(uid);
  for (const auto& spec : stored) streams.insert(spec.uid);
  auto loaded = store.load_addresses(streams);
  if (!loaded) return loaded.error();
  std::erase_if(*loaded, [&](const auto& entry) {
    std::set<std::uint16_t> ports;
    add_ports_of(entry.second, ports);
    return std::ranges::any_of(ports, [&](std::uint16_t port) {
      return port < options.ports.first || port > options.ports.last;
    });
  });
  addresses = std::move(*loaded);
  return {};
}

// If it cannot be written the store says so, and the stream goes on.
void StreamDispatcher::Impl::keep_address(const Uid& uid, const ExternalAddress& address) {
  const auto found = addresses.find(uid);
  const auto kept = found == addresses.end() ? ExternalAddress{} : found->second;
  if (kept == address || !store.put_address(uid, address)) return;
  if (address == ExternalAddress{})
    addresses.erase(uid);
  else
    addresses[uid] = address;
}

StreamRecord& StreamDispatcher::Impl::add(StreamSpec spec) {
  const Uid uid = spec.uid;
  auto& slot = records[uid];
  if (slot) return bring_back(*slot, std::move(spec));
  const auto before = addresses.find(uid);
  slot = std::make_unique<StreamRecord>(
      tools, std::move(spec), before == addresses.end() ? ExternalAddress{} : before->second);
  if (started) publish(EventType::stream_created, uid, nullptr, to_json(slot->view()));
  slot->begin(endpoints.driver().connected(), sound);
  tell_users(slot->spec());
  return *slot;
}

StreamRecord& StreamDispatcher::Impl::bring_back(StreamRecord& record, StreamSpec spec) {
  auto next = record.view();
  next.spec = spec;
  publish(EventType::stream_created, spec.uid, nullptr, to_json(next));
  record.set_spec(std::move(spec));
  tell_users(record.spec());
  return record;
}

void StreamDispatcher::Impl::remove(StreamRecord& record) {
  const StreamSpec before = record.spec();
  publish(EventType::stream_deleted, before.uid, to_json(record.view()), nullptr);
  record.remove();
  keep_address(before.uid, {});
  tell_users(before);
}

void StreamDispatcher::Impl::publish(EventType type, const Uid& uid, const EventBody& pre,
                                     const EventBody& post) {
  events.publish(type, stream_uri(uid), pre, post, Now::read().wall);
}

void StreamDispatcher::Impl::tell_engine() {
  const auto& info = engine.info();
  events.publish(EventType::daemon_tools, "/system", nullptr,
                 boost::json::object{{"engine", {{"id", info.id}, {"usable", info.usable}}}},
                 Now::read().wall);
  tell_all([](StreamMachine& m, Now now) { m.handle_engine_changed(now); });
}

void StreamDispatcher::Impl::change(StreamRecord& record, StreamSpec spec) {
  const StreamSpec before = record.spec();
  auto next = record.view();
  next.spec = spec;
  publish(EventType::stream_updated, before.uid, to_json(record.view()), to_json(next));
  const bool moves = spec.source != before.source;
  record.set_spec(std::move(spec));
  tell_users(before);
  tell_users(record.spec());
  if (moves) tell_ports_freed();
}

void StreamDispatcher::Impl::after(const Uid& uid) {
  const auto* found = record(uid);
  if (closing || found == nullptr) return;
  if (found->child_lives()) sample_soon();
  if (found->child_works()) meet_server();
  if (found->rests_on_pipewire()) ask_soon();
  if (!found->removed() || !found->finished()) return;
  boost::asio::post(executor, [this, uid, guard = std::weak_ptr(alive)] {
    if (guard.expired()) return;
    const auto at = records.find(uid);
    if (at == records.end() || !at->second->removed() || !at->second->finished()) return;
    records.erase(at);
    tell_ports_freed();
  });
}

void StreamDispatcher::Impl::tell_ports_freed() {
  tell_all([](StreamMachine& m, Now now) { m.handle_ports_freed(now); });
}

void StreamDispatcher::Impl::sample_soon() {
  if (sampling) return;
  sampling = true;
  const auto now = Now::read().mono;
  usage_timer.arm(now + usage_interval);
  activity_timer.arm(now + activity_interval);
}

// The timers sleep when there is no child.
void StreamDispatcher::Impl::sample_usage() {
  usage_timer.arm(Now::read().mono + usage_interval);
  for (const auto& [uid, found] : records)
    if (found->child_lives()) found->tell_usage();
}

void StreamDispatcher::Impl::sample_activity() {
  sampling =
      std::ranges::any_of(records, [](const auto& entry) { return entry.second->child_lives(); });
  const auto udp = sampling ? UdpBacklog::read() : UdpBacklog();
  for (const auto& [uid, found] : records)
    if (found->child_lives()) found->tell_activity(udp);
  if (sampling) return activity_timer.arm(Now::read().mono + activity_interval);
  usage_timer.arm(std::nullopt);
}

void StreamDispatcher::Impl::ask_soon() {
  if (asking) return;
  asking = true;
  question_timer.arm(Now::read().mono + question_interval);
}

// Streams without a child, local or paused, have nobody who would find that PipeWire stands still.
void StreamDispatcher::Impl::ask_for_childless() {
  asking = std::ranges::any_of(records,
                               [](const auto& entry) { return entry.second->rests_on_pipewire(); });
  if (!asking) return;
  if (!sampling) ask_sound();
  question_timer.arm(Now::read().mono + question_interval);
}

void StreamDispatcher::Impl::tell_users(const StreamSpec& spec) {
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

}  // namespace rocd
