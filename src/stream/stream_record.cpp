#include "stream/stream_record.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "model/json.hpp"

namespace rocd {
namespace {

using Side = StreamMachine::Side;

constexpr auto sides = {Side::source, Side::destination};

const EndpointRef* endpoint_at(const StreamSpec& spec, Side side) {
  return std::get_if<EndpointRef>(side == Side::source ? &spec.source : &spec.destination);
}

// They are another program's now: whether they are free again has to be tried.
void forget_ports(const std::vector<std::uint16_t>& ports, ExternalAddress& address) {
  for (auto* uri : {&address.media, &address.repair, &address.control})
    if (*uri && std::ranges::find(ports, (*uri)->port) != ports.end()) (*uri)->port = 0;
}

// What `asked` leaves open of it.
ExternalAddress chosen_in(ExternalAddress complete, const ExternalAddress& asked) {
  const auto drop_if_asked = [](std::optional<MediaUri>& uri, const std::optional<MediaUri>& from) {
    if (from && from->port != 0) uri.reset();
  };
  drop_if_asked(complete.media, asked.media);
  drop_if_asked(complete.repair, asked.repair);
  drop_if_asked(complete.control, asked.control);
  return complete;
}

bool same_state(const StreamStatus& a, const StreamStatus& b) {
  const auto newest = [](const StreamStatus& status) {
    return status.exits.empty() ? Now{} : status.exits.back().at;
  };
  return a.state == b.state && a.message == b.message && a.since == b.since && a.pid == b.pid &&
         a.restarts == b.restarts && a.crash_looping == b.crash_looping &&
         a.retry_at == b.retry_at && a.resolved == b.resolved && newest(a).wall == newest(b).wall;
}

// The supervisor's readiness is ours: a device was there and its tool opens it in well under a
// second; on an overloaded machine it takes longer, and restarts would feed the overload. (One that
// says nothing meanwhile is ended before: ChildWatch.)
ChildPolicy policy_for(RestartPolicy restart) {
  ChildPolicy policy;
  policy.restart = restart;
  policy.ready_timeout = 20s;
  policy.takes_turns = true;
  return policy;
}

// One that ends again and again, for months if need be: the supervisor's log counts that.
bool is_told_enough(const StreamStatus& status) {
  return status.crash_looping &&
         (status.state == StreamState::starting || status.state == StreamState::backoff);
}

}  // namespace

void add_ports_of(const ExternalAddress& address, std::set<std::uint16_t>& ports) {
  for (const auto* uri : {&address.media, &address.repair, &address.control}) {
    if (*uri && (*uri)->port != 0) ports.insert((*uri)->port);
  }
}

StreamRecord::StreamRecord(StreamTools& tools, StreamSpec spec, ExternalAddress chosen)
    : tools_(tools),
      machine_(std::move(spec), Now::read()),
      timer_(tools.executor,
             [this] { tell([](StreamMachine& m, Now now) { m.handle_timeout(now); }); }),
      chosen_(std::move(chosen)),
      readers_(std::make_shared<std::map<std::uint64_t, Reader>>()) {
  told_ = machine_.status();
}

StreamStatus StreamRecord::status() const {
  auto status = machine_.status();
  status.exits = tools_.supervisor.exits(uid());
  // That a child has become stable is no change of its state, so nobody was told.
  if (const auto* child = tools_.supervisor.status(uid())) {
    status.crash_looping = child->crash_looping;
  }
  return status;
}

Stream StreamRecord::view() const {
  Stream stream{machine_.spec(), status()};
  refresh_usage(1s);
  if (usage_) {
    stream.status.metrics.cpu_seconds = usage_->cpu_seconds;
    stream.status.metrics.rss_bytes = usage_->rss_bytes;
  }
  return stream;
}

void StreamRecord::add_ports(std::set<std::uint16_t>& ports) const {
  add_ports_of(chosen_, ports);
  if (const auto* address = std::get_if<ExternalAddress>(&machine_.spec().source)) {
    add_ports_of(*address, ports);
  }
}

StreamSpec StreamRecord::bound_spec() const {
  StreamSpec spec = machine_.spec();
  if (auto* source = std::get_if<ExternalAddress>(&spec.source)) {
    const auto complete = [](std::optional<MediaUri>& asked,
                             const std::optional<MediaUri>& chosen) {
      if ((!asked || asked->port == 0) && chosen) asked = chosen;
    };
    complete(source->media, chosen_.media);
    complete(source->repair, chosen_.repair);
    complete(source->control, chosen_.control);
  }
  return spec;
}

// All facts in one go, here and below: between them the machine would believe, and show, nonsense.
void StreamRecord::begin(bool connected, const StreamMachine::SoundNews& sound) {
  tell([&](StreamMachine& m, Now now) {
    m.handle_connection(connected, now);
    if (sound.silence) m.handle_sound(sound, now);
    for (const auto side : sides) feed_side(m, side, now);
  });
}

void StreamRecord::set_spec(StreamSpec spec) {
  removed_ = false;
  if (!std::holds_alternative<ExternalAddress>(spec.source)) {
    chosen_ = {};
    tools_.keep_address(uid(), {});
  }
  tell([&](StreamMachine& m, Now now) {
    m.handle_spec(std::move(spec), now);
    for (const auto side : sides) feed_side(m, side, now);
  });
}

void StreamRecord::remove() {
  removed_ = true;
  const auto readers = std::exchange(*readers_, {});
  for (const auto& [id, reader] : readers) reader.end();
  const bool had_child = machine_.child_wanted();
  tell([](StreamMachine& m, Now now) { m.handle_removed(now); });
  if (!had_child) tools_.supervisor.forget(uid());
}

void StreamRecord::close() {
  closed_ = true;
  timer_.arm(std::nullopt);
  readers_->clear();
}

void StreamRecord::tell_device(const Uid& endpoint) {
  for (const auto side : sides) {
    const auto* reference = endpoint_at(spec(), side);
    if (reference == nullptr || reference->endpoint != endpoint) continue;
    tell([&](StreamMachine& m, Now now) { feed_side(m, side, now); });
  }
}

void StreamRecord::feed_side(StreamMachine& machine, Side side, Now now) const {
  const auto* reference = endpoint_at(machine.spec(), side);
  if (reference == nullptr) return;
  const auto* known = tools_.endpoints.find(reference->endpoint);
  machine.handle_device(side, tools_.endpoints.device(reference->endpoint), now,
                        {known == nullptr ? std::string() : known->spec.display_name,
                         tools_.endpoints.problem(reference->endpoint),
                         known != nullptr && !known->spec.name.empty()});
}

void StreamRecord::tell_child() {
  const auto* status = tools_.supervisor.status(uid());
  if (status == nullptr) {
    tell([](StreamMachine& m, Now now) { m.handle_child(ChildStatus{}, nullptr, now); });
    return;
  }
  const auto exits = tools_.supervisor.exits(uid());
  const auto copy = *status;
  if (!copy.pid) usage_.reset();
  tell([&](StreamMachine& m, Now now) {
    m.handle_child(copy, exits.empty() ? nullptr : &exits.back(), now);
  });
}

// Two small files of proc(5): cheap, but not for every stream in every answer.
void StreamRecord::refresh_usage(Duration not_older_than) const {
  const auto now = Now::read().mono;
  if (usage_ && now - usage_at_ < not_older_than) return;
  usage_ = tools_.supervisor.usage(uid());
  usage_at_ = now;
}

void StreamRecord::tell_activity(const UdpBacklog& udp) {
  const auto activity = tools_.supervisor.activity(uid());
  if (!activity) return;
  tell([&](StreamMachine& m, Now now) { m.handle_activity(*activity, udp, now); });
}

void StreamRecord::tell_usage() {
  refresh_usage(Duration::zero());
  if (!usage_) return;
  publish_status();  // that a child is no longer crash-looping is no change of the machine's
  publish_metrics();
}

void StreamRecord::tell_line(std::uint64_t generation, const LogLine& line) {
  if (const auto fact = tools_.engine.parse(line.text)) {
    tell([&](StreamMachine& m, Now now) { m.handle_fact(generation, *fact, now); });
  }
  // A reader may let go of itself, or of others, while it is called.
  std::vector<std::uint64_t> ids;
  for (const auto& [id, reader] : *readers_) ids.push_back(id);
  for (const auto id : ids) {
    const auto found = readers_->find(id);
    if (found == readers_->end()) continue;
    const auto reader = found->second.line;
    reader(line);
  }
}

std::shared_ptr<void> StreamRecord::add_reader(Reader reader) {
  const auto id = next_reader_++;
  readers_->emplace(id, std::move(reader));
  return {nullptr, [weak = std::weak_ptr(readers_), id](void*) {
            if (const auto readers = weak.lock()) readers->erase(id);
          }};
}

// --- effects ------------------------------------------------------------------------------------

void StreamRecord::drain() {
  // An effect may come back here with a fact before it returns; the queue is the machine's.
  while (auto effect = machine_.poll_effect()) {
    std::visit([this](auto& e) { carry_out(e); }, *effect);
  }
  if (closed_) return;
  const bool changed = machine_.poll_status_changed();
  if (changed) log_state();
  if (changed || health_news_.poll_timeout()) publish_status();
  auto next = machine_.poll_timeout();
  if (const auto due = health_news_.poll_timeout(); due && (!next || *due < *next)) next = due;
  timer_.arm(next);
  if (tools_.on_drained) tools_.on_drained(uid());
}

void StreamRecord::publish(EventType type, boost::json::object pre, boost::json::object post) {
  if (removed_ || closed_) return;
  tools_.events.publish(type, stream_uri(uid()), boost::json::object{{"status", std::move(pre)}},
                        boost::json::object{{"status", std::move(post)}}, Now::read().wall);
}

void StreamRecord::publish_status() {
  auto now = status();
  if (now.exits.size() > 1) now.exits.erase(now.exits.begin(), now.exits.end() - 1);
  now.metrics = told_.metrics;
  const bool health_is_due = health_news_.is_due(told_.health, now.health, Now::read().mono);
  if (!health_is_due) now.health = told_.health;
  const auto before = std::exchange(told_, std::move(now));
  if (!same_state(before, told_)) {
    publish(EventType::stream_state, state_json(before), state_json(told_));
  }
  if (health_is_due) {
    publish(EventType::stream_health, {{"health", health_json(before.health)}},
            {{"health", health_json(told_.health)}});
  }
}

// They change all the time: told while somebody listens, and not kept for those who do not.
void StreamRecord::publish_metrics() {
  if (!tools_.events.is_heard()) return;
  const auto metrics = view().status.metrics;
  if (metrics == told_.metrics) return;
  const auto before = std::exchange(told_.metrics, metrics);
  publish(EventType::stream_metrics, {{"metrics", metrics_json(before)}},
          {{"metrics", metrics_json(metrics)}});
}

std::string StreamRecord::label() const {
  const auto& name = spec().display_name;
  return name.empty() ? uid().str() : uid().str() + " '" + name + "'";
}

void StreamRecord::log_state() {
  const auto& status = machine_.status();
  if (logged_state_ == status.state && logged_message_ == status.message) return;
  // What a start waits for changes several times within milliseconds.
  const bool detail = (logged_state_ == status.state && status.state == StreamState::starting) ||
                      is_told_enough(status);
  logged_state_ = status.state;
  logged_message_ = status.message;
  log("stream").log(detail ? spdlog::level::debug : spdlog::level::info, "{} is {}{}{}", label(),
                    to_string(status.state), status.message.empty() ? "" : ": ", status.message);
}

void StreamRecord::carry_out(StreamMachine::PlanChild& effect) {
  auto planned = plan(effect);
  tell([&](StreamMachine& m, Now now) { m.handle_plan(std::move(planned), now); });
}

void StreamRecord::carry_out(StreamMachine::EnsureChild& effect) {
  tools_.supervisor.ensure(uid(), {std::move(effect.request), policy_for(effect.restart)});
}

void StreamRecord::carry_out(StreamMachine::RestartChild&) {
  tools_.supervisor.restart(uid());
}

void StreamRecord::carry_out(StreamMachine::StopChild&) {
  if (removed_) {
    tools_.supervisor.forget(uid());
  } else {
    tools_.supervisor.stop(uid());
  }
}

void StreamRecord::carry_out(StreamMachine::FaultChild& effect) {
  log("stream").warn("{}: its child does not work and is ended: {}", label(), effect.reason);
  tools_.supervisor.fault(uid(), effect.generation, std::move(effect.reason));
}

void StreamRecord::carry_out(StreamMachine::ReadyChild& effect) {
  tools_.supervisor.ready(uid(), effect.generation);
}

void StreamRecord::carry_out(StreamMachine::CheckSound& effect) {
  tools_.check_sound(effect);
}

void StreamRecord::carry_out(StreamMachine::EnsureLink& effect) {
  tools_.endpoints.driver().ensure_link({uid(), effect.from_node, effect.to_node});
}

void StreamRecord::carry_out(StreamMachine::RemoveLink&) {
  tools_.endpoints.driver().remove_link(uid());
}

Result<StreamPlan> StreamRecord::plan(const StreamMachine::PlanChild& request) {
  tools_.engine.check_tools();
  StreamSpec spec = machine_.spec();
  if (auto* source = std::get_if<ExternalAddress>(&spec.source)) {
    PortRules rules{tools_.ports, tools_.taken_ports(uid()), udp_port_is_free};
    rules.taken.insert(request.avoid_ports.begin(), request.avoid_ports.end());
    forget_ports(request.avoid_ports, chosen_);
    const auto fec = spec.settings.fec.value_or(default_fec());
    auto complete = complete_source(uid(), *source, fec, chosen_, rules);
    if (!complete) return complete.error();
    chosen_ = *complete;
    tools_.keep_address(uid(), chosen_in(*complete, *source));
    *source = std::move(*complete);
  }
  return tools_.engine.plan(spec, request.devices);
}

// For a receiving stream that names no address: what the installed tool can do. While that is not
// known the stream waits: it keeps the addresses that it gets now.
FecScheme StreamRecord::default_fec() const {
  for (const auto& tool : tools_.engine.info().tools) {
    if (tool.name != "roc-recv") continue;
    for (const auto* list : {&tool.fec, &tool.untried})
      if (std::ranges::find(*list, FecScheme::rs8m) != list->end()) return FecScheme::rs8m;
  }
  return FecScheme::none;
}

}  // namespace rocd
