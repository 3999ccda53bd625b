#include "supervise/child_machine.hpp"

#include <csignal>
#include <utility>

namespace rocd {

std::string_view to_string(ChildState state) {
  switch (state) {
    case ChildState::stopped:
      return "stopped";
    case ChildState::starting:
      return "starting";
    case ChildState::running:
      return "running";
    case ChildState::backoff:
      return "backoff";
    case ChildState::stopping:
      return "stopping";
    case ChildState::failed:
      return "failed";
  }
  return "";
}

ChildMachine::ChildMachine(ChildPolicy policy, std::uint64_t seed)
    : policy_(policy), seed_(seed), backoff_(policy.backoff, seed) {}

void ChildMachine::handle_start(Now now) {
  if (std::exchange(wanted_, true)) return;
  failures_ = 0;
  backoff_.reset();
  status_.crash_looping = false;
  if (!alive()) spawn(now);  // else it follows when the old one is gone
}

void ChildMachine::handle_stop(Now now) {
  wanted_ = false;
  if (alive())
    end(now, false);
  else
    settle(now);
}

void ChildMachine::handle_restart(Now now) {
  wanted_ = true;
  failures_ = 0;
  backoff_.reset();
  status_.crash_looping = false;
  if (alive()) {
    end(now, false);
    return;
  }
  if (status_.generation > 0) ++status_.restarts;
  spawn(now);
}

void ChildMachine::handle_fault(Now now) {
  if (status_.state == ChildState::starting || status_.state == ChildState::running) end(now, true);
}

void ChildMachine::handle_policy(ChildPolicy policy) {
  if (policy.backoff != policy_.backoff) backoff_ = Backoff(policy.backoff, seed_);
  policy_ = policy;
}

void ChildMachine::handle_spawned(std::uint64_t generation, int pid, Now now) {
  if (generation != status_.generation || !alive()) return;
  status_.pid = pid;
  if (status_.state == ChildState::starting && policy_.ready_timeout > Duration::zero())
    deadline_ = now.mono + policy_.ready_timeout;
  // Stopped between the decision to spawn and the fork: only now can it be told.
  if (status_.state != ChildState::stopping) return;
  deadline_ = now.mono + policy_.stop_timeout;
  effects_.push_back(Signal{generation, SIGTERM});
}

void ChildMachine::handle_spawn_failed(std::uint64_t generation, Now now) {
  if (generation != status_.generation || !alive()) return;
  const bool requested = exit_requested();
  status_.pid.reset();
  if (requested)
    settle(now);
  else
    failed(false, now);
}

void ChildMachine::handle_ready(std::uint64_t generation, Now now) {
  if (generation != status_.generation || status_.state != ChildState::starting) return;
  ready_ = true;
  ready_at_ = now;
  deadline_ = now.mono + policy_.stable_after;
  enter(ChildState::running, now);
}

void ChildMachine::handle_exit(std::uint64_t generation, ExitStatus status, Now now) {
  if (generation != status_.generation || !alive()) return;
  const bool requested = exit_requested();
  status_.pid.reset();
  if (requested) {
    if (wanted_) ++status_.restarts;
    settle(now);
  } else {
    const bool by_itself = status_.state != ChildState::stopping;
    failed(by_itself && status == ExitStatus{}, now);
  }
}

void ChildMachine::handle_timeout(Now now) {
  if (!deadline_ || now.mono < *deadline_) return;
  deadline_.reset();
  switch (status_.state) {
    case ChildState::starting:  // never became ready
      end(now, true);
      break;
    case ChildState::running:  // stable: what was before is forgotten
      failures_ = 0;
      backoff_.reset();
      status_.crash_looping = false;
      break;
    case ChildState::backoff:
      ++status_.restarts;
      spawn(now);
      break;
    case ChildState::stopping:
      if (status_.pid) effects_.push_back(Signal{status_.generation, SIGKILL});
      break;
    case ChildState::stopped:
    case ChildState::failed:
      break;
  }
}

std::optional<ChildMachine::Effect> ChildMachine::poll_effect() {
  if (effects_.empty()) return std::nullopt;
  auto effect = effects_.front();
  effects_.pop_front();
  return effect;
}

std::optional<Instant> ChildMachine::poll_timeout() const {
  return deadline_;
}

bool ChildMachine::exit_requested() const {
  return status_.state == ChildState::stopping && !ending_is_failure_;
}

void ChildMachine::spawn(Now now) {
  ++status_.generation;
  status_.retry_at.reset();
  ready_ = false;
  ending_is_failure_ = false;
  deadline_.reset();
  enter(ChildState::starting, now);
  effects_.push_back(Spawn{status_.generation});
}

void ChildMachine::end(Now now, bool as_failure) {
  if (status_.state == ChildState::stopping) {
    // A command turns an ending that was a failure into one that was asked for.
    if (!as_failure) ending_is_failure_ = false;
    return;
  }
  ending_is_failure_ = as_failure;
  deadline_ = now.mono + policy_.stop_timeout;
  enter(ChildState::stopping, now);
  if (status_.pid) effects_.push_back(Signal{status_.generation, SIGTERM});
}

void ChildMachine::failed(bool clean_exit, Now now) {
  deadline_.reset();
  const bool stable = ready_ && now.mono - ready_at_.mono >= policy_.stable_after;
  if (stable) {
    failures_ = 0;
    backoff_.reset();
  }
  ++failures_;
  status_.crash_looping = failures_ >= policy_.crash_loop_after;
  const bool again = policy_.restart == RestartPolicy::always ||
                     (policy_.restart == RestartPolicy::on_failure && !clean_exit);
  if (!wanted_ || !again) {
    wanted_ = false;
    enter(ChildState::failed, now);
    return;
  }
  if (stable) {
    ++status_.restarts;
    spawn(now);
    return;
  }
  if (ready_ && now.mono - ready_at_.mono >= policy_.worked_after)
    backoff_.ease(policy_.worked_backoff);
  const auto delay = backoff_.next();
  status_.retry_at = now + delay;
  deadline_ = status_.retry_at->mono;
  enter(ChildState::backoff, now);
}

void ChildMachine::settle(Now now) {
  deadline_.reset();
  status_.retry_at.reset();
  if (wanted_)
    spawn(now);
  else
    enter(ChildState::stopped, now);
}

void ChildMachine::enter(ChildState state, Now now) {
  if (status_.state == state) return;
  status_.state = state;
  status_.since = now;
}

bool ChildMachine::alive() const {
  return status_.state == ChildState::starting || status_.state == ChildState::running ||
         status_.state == ChildState::stopping;
}

}  // namespace rocd
