#include "sim/supervision_sim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <csignal>

namespace rocd::test {
namespace {

constexpr std::size_t trace_kept = 4000;

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

SupervisionSim::SupervisionSim(std::uint64_t seed) : random_(seed) {
  const auto count = 1 + random_() % 5;
  for (std::size_t i = 0; i < count; ++i) {
    children_.push_back(std::make_unique<Child>(random_policy(), random_()));
    children_.back()->number = static_cast<int>(i);
  }
}

Duration SupervisionSim::between(Duration low, Duration high) {
  return Duration(std::uniform_int_distribution<Duration::rep>(low.count(), high.count())(random_));
}

ChildPolicy SupervisionSim::random_policy() {
  ChildPolicy policy;
  policy.restart = chance() < 0.7   ? RestartPolicy::always
                   : chance() < 0.5 ? RestartPolicy::on_failure
                                    : RestartPolicy::never;
  policy.ready_timeout = chance() < 0.2 ? Duration::zero() : between(100ms, 60s);
  policy.stop_timeout = between(1ms, 5s);
  policy.stable_after = chance() < 0.1 ? Duration::zero() : between(1ms, 30s);
  policy.crash_loop_after = 1 + static_cast<std::uint32_t>(random_() % 8);
  policy.worked_after = Duration::max();
  policy.backoff.initial = between(1ms, 1s);
  policy.backoff.cap = policy.backoff.initial + between(0s, 60s);
  policy.backoff.factor = 1.0 + chance() * 2;
  policy.backoff.jitter = chance() * 0.5;
  return policy;
}

ExitStatus SupervisionSim::random_exit() {
  constexpr int crashes[] = {SIGSEGV, SIGABRT, SIGKILL, SIGTERM, SIGHUP};
  if (chance() < 0.5) return {ExitStatus::Kind::signaled, crashes[random_() % 5]};
  return {ExitStatus::Kind::exited, chance() < 0.5 ? 0 : 1};
}

void SupervisionSim::at(Duration delay, Action action) {
  agenda_.emplace(now_.mono + delay, std::move(action));
}

void SupervisionSim::note(const Child& child, const std::string& what) {
  if (trace_.size() >= trace_kept) trace_.erase(trace_.begin(), trace_.begin() + trace_kept / 2);
  trace_.push_back(fmt::format("{:.6f} child {} gen {}: {}", seconds(now_.mono.time_since_epoch()),
                               child.number, child.generation, what));
}

void SupervisionSim::require(bool condition, const Child& child, const std::string& what) const {
  if (condition) return;
  throw SimFailure(fmt::format("at {:.6f}, child {}, generation {}, {}: {}",
                               seconds(now_.mono.time_since_epoch()), child.number,
                               child.machine.status().generation,
                               to_string(child.machine.status().state), what));
}

// --- the world goes on
// ----------------------------------------------------------------------------

// The next thing that happens: something on the agenda, or a machine's deadline.
void SupervisionSim::step() {
  Child* due = nullptr;
  for (const auto& child : children_) {
    const auto timeout = child->machine.poll_timeout();
    if (timeout && (due == nullptr || *timeout < *due->machine.poll_timeout())) due = child.get();
  }
  const bool agenda_first =
      !agenda_.empty() &&
      (due == nullptr || agenda_.begin()->first <= *due->machine.poll_timeout());
  const auto next = agenda_first ? agenda_.begin()->first : *due->machine.poll_timeout();
  if (next > now_.mono) now_ = now_ + (next - now_.mono);
  if (agenda_first) {
    const auto action = std::move(agenda_.begin()->second);
    agenda_.erase(agenda_.begin());
    action();
    return;
  }
  // Timers fire late.
  now_ = now_ + between(0ms, 3ms);
  notice_timeout(*due);
  due->machine.handle_timeout(now_);
  drive(*due);
  require(due->machine.poll_timeout() != next || due->machine.poll_timeout() > now_.mono, *due,
          "a deadline that has passed does not go away: the shell would spin");
}

void SupervisionSim::run(Duration duration) {
  const auto end = now_.mono + duration;
  for (const auto& child : children_) {
    const std::function<void()> live = [this, end, c = child.get()] {
      if (now_.mono >= end) return;
      command(*c);
    };
    for (Duration t = between(0s, 10s); t < duration; t += between(1ms, 40s)) at(t, live);
  }
  while (now_.mono < end &&
         (!agenda_.empty() ||
          std::ranges::any_of(
              children_, [](auto& child) { return child->machine.poll_timeout().has_value(); })))
    step();

  // Drain: each is stopped, and nobody may be left after the time that its policy allows.
  for (const auto& child : children_) command_stop(*child);
  for (const auto& child : children_) {
    const auto limit = now_.mono + child->policy.stop_timeout + 1s;
    while (child->machine.status().state != ChildState::stopped) {
      require(now_.mono < limit, *child, "not stopped in time");
      require(!agenda_.empty() || child->machine.poll_timeout(), *child, "would never stop");
      step();
    }
  }
  while (!agenda_.empty()) step();  // what is still planned finds nobody
  for (const auto& child : children_) {
    require(!child->process, *child, "a process is left after the end");
    require(!child->machine.poll_timeout(), *child, "a deadline is left after the end");
  }
}

// --- people
// ---------------------------------------------------------------------------------------

void SupervisionSim::command(Child& child) {
  ++totals_.commands;
  const auto what = chance();
  if (what < 0.45) return command_start(child);
  if (what < 0.60) return command_stop(child);
  if (what < 0.75) return command_restart(child);
  if (what < 0.85) return command_fault(child);
  if (what < 0.95) return stale_facts(child);
  auto policy = child.policy;
  policy.restart = random_policy().restart;
  note(child, "policy");
  child.policy = policy;
  child.machine.handle_policy(policy);
  drive(child);
}

void SupervisionSim::command_start(Child& child) {
  note(child, "start");
  if (!child.model.wanted) {
    child.model = {.wanted = true,
                   .exit_requested = child.model.exit_requested,
                   .faulted = child.model.faulted};
    child.spawn_expected = !child.process;
  }
  child.machine.handle_start(now_);
  drive(child);
}

void SupervisionSim::command_stop(Child& child) {
  note(child, "stop");
  child.model.wanted = false;
  child.model.exit_requested = child.process.has_value();
  child.machine.handle_stop(now_);
  drive(child);
}

void SupervisionSim::command_restart(Child& child) {
  note(child, "restart");
  child.model = {.wanted = true, .exit_requested = child.process.has_value()};
  child.spawn_expected = !child.process;
  child.machine.handle_restart(now_);
  drive(child);
}

void SupervisionSim::command_fault(Child& child) {
  note(child, "fault");
  if (child.process && !child.model.exit_requested) child.model.faulted = true;
  child.machine.handle_fault(now_);
  drive(child);
}

// News of a process that is long gone, as a slow pipe or a queued callback may bring it.
void SupervisionSim::stale_facts(Child& child) {
  if (child.generation == 0) return;
  const auto old = child.generation - 1;
  child.machine.handle_exit(old, random_exit(), now_);
  child.machine.handle_ready(old, now_);
  child.machine.handle_spawn_failed(old, now_);
  child.machine.handle_spawned(old, 1, now_);
  if (!child.process) child.machine.handle_exit(child.generation, random_exit(), now_);
  const auto timeout = child.machine.poll_timeout();
  if (!timeout || *timeout > now_.mono) child.machine.handle_timeout(now_);
  drive(child);
}

// --- processes
// ------------------------------------------------------------------------------------

void SupervisionSim::drive(Child& child) {
  for (int effects = 0; auto effect = child.machine.poll_effect(); ++effects) {
    require(effects < 10, child, "effects without end");
    std::visit([&](const auto& e) { perform(child, e); }, *effect);
  }
  check(child);
}

void SupervisionSim::perform(Child& child, const ChildMachine::Spawn& spawn) {
  note(child, "spawned");
  require(!child.process, child, "a second process while the first one lives");
  require(child.model.wanted, child, "spawned although it was stopped");
  require(child.spawn_expected, child, "spawned without a reason, or before its time");
  require(spawn.generation == child.generation + 1, child, "generations must count up by one");
  child.spawn_expected = false;
  child.delay_expected.reset();
  child.generation = spawn.generation;
  child.process.emplace();
  child.process->generation = spawn.generation;
  child.process->obeys_term = chance() < 0.8;
  child.model.exit_requested = child.model.faulted = false;
  ++totals_.spawns;

  const auto generation = spawn.generation;
  const auto took = chance() < 0.7 ? Duration::zero() : between(0ms, 20ms);
  if (chance() < 0.1)
    at(took, [this, &child, generation] { spawn_failed(child, generation); });
  else
    at(took, [this, &child, generation] { plan_life(child, generation); });
}

void SupervisionSim::plan_life(Child& child, std::uint64_t generation) {
  if (!child.process || child.process->generation != generation) return;
  child.process->reported = true;
  // A life is over in milliseconds, or lasts; it gets ready soon, late, or never.
  if (chance() < 0.9)
    at(between(0ms, chance() < 0.8 ? 500ms : 70s),
       [this, &child, generation] { become_ready(child, generation); });
  if (chance() < 0.9)
    at(between(0ms, chance() < 0.5 ? 2s : 120s),
       [this, &child, generation] { end_process(child, generation, random_exit()); });
  child.machine.handle_spawned(generation, static_cast<int>(1000 + generation), now_);
  drive(child);
}

void SupervisionSim::perform(Child& child, const ChildMachine::Signal& signal) {
  note(child, fmt::format("signal {}", signal.signal));
  require(child.process && child.process->generation == signal.generation, child,
          "a signal to a process that is not there");
  auto& process = *child.process;
  require(process.reported, child, "a signal to a process that nobody has reported yet");
  require(child.model.exit_requested || child.model.faulted, child, "a signal without a reason");
  const auto generation = signal.generation;
  if (signal.signal == SIGTERM) {
    require(!process.term_at && !process.kill_at, child, "TERM twice");
    process.term_at = now_.mono;
    if (process.obeys_term)
      at(between(0ms, chance() < 0.7 ? 10ms : 10s), [this, &child, generation] {
        end_process(child, generation, {ExitStatus::Kind::signaled, SIGTERM});
      });
    return;
  }
  require(signal.signal == SIGKILL, child, "an unknown signal");
  require(!process.kill_at, child, "KILL twice");
  require(!process.term_at || now_.mono - *process.term_at >= child.policy.stop_timeout, child,
          "KILL before the stop timeout");
  process.kill_at = now_.mono;
  ++totals_.kills;
  at(between(0ms, 50ms), [this, &child, generation] {
    end_process(child, generation, {ExitStatus::Kind::signaled, SIGKILL});
  });
}

void SupervisionSim::become_ready(Child& child, std::uint64_t generation) {
  if (!child.process || child.process->generation != generation) return;
  note(child, "ready");
  if (!child.process->ready_at && !child.model.exit_requested && !child.model.faulted)
    child.process->ready_at = now_.mono;
  child.machine.handle_ready(generation, now_);
  drive(child);
}

void SupervisionSim::spawn_failed(Child& child, std::uint64_t generation) {
  note(child, "spawn failed");
  child.process.reset();
  if (child.model.exit_requested)
    child.spawn_expected = child.model.wanted;
  else
    expect_after_failure(child, false, false);
  child.machine.handle_spawn_failed(generation, now_);
  drive(child);
}

void SupervisionSim::end_process(Child& child, std::uint64_t generation, ExitStatus status) {
  if (!child.process || child.process->generation != generation) return;
  note(child,
       fmt::format("ended: {} {}", status.kind == ExitStatus::Kind::exited ? "status" : "signal",
                   status.value));
  const auto ready_at = child.process->ready_at;
  child.process.reset();
  if (child.model.exit_requested)
    child.spawn_expected = child.model.wanted;
  else
    expect_after_failure(child, status == ExitStatus{} && !child.model.faulted,
                         ready_at && now_.mono - *ready_at >= child.policy.stable_after);
  child.machine.handle_exit(generation, status, now_);
  drive(child);
}

// --- the rules
// ------------------------------------------------------------------------------------

void SupervisionSim::expect_after_failure(Child& child, bool clean_by_itself, bool stable) {
  ++totals_.failures;
  auto& model = child.model;
  if (stable) model.failures = model.delays = 0;
  if (++model.failures == child.policy.crash_loop_after) ++totals_.crash_loops;
  const bool again = child.policy.restart == RestartPolicy::always ||
                     (child.policy.restart == RestartPolicy::on_failure && !clean_by_itself);
  if (!again) {
    model.wanted = false;
    return;
  }
  if (stable) {
    child.spawn_expected = true;
    ++totals_.immediate_restarts;
    return;
  }
  const auto& limits = child.policy.backoff;
  const auto grown = seconds(limits.initial) * std::pow(limits.factor, model.delays++);
  child.delay_expected = std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(std::min(grown, seconds(limits.cap))));
  ++totals_.delayed_restarts;
}

// A machine is told that its deadline has come: what do the rules say of that?
void SupervisionSim::notice_timeout(Child& child) {
  const auto& status = child.machine.status();
  if (status.state == ChildState::backoff) child.spawn_expected = true;
  if (status.state == ChildState::starting) child.model.faulted = true;  // not ready in time
  if (status.state == ChildState::running) child.model.failures = child.model.delays = 0;
}

void SupervisionSim::check(Child& child) {
  const auto& status = child.machine.status();
  const bool lives = status.state == ChildState::starting || status.state == ChildState::running ||
                     status.state == ChildState::stopping;
  require(lives == child.process.has_value(), child, "state and process do not agree");
  require(status.pid.has_value() == (child.process && child.process->reported), child,
          "the pid is not that of the process");
  require(!child.spawn_expected, child, "not spawned although it was due");
  require(child.machine.exit_requested() == (lives && child.model.exit_requested), child,
          "who asked for the end?");
  require((status.state == ChildState::stopping) ==
              (lives && (child.model.exit_requested || child.model.faulted)),
          child, "stopping without a reason, or not stopping with one");
  require(status.retry_at.has_value() == (status.state == ChildState::backoff), child,
          "a time of retry belongs to backoff");
  if (child.model.wanted)
    require(lives || status.state == ChildState::backoff, child, "given up silently");
  else if (!lives)
    require(status.state == ChildState::stopped || status.state == ChildState::failed, child,
            "neither stopped nor failed");
  require(status.crash_looping == (child.model.failures >= child.policy.crash_loop_after), child,
          "crash_looping is not what the failures say");
  if (status.state == ChildState::backoff) check_backoff(child);
}

void SupervisionSim::check_backoff(const Child& child) {
  require(child.delay_expected.has_value(), child, "backoff without a failure");
  const auto& status = child.machine.status();
  const auto delay = seconds(status.retry_at->mono - status.since.mono);
  const auto ideal = seconds(*child.delay_expected);
  const auto jitter = child.policy.backoff.jitter;
  require(delay >= ideal * (1 - jitter) - 1e-6, child, "the delay is too short");
  require(delay <= ideal * (1 + jitter) + 1e-6, child, "the delay is too long");
  require(child.machine.poll_timeout() == status.retry_at->mono, child,
          "the deadline is not the time of retry");
}

}  // namespace rocd::test
