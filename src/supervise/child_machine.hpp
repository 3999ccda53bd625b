// Decides when a child is started, signalled, restarted or given up. (pure)
// Contract: after each handle_*() drain poll_effect() until empty, then sleep until poll_timeout().
// Does not know what the child does, nor how a process is made.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>

#include "base/backoff.hpp"
#include "base/clock.hpp"
#include "model/stream.hpp"
#include "supervise/spawner.hpp"

namespace rocd {

enum class ChildState { stopped, starting, running, backoff, stopping, failed };
[[nodiscard]] std::string_view to_string(ChildState state);

struct ChildPolicy {
  // Any exit that rocd did not ask for is a failure, exit status 0 too, and so is an end after a
  // fault. `on_failure` differs from `always` in one case: a child that left by itself with exit
  // status 0 stays `failed`. `never`: whoever fails stays `failed` until the next start or restart.
  RestartPolicy restart = RestartPolicy::always;
  Duration ready_timeout = 45s;  // spawned but not ready by then: ended, a failure; 0: no limit
  Duration stop_timeout = 2s;    // from TERM to KILL of the group
  // Ready for that long: earlier failures are forgotten, and its next failure is answered at once.
  // Whoever fails before that waits, the first time too (backoff.initial): many children that fail
  // together must not feed the overload that may have made them fail.
  Duration stable_after = 10s;
  // Ready for that long at least: what kept it from working before is over, and it waits no longer
  // than that. So a second trouble soon after a long one is not answered as if it were the same.
  Duration worked_after = 2s;
  Duration worked_backoff = 800ms;
  // So many failures in a row without a stable run raise crash_looping. It never gives up.
  std::uint32_t crash_loop_after = 5;
  BackoffLimits backoff;
  bool takes_turns = false;  // waits while many others start (StartGate)
  friend bool operator==(const ChildPolicy&, const ChildPolicy&) = default;
};

struct ChildStatus {
  ChildState state = ChildState::stopped;
  std::uint64_t generation = 0;  // one per spawn; facts of older generations are stale
  std::optional<int> pid;
  std::uint32_t restarts = 0;  // spawns after a failure or a restart command
  bool crash_looping = false;
  std::optional<Now> retry_at;
  Now since{};
};

// stopped --start--> starting --ready--> running
// starting, running --exit, not ready in time, fault--> backoff --time--> starting
//                   \--and stable: starting at once; and the policy says no: failed
// starting, running --stop, restart, fault--> stopping --exit--> stopped | starting | backoff
class ChildMachine {
 public:
  struct Spawn {
    std::uint64_t generation;
  };
  struct Signal {
    std::uint64_t generation;
    int signal;
  };
  using Effect = std::variant<Spawn, Signal>;

  ChildMachine(ChildPolicy policy, std::uint64_t seed);

  // Commands: accepted in every state.
  void handle_start(Now now);
  void handle_stop(Now now);
  void handle_restart(Now now);            // new generation as soon as the old one is gone
  void handle_fault(Now now);              // alive but does not work: end it, counts as failure
  void handle_policy(ChildPolicy policy);  // running deadlines stay as they are

  // Facts: stale generations are ignored.
  void handle_spawned(std::uint64_t generation, int pid, Now now);
  void handle_spawn_failed(std::uint64_t generation, Now now);
  void handle_ready(std::uint64_t generation, Now now);
  void handle_exit(std::uint64_t generation, ExitStatus status, Now now);
  void handle_timeout(Now now);

  [[nodiscard]] std::optional<Effect> poll_effect();
  [[nodiscard]] std::optional<Instant> poll_timeout() const;
  [[nodiscard]] const ChildStatus& status() const { return status_; }
  [[nodiscard]] bool exit_requested() const;  // the next exit of this generation was asked for

 private:
  void spawn(Now now);
  void end(Now now, bool as_failure);
  void failed(bool clean_exit, Now now);
  void settle(Now now);  // after the process is gone, or never was
  void enter(ChildState state, Now now);
  [[nodiscard]] bool alive() const;

  ChildPolicy policy_;
  std::uint64_t seed_;
  Backoff backoff_;
  ChildStatus status_;
  bool wanted_ = false;
  bool ending_is_failure_ = false;  // while stopping: by a fault, not by a command
  bool ready_ = false;
  std::uint32_t failures_ = 0;  // in a row
  Now ready_at_{};
  std::optional<Instant> deadline_;
  std::deque<Effect> effects_;
};

}  // namespace rocd
