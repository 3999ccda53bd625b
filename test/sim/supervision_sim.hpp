// A deterministic world for ChildMachine: virtual time, processes that crash, hang, ignore signals
// or cannot be started, people who start, stop and restart them; everything follows from one seed.
// Decides nothing about the machine: a model of its own says what the machine must do, and the
// first difference ends the run.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "supervise/child_machine.hpp"

namespace rocd::test {

struct SimFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class SupervisionSim {
 public:
  explicit SupervisionSim(std::uint64_t seed);

  // Lets the world run, then stops every child and waits for the end. Throws SimFailure.
  void run(Duration duration);

  [[nodiscard]] const std::vector<std::string>& trace() const { return trace_; }
  struct Totals {
    std::uint64_t spawns = 0, failures = 0, immediate_restarts = 0, delayed_restarts = 0, kills = 0,
                  commands = 0, crash_loops = 0;
  };
  [[nodiscard]] const Totals& totals() const { return totals_; }

 private:
  struct Process {
    std::uint64_t generation = 0;
    bool reported = false;  // handle_spawned() was called
    bool obeys_term = true;
    std::optional<Instant> term_at, kill_at;
    std::optional<Instant> ready_at;
  };

  // What must be true of a child, by the rules and not by the machine.
  struct Model {
    bool wanted = false;
    bool exit_requested = false;  // of the live process
    bool faulted = false;
    std::uint32_t failures = 0;
    std::uint32_t delays = 0;  // since the last reset of the backoff
  };

  struct Child {
    Child(ChildPolicy p, std::uint64_t seed) : policy(p), machine(p, seed) {}
    int number = 0;
    ChildPolicy policy;
    ChildMachine machine;
    Model model;
    std::optional<Process> process;
    std::uint64_t generation = 0;            // of the last spawn
    bool spawn_expected = false;             // the rules demand a spawn now
    std::optional<Duration> delay_expected;  // without jitter
  };

  using Action = std::function<void()>;

  void at(Duration delay, Action action);
  void step();
  void command(Child& child);
  void command_start(Child& child);
  void command_stop(Child& child);
  void command_restart(Child& child);
  void command_fault(Child& child);
  void stale_facts(Child& child);

  void drive(Child& child);
  void perform(Child& child, const ChildMachine::Spawn& spawn);
  void perform(Child& child, const ChildMachine::Signal& signal);
  void plan_life(Child& child, std::uint64_t generation);
  void become_ready(Child& child, std::uint64_t generation);
  void end_process(Child& child, std::uint64_t generation, ExitStatus status);
  void spawn_failed(Child& child, std::uint64_t generation);
  void expect_after_failure(Child& child, bool clean_by_itself, bool stable);
  void notice_timeout(Child& child);

  void check(Child& child);
  void check_backoff(const Child& child);
  void require(bool condition, const Child& child, const std::string& what) const;
  void note(const Child& child, const std::string& what);

  [[nodiscard]] double chance() { return std::uniform_real_distribution<>(0, 1)(random_); }
  [[nodiscard]] Duration between(Duration low, Duration high);
  [[nodiscard]] ChildPolicy random_policy();
  [[nodiscard]] ExitStatus random_exit();

  std::mt19937_64 random_;
  Now now_{Instant(1h), WallTime(1'700'000'000s)};
  std::multimap<Instant, Action> agenda_;
  std::vector<std::unique_ptr<Child>> children_;
  std::vector<std::string> trace_;
  Totals totals_;
};

}  // namespace rocd::test
