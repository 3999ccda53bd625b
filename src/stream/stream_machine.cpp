#include "stream/stream_machine.hpp"

#include <algorithm>
#include <utility>

#include "base/ip_address.hpp"

namespace rocd {
namespace {

// A timer that fires this late was not late: the daemon was stopped, or starved.
constexpr Duration asleep = 2s;
// A plan that failed (another program has the ports, say) may work later without anybody telling.
constexpr Duration plan_again = 500ms, plan_again_at_most = 4s;
// A port that another program had may be free again.
constexpr Duration avoid_port_for = 10s;
// A sound system that is always slow excuses a child so often, not for ever.
constexpr unsigned excusing_answers = 3;
// A doubt that comes back later than that is another one: the longest time to find one, and some.
constexpr Duration same_doubt_within = ChildWatch::silent_limit + 5s;

const EndpointRef* endpoint_of(const Connection& connection) {
  return std::get_if<EndpointRef>(&connection);
}

bool lives(ChildState state) {
  return state == ChildState::starting || state == ChildState::running;
}

// Was the port of this interface left to rocd?
bool port_is_chosen(const StreamSpec& spec, Interface interface) {
  const auto* address = std::get_if<ExternalAddress>(&spec.source);
  if (address == nullptr) return false;
  const auto& uri = interface == Interface::media    ? address->media
                    : interface == Interface::repair ? address->repair
                                                     : address->control;
  return !uri || uri->port == 0;
}

}  // namespace

StreamMachine::StreamMachine(StreamSpec spec, Now now)
    : spec_(std::move(spec)), kind_(kind_of(spec_)) {
  if (spec_.enabled) health_.activate(now.mono);
  status_.since = now.wall;
  decide(now);
}

void StreamMachine::handle_spec(StreamSpec spec, Now now) {
  const bool same_work = spec.source == spec_.source && spec.destination == spec_.destination &&
                         spec.settings == spec_.settings;
  const bool activated = spec.enabled && (!spec_.enabled || !same_work || removed_);
  if (spec.source != spec_.source) source_.reset();  // the caller tells of the new one
  if (spec.destination != spec_.destination) destination_.reset();
  spec_ = std::move(spec);
  kind_ = kind_of(spec_);
  removed_ = false;
  if (!same_work) {
    plan_anew();
    last_problem_ = {};
  }
  if (activated) {
    avoid_ports_.clear();
    health_.activate(now.mono);
  }
  if (!spec_.enabled) health_.deactivate();
  decide(now);
}

void StreamMachine::handle_restart(Now now) {
  if (!spec_.enabled || removed_) return;
  health_.activate(now.mono);
  last_problem_ = {};
  avoid_ports_.clear();
  plan_anew();
  if (ensured_) effects_.push_back(RestartChild{});
  if (link_) {
    effects_.push_back(RemoveLink{});
    link_.reset();
    linked_ = false;
  }
  decide(now);
}

void StreamMachine::handle_removed(Now now) {
  removed_ = true;
  health_.deactivate();
  decide(now);
}

void StreamMachine::handle_connection(bool connected, Now now) {
  if (connected_ == connected) return;
  connected_ = connected;
  silence_.reset();
  sound_asked_ = false;
  decide(now);
}

void StreamMachine::handle_sound(SoundNews news, Now now) {
  const bool asked = std::exchange(sound_asked_, false);
  if (asked && !news.late) late_answers_ = 0;
  if (asked && news.late) {
    if (late_at_ && now.mono - *late_at_ > same_doubt_within) late_answers_ = 0;
    late_at_ = now.mono;
    ++late_answers_;
  }
  const bool was_silent = silence_ || (news.late && late_answers_ <= excusing_answers);
  if (was_silent && !news.silence) watch_.excuse(now.mono);
  // A doubt of before is certain now; one of before the silence is not.
  sound_answered_ = asked && !news.silence && !was_silent;
  silence_ = std::move(news.silence);
  only_tools_ = news.only_tools;
  if (sound_problem() && child_.state == ChildState::backoff) stop_child();  // it would be in vain
  decide(now);
  sound_answered_ = false;
}

void StreamMachine::handle_device(Side side, const DeviceInfo* device, Now now, AboutDevice about) {
  auto& known = side == Side::source ? source_ : destination_;
  auto& known_about = side == Side::source ? about_source_ : about_destination_;
  const auto* reference = endpoint_of(side == Side::source ? spec_.source : spec_.destination);
  if (reference == nullptr) device = nullptr;
  const bool same_about = known_about == about;
  known_about = std::move(about);
  const bool same = known.has_value() == (device != nullptr) && (!known || *known == *device);
  if (same && same_about) return;
  if (device != nullptr) {
    known = *device;
  } else {
    known.reset();
  }
  decide(now);
}

void StreamMachine::handle_engine_changed(Now now) {
  tools_changed_ = true;
  decide(now);
}

void StreamMachine::handle_ports_freed(Now now) {
  if (!plan_problem_) return;
  plan_anew();
  decide(now);
}

// A running child is not disturbed by news about the tools, and one that is not to come again is
// not brought back by them.
void StreamMachine::heed_tools() {
  if (ensured_ && (child_lives() || child_.state == ChildState::failed)) return;
  if (std::exchange(tools_changed_, false)) plan_anew();
}

void StreamMachine::plan_anew() {
  plan_needed_ = true;
  plan_failures_ = 0;
}

void StreamMachine::handle_plan(Result<StreamPlan> plan, Now now) {
  replan_at_.reset();
  if (plan) {
    plan_ = std::move(*plan);
    plan_problem_.reset();
    plan_failures_ = 0;
  } else {
    constexpr unsigned doublings = 3;  // 0.5 s, 1 s, 2 s, 4 s
    const auto pause = plan_again * (1U << std::min(plan_failures_++, doublings));
    replan_at_ = now.mono + std::min<Duration>(pause, plan_again_at_most);
    plan_.reset();
    plan_problem_ = {plan.error().message, plan.error().hint};
  }
  decide(now);
}

void StreamMachine::handle_child(const ChildStatus& child, const ExitRecord* last_exit, Now now) {
  const auto is_down = [](ChildState state) {
    return state == ChildState::backoff || state == ChildState::failed;
  };
  const bool is_new = child.generation != child_.generation;
  const bool went_down = is_down(child.state) && (is_new || !is_down(child_.state));
  // One that had run well is replaced without a pause.
  const bool was_replaced = is_new && child_.generation > 0 && lives(child_.state) &&
                            last_exit != nullptr && !last_exit->requested;
  if (was_replaced && fault_sent_ != child_.generation) last_problem_ = child_problem(last_exit);
  if (is_new) begin_generation(now);
  child_ = child;
  if (child.pid && lives(child.state)) watch_.handle_pid(*child.pid, now.mono);
  if (went_down && fault_sent_ != child.generation) last_problem_ = child_problem(last_exit);
  if (is_down(child.state) || child.state == ChildState::stopped) watch_ = ChildWatch();
  // With its server? Then another one would fail, too.
  if ((was_replaced || went_down) && last_exit != nullptr && !last_exit->requested &&
      !sound_problem())
    effects_.push_back(CheckSound{.child_ended = true});
  // Another one would wait in vain for the same; one that is not to come again stays failed.
  const bool comes_again = was_replaced || (went_down && child.state != ChildState::failed);
  if (sound_problem() && comes_again) stop_child();
  decide(now);
}

void StreamMachine::handle_fact(std::uint64_t generation, const EngineFact& fact, Now now) {
  if (generation < child_.generation) return;
  if (generation > child_.generation) {
    begin_generation(now);
    child_.generation = generation;
  }
  watch_.handle_fact(fact, now.mono);
  if (std::holds_alternative<FactBindFailed>(fact)) check_bind_failure(now.mono);
  decide(now);
}

void StreamMachine::handle_node(const StreamNodeInfo& node, Now now) {
  watch_.handle_node(node, now.mono);
  decide(now);
}

void StreamMachine::handle_node_gone(std::uint64_t serial, Now now) {
  watch_.handle_node_gone(serial, now.mono);
  decide(now);
}

void StreamMachine::handle_other_linked(Duration took, Now now) {
  watch_.handle_other_linked(took, now.mono);
  decide(now);
}

void StreamMachine::handle_link(bool linked, const std::string& reason, Now now) {
  linked_ = linked;
  link_reason_ = reason;
  decide(now);
}

void StreamMachine::handle_activity(const ProcessActivity& activity, const UdpBacklog& udp,
                                    Now now) {
  watch_.handle_activity(activity, udp, now.mono);
  decide(now);
}

void StreamMachine::handle_timeout(Now now) {
  const auto deadline = sound_asked_ || sound_problem() ? std::nullopt : watch_.poll_timeout();
  if (deadline && now.mono > *deadline + asleep) watch_.excuse(now.mono);
  if (replan_at_ && now.mono >= *replan_at_) {
    replan_at_.reset();
    plan_needed_ = true;
  }
  health_.handle_timeout(now.mono);
  decide(now);
}

std::optional<StreamMachine::Effect> StreamMachine::poll_effect() {
  if (effects_.empty()) return std::nullopt;
  auto effect = std::move(effects_.front());
  effects_.pop_front();
  return effect;
}

std::optional<Instant> StreamMachine::poll_timeout() const {
  std::optional<Instant> next = watch_.poll_timeout();
  // After a fault nothing more is due: the supervisor ends the child.
  if (fault_sent_ != 0 && fault_sent_ == child_.generation) next.reset();
  if (!lives(child_.state)) next.reset();             // nor while it is ended
  if (sound_asked_ || sound_problem()) next.reset();  // nor while it is not known whose fault it is
  const bool may_rest = ensured_ && spec_.settings.on_idle == OnIdle::pause;
  const auto idle_at = may_rest ? idle_.idle_at(idle_after()) : std::nullopt;
  for (const auto& other : {health_.poll_timeout(), look_again_, replan_at_, idle_at}) {
    if (other && (!next || *other < *next)) next = other;
  }
  return next;
}

bool StreamMachine::child_lives() const {
  return child_.pid && lives(child_.state);
}

bool StreamMachine::poll_status_changed() {
  return std::exchange(status_changed_, false);
}

bool StreamMachine::finished() const {
  return removed_ && !ensured_ && !link_ && effects_.empty() &&
         (child_.state == ChildState::stopped || child_.state == ChildState::failed);
}

// --- deciding ---------------------------------------------------------------------------------

void StreamMachine::decide(Now now) {
  decide_rest(now);
  if (kind_ == StreamKind::local) {
    if (ensured_) stop_child();
    plan_problem_.reset();  // of when it was to have a child
    replan_at_.reset();
  } else {
    decide_child(now);
  }
  decide_links();
  update_status(now);
}

void StreamMachine::decide_links() {
  const bool wanted =
      kind_ == StreamKind::local && spec_.enabled && !removed_ && source_ && destination_;
  const bool keep = kind_ == StreamKind::local && spec_.enabled && !removed_ && link_;
  if (wanted) {
    EnsureLink link{source_->capture_node, destination_->playback_node};
    if (link.from_node.empty() || link.to_node.empty()) return;
    if (link_ && link_->from_node == link.from_node && link_->to_node == link.to_node) return;
    link_ = link;
    linked_ = false;
    link_reason_.clear();
    effects_.push_back(std::move(link));
  } else if (link_ && !keep) {
    // While a device is merely away the driver keeps the wish, and links again when it is back.
    link_.reset();
    linked_ = false;
    effects_.push_back(RemoveLink{});
  }
}

void StreamMachine::decide_rest(Now now) {
  if (source_) idle_.handle(source_->is_played_to, now.mono);
  const bool may_rest = spec_.settings.on_idle == OnIdle::pause && kind_ == StreamKind::send;
  const bool rested =
      std::exchange(rests_, may_rest && source_ && idle_.idle(idle_after(), now.mono));
  if (rested && !rests_ && spec_.enabled) health_.activate(now.mono);
  if (rests_) plan_problem_.reset();  // it is planned anew
}

void StreamMachine::decide_child(Now now) {
  if (removed_ || !spec_.enabled || !kind_ || blocker() || rests_) {
    stop_child();
    replan_at_.reset();
    plan_needed_ = true;
    return;
  }
  heed_tools();
  const auto wanted_for = devices();
  if (plan_needed_ || planned_for_ != wanted_for) {
    // The same device under another name: as somebody wished, so a new beginning.
    if (planned_for_ && planned_for_ != wanted_for) health_.activate(now.mono);
    plan_needed_ = false;
    planned_for_ = wanted_for;
    std::erase_if(avoid_ports_, [&](const auto& entry) { return entry.second <= now.mono; });
    PlanChild plan{wanted_for, {}};
    for (const auto& [port, until] : avoid_ports_) plan.avoid_ports.push_back(port);
    effects_.push_back(std::move(plan));
    return;  // handle_plan() comes back here
  }
  if (plan_problem_) {
    stop_child();
    plan_needed_ = false;  // until the engine or the spec changes
    return;
  }
  if (!plan_) return;
  const EnsureChild ensure{plan_->request, spec_.settings.restart};
  const bool changed = !ensured_ || ensured_->request.argv != ensure.request.argv ||
                       ensured_->request.environment != ensure.request.environment ||
                       ensured_->restart != ensure.restart;
  if (changed) {
    ensured_ = ensure;
    child_device_serial_ = device_serial();
    effects_.push_back(ensure);
  } else if (child_device_serial_ != device_serial()) {
    // It went and came back between two events: the child holds on to one that is no more.
    child_device_serial_ = device_serial();
    effects_.push_back(RestartChild{});
  }
  check_child(now);
}

void StreamMachine::check_child(Now now) {
  if (!lives(child_.state) || fault_sent_ == child_.generation) return;
  const auto verdict = watch_.verdict(now.mono);
  if (verdict && (!verdict->may_wait_for_sound || sound_answered_)) {
    fault_sent_ = child_.generation;
    last_problem_ = {verdict->reason, std::string(verdict->hint)};
    effects_.push_back(FaultChild{child_.generation, verdict->reason});
    return;
  }
  if (verdict && !sound_problem() && !std::exchange(sound_asked_, true))
    effects_.push_back(CheckSound{});
  if (!watch_.proven()) return;
  last_problem_ = {};
  if (ready_sent_ == child_.generation) return;
  ready_sent_ = child_.generation;
  effects_.push_back(ReadyChild{child_.generation});
}

const StreamProblem* StreamMachine::sound_problem() const {
  return silence_ && !(only_tools_ && kind_ == StreamKind::local) ? &*silence_ : nullptr;
}

void StreamMachine::stop_child() {
  if (!ensured_) return;
  ensured_.reset();
  plan_needed_ = true;
  effects_.push_back(StopChild{});
}

void StreamMachine::begin_generation(Now now) {
  ChildWatch::Expected expected;
  if (planned_for_) {
    expected.device = {
        kind_ == StreamKind::send ? planned_for_->capture_node : planned_for_->playback_node,
        child_device_serial_};
  }
  if (kind_ == StreamKind::receive && plan_) {
    expected.binds_media = plan_->resolved.media.has_value();
    expected.binds_repair = plan_->resolved.repair.has_value();
    expected.binds_control = plan_->resolved.control.has_value();
  }
  if (plan_) {
    expected.untold_latency = plan_->untold_latency;
    const auto& at = plan_->resolved;
    for (const auto* uri : {&at.media, &at.repair, &at.control})
      expected.looks_up_names |= *uri && !is_ip_address((*uri)->host);
  }
  watch_ = ChildWatch(std::move(expected), now.mono);
  late_answers_ = 0;
}

void StreamMachine::check_bind_failure(Instant now) {
  const auto& failure = watch_.bind_failure();
  if (!failure || !failure->fact.in_use || !failure->interface) return;
  if (!port_is_chosen(spec_, *failure->interface) || failure->fact.port == 0) return;
  avoid_ports_[failure->fact.port] = now + avoid_port_for;
  plan_needed_ = true;
}

Duration StreamMachine::idle_after() const {
  return spec_.settings.idle_after.value_or(IdleWatch::default_grace);
}

StreamDevices StreamMachine::devices() const {
  StreamDevices devices;
  if (kind_ == StreamKind::send && source_) {
    devices.capture_node = source_->capture_node;
    devices.capture_is_monitor = source_->capture_is_monitor;
  }
  if (kind_ == StreamKind::receive && destination_) {
    devices.playback_node = destination_->playback_node;
  }
  return devices;
}

std::uint64_t StreamMachine::device_serial() const {
  if (kind_ == StreamKind::send) return source_ ? source_->capture_serial : 0;
  return destination_ ? destination_->playback_serial : 0;
}

}  // namespace rocd
