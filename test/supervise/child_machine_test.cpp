#include "supervise/child_machine.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <csignal>
#include <string>
#include <vector>

using namespace rocd;

namespace {

constexpr ExitStatus exited(int status) {
  return {ExitStatus::Kind::exited, status};
}
constexpr ExitStatus killed_by(int signal) {
  return {ExitStatus::Kind::signaled, signal};
}

ChildPolicy test_policy() {
  ChildPolicy policy;
  policy.ready_timeout = 45s;
  policy.stop_timeout = 2s;
  policy.stable_after = 10s;
  policy.crash_loop_after = 5;
  policy.backoff = {.initial = 100ms, .cap = 30s, .factor = 2.0, .jitter = 0.0};
  return policy;
}

// A machine, a clock, and a spawner that always succeeds at once.
struct Child {
  explicit Child(ChildPolicy policy = test_policy()) : machine(policy, 1) {}

  void start() {
    does([&] { machine.handle_start(now); });
  }
  void stop() {
    does([&] { machine.handle_stop(now); });
  }
  void restart() {
    does([&] { machine.handle_restart(now); });
  }
  void fault() {
    does([&] { machine.handle_fault(now); });
  }
  void ready() {
    does([&] { machine.handle_ready(generation(), now); });
  }
  void exit(ExitStatus status) {
    does([&] { machine.handle_exit(generation(), status, now); });
  }

  // Lets time go by, telling the machine whenever it asked for that.
  void pass(Duration duration) {
    const auto end = now + duration;
    while (machine.poll_timeout() && *machine.poll_timeout() <= end.mono) {
      now = now + (*machine.poll_timeout() - now.mono);
      does([&] { machine.handle_timeout(now); });
    }
    now = end;
  }

  template <class Action>
  void does(Action&& action) {
    action();
    while (const auto effect = machine.poll_effect()) {
      if (const auto* spawn = std::get_if<ChildMachine::Spawn>(&*effect)) {
        ++spawns;
        REQUIRE(spawn->generation == generation());
        if (spawning_works)
          machine.handle_spawned(spawn->generation, 100 + spawns, now);
        else
          machine.handle_spawn_failed(spawn->generation, now);
      } else {
        signals.push_back(std::get<ChildMachine::Signal>(*effect).signal);
      }
    }
  }

  void run_stably() {
    start();
    ready();
    pass(10s);
  }

  [[nodiscard]] ChildState state() const { return machine.status().state; }
  [[nodiscard]] std::uint64_t generation() const { return machine.status().generation; }

  ChildMachine machine;
  Now now{Instant(1000s), WallTime(1'700'000'000s)};
  int spawns = 0;
  std::vector<int> signals;
  bool spawning_works = true;
};

using Signals = std::vector<int>;

}  // namespace

TEST_CASE("a child begins stopped, and asks for nothing") {
  Child child;
  CHECK(child.state() == ChildState::stopped);
  CHECK_FALSE(child.machine.poll_timeout());
  CHECK_FALSE(child.machine.poll_effect());
}

TEST_CASE("a started child is spawned, and runs when it says that it is ready") {
  Child child;
  child.start();
  CHECK(child.state() == ChildState::starting);
  CHECK(child.spawns == 1);
  CHECK(child.machine.status().generation == 1);
  CHECK(child.machine.status().pid == 101);
  child.ready();
  CHECK(child.state() == ChildState::running);
  CHECK(child.machine.status().restarts == 0);
}

TEST_CASE("starting twice spawns once") {
  Child child;
  child.start();
  child.start();
  child.ready();
  child.start();
  CHECK(child.spawns == 1);
}

TEST_CASE("a child that was stable is restarted without any delay") {
  Child child;
  child.run_stably();
  child.exit(killed_by(SIGSEGV));
  CHECK(child.state() == ChildState::starting);
  CHECK(child.spawns == 2);
  CHECK(child.generation() == 2);
  CHECK(child.machine.status().restarts == 1);
  CHECK_FALSE(child.machine.status().retry_at);
}

TEST_CASE("a child that was not stable yet waits before its first restart") {
  Child child;
  child.start();
  child.ready();
  child.pass(9999ms);
  child.exit(exited(1));
  CHECK(child.state() == ChildState::backoff);
  CHECK(child.spawns == 1);
  REQUIRE(child.machine.status().retry_at);
  CHECK(child.machine.status().retry_at->mono == child.now.mono + 100ms);
  CHECK_FALSE(child.machine.status().pid);
  child.pass(99ms);
  CHECK(child.spawns == 1);
  child.pass(1ms);
  CHECK(child.spawns == 2);
  CHECK(child.state() == ChildState::starting);
  CHECK_FALSE(child.machine.status().retry_at);
}

TEST_CASE("a child that worked for a while waits less than one that never did") {
  Child child;
  child.start();
  for (int i = 0; i < 8; ++i) {  // 100 ms to 12.8 s
    child.exit(killed_by(9));
    child.pass(30s);
  }
  child.ready();
  child.pass(1999ms);
  child.exit(killed_by(9));
  CHECK(child.state() == ChildState::backoff);
  child.pass(10s);
  CHECK(child.state() == ChildState::backoff);
  child.pass(20s);
  child.ready();
  child.pass(2s);
  child.exit(killed_by(9));
  child.pass(799ms);
  CHECK(child.state() == ChildState::backoff);
  child.pass(1ms);
  CHECK(child.state() == ChildState::starting);
  // It is no stable run: the failures still count, and the next delay is longer again.
  CHECK(child.machine.status().crash_looping);
  child.exit(killed_by(9));
  child.pass(1599ms);
  CHECK(child.state() == ChildState::backoff);
  child.pass(1ms);
  CHECK(child.state() == ChildState::starting);
}

TEST_CASE("time spent before readiness does not make a child stable") {
  Child child;
  child.start();
  child.pass(40s);
  child.exit(exited(1));
  CHECK(child.state() == ChildState::backoff);
}

TEST_CASE("delays double with each failure up to the cap") {
  Child child;
  child.start();
  Duration expected = 100ms;
  for (int failure = 0; failure < 20; ++failure) {
    child.exit(exited(1));
    REQUIRE(child.machine.status().retry_at);
    CHECK(child.machine.status().retry_at->mono - child.now.mono == expected);
    child.pass(expected);
    REQUIRE(child.state() == ChildState::starting);
    expected = std::min<Duration>(expected * 2, 30s);
  }
  CHECK(expected == 30s);
}

TEST_CASE("crash looping is shown after five failures in a row, and restarts go on") {
  Child child;
  child.start();
  for (int failure = 1; failure <= 100; ++failure) {
    child.exit(killed_by(SIGABRT));
    CHECK(child.machine.status().crash_looping == (failure >= 5));
    child.pass(30s);
    REQUIRE(child.state() == ChildState::starting);
  }
  CHECK(child.machine.status().restarts == 100);
}

TEST_CASE("a stable run ends crash looping, and then delays begin anew") {
  Child child;
  child.start();
  for (int failure = 0; failure < 7; ++failure) {
    child.exit(exited(1));
    child.pass(30s);
  }
  child.ready();
  CHECK(child.machine.status().crash_looping);
  child.pass(9s);
  CHECK(child.machine.status().crash_looping);
  child.pass(1s);
  CHECK_FALSE(child.machine.status().crash_looping);
  child.exit(exited(1));
  CHECK(child.state() == ChildState::starting);  // at once
  child.exit(exited(1));
  REQUIRE(child.machine.status().retry_at);
  CHECK(child.machine.status().retry_at->mono - child.now.mono == 100ms);
}

TEST_CASE("an exit that was not asked for is a failure, exit status 0 too") {
  Child child;
  child.start();
  child.ready();
  child.exit(exited(0));
  CHECK(child.state() == ChildState::backoff);
}

TEST_CASE("with restart on_failure, a child that left with status 0 stays failed, others do not") {
  auto policy = test_policy();
  policy.restart = RestartPolicy::on_failure;
  Child child(policy);
  child.run_stably();
  SECTION("status 0") {
    child.exit(exited(0));
    CHECK(child.state() == ChildState::failed);
    CHECK_FALSE(child.machine.poll_timeout());
    child.start();
    CHECK(child.state() == ChildState::starting);
  }
  SECTION("status 1") {
    child.exit(exited(1));
    CHECK(child.state() == ChildState::starting);
  }
  SECTION("a signal") {
    child.exit(killed_by(SIGTERM));
    CHECK(child.state() == ChildState::starting);
  }
  SECTION("status 0 as the answer to a fault") {
    child.fault();
    child.exit(exited(0));
    CHECK(child.state() == ChildState::starting);
  }
}

TEST_CASE("with restart never, every failure is final until the next start or restart") {
  auto policy = test_policy();
  policy.restart = RestartPolicy::never;
  Child child(policy);
  child.run_stably();
  const auto status = GENERATE(exited(0), exited(1), killed_by(SIGKILL));
  child.exit(status);
  CHECK(child.state() == ChildState::failed);
  child.pass(3600s);
  CHECK(child.spawns == 1);
  SECTION("start") {
    child.start();
  }
  SECTION("restart") {
    child.restart();
  }
  CHECK(child.state() == ChildState::starting);
  CHECK(child.spawns == 2);
}

TEST_CASE("a child that cannot be spawned is tried again with growing delays") {
  Child child;
  child.spawning_works = false;
  child.start();
  CHECK(child.state() == ChildState::backoff);
  child.pass(100ms);
  CHECK(child.spawns == 2);
  CHECK(child.machine.status().retry_at->mono - child.now.mono == 200ms);
  child.spawning_works = true;
  child.pass(200ms);
  CHECK(child.state() == ChildState::starting);
}

TEST_CASE("a child that is not ready in time is ended, and that is a failure") {
  Child child;
  child.start();
  child.pass(45s);
  CHECK(child.state() == ChildState::stopping);
  CHECK(child.signals == Signals{SIGTERM});
  CHECK_FALSE(child.machine.exit_requested());
  child.exit(killed_by(SIGTERM));
  CHECK(child.state() == ChildState::backoff);
}

TEST_CASE("a ready timeout of zero means no limit") {
  auto policy = test_policy();
  policy.ready_timeout = Duration::zero();
  Child child(policy);
  child.start();
  child.pass(86400s);
  CHECK(child.state() == ChildState::starting);
}

TEST_CASE("stopping sends TERM, and KILL once when that does not help in time") {
  Child child;
  child.run_stably();
  child.stop();
  CHECK(child.state() == ChildState::stopping);
  CHECK(child.machine.exit_requested());
  CHECK(child.signals == Signals{SIGTERM});
  child.pass(1999ms);
  CHECK(child.signals == Signals{SIGTERM});
  child.pass(1ms);
  CHECK(child.signals == Signals{SIGTERM, SIGKILL});
  child.pass(3600s);
  CHECK(child.signals == Signals{SIGTERM, SIGKILL});
  child.exit(killed_by(SIGKILL));
  CHECK(child.state() == ChildState::stopped);
  child.pass(3600s);
  CHECK(child.spawns == 1);
}

TEST_CASE("stop is accepted in every state") {
  Child child;
  SECTION("stopped") {
    child.stop();
    CHECK(child.state() == ChildState::stopped);
  }
  SECTION("starting") {
    child.start();
    child.stop();
    CHECK(child.state() == ChildState::stopping);
    child.exit(killed_by(SIGTERM));
  }
  SECTION("running") {
    child.start();
    child.ready();
    child.stop();
    child.exit(killed_by(SIGTERM));
  }
  SECTION("backoff") {
    child.start();
    child.exit(exited(1));
    child.stop();
    CHECK_FALSE(child.machine.status().retry_at);
  }
  SECTION("stopping") {
    child.start();
    child.stop();
    child.stop();
    CHECK(child.signals == Signals{SIGTERM});
    child.exit(killed_by(SIGTERM));
  }
  SECTION("stopping for a restart") {
    child.start();
    child.restart();
    child.stop();
    child.exit(killed_by(SIGTERM));
  }
  SECTION("stopping after a fault") {
    child.start();
    child.fault();
    child.stop();
    CHECK(child.machine.exit_requested());
    child.exit(exited(1));
  }
  SECTION("failed") {
    auto policy = test_policy();
    policy.restart = RestartPolicy::never;
    child.machine.handle_policy(policy);
    child.start();
    child.exit(exited(1));
    child.stop();
  }
  CHECK(child.state() == ChildState::stopped);
  const auto spawns = child.spawns;
  child.pass(3600s);
  CHECK(child.spawns == spawns);
  CHECK_FALSE(child.machine.poll_timeout());
}

TEST_CASE("a stop between the decision to spawn and the process reaches that process") {
  Child child;
  child.machine.handle_start(child.now);
  const auto effect = child.machine.poll_effect();
  REQUIRE(effect);
  child.machine.handle_stop(child.now);
  CHECK_FALSE(child.machine.poll_effect());  // nobody to signal yet
  child.does([&] { child.machine.handle_spawned(1, 4711, child.now); });
  CHECK(child.signals == Signals{SIGTERM});
  child.pass(1999ms);
  CHECK(child.signals == Signals{SIGTERM});  // its time begins when it was told
  child.exit(killed_by(SIGTERM));
  CHECK(child.state() == ChildState::stopped);
}

TEST_CASE("restart is accepted in every state, and is never a failure") {
  Child child;
  SECTION("stopped") {
    child.restart();
  }
  SECTION("starting") {
    child.start();
    child.restart();
    CHECK(child.spawns == 1);  // first the old one must be gone
    child.exit(killed_by(SIGTERM));
    CHECK(child.machine.status().restarts == 1);
  }
  SECTION("running") {
    child.run_stably();
    child.restart();
    child.exit(exited(1));
    CHECK(child.machine.status().restarts == 1);
  }
  SECTION("backoff: at once") {
    child.start();
    child.exit(exited(1));
    child.restart();
  }
  SECTION("stopping by a stop") {
    child.run_stably();
    child.stop();
    child.restart();
    child.exit(killed_by(SIGTERM));
  }
  SECTION("stopping by a fault") {
    child.run_stably();
    child.fault();
    child.restart();
    child.exit(killed_by(SIGTERM));
  }
  SECTION("crash looping: forgotten") {
    child.start();
    for (int failure = 0; failure < 6; ++failure) {
      child.exit(exited(1));
      child.pass(30s);
    }
    child.restart();
    child.exit(killed_by(SIGTERM));
    CHECK_FALSE(child.machine.status().crash_looping);
  }
  CHECK(child.state() == ChildState::starting);
  CHECK(child.machine.status().pid == 100 + child.spawns);
  const auto spawns = child.spawns;
  child.exit(exited(1));
  CHECK(child.machine.status().retry_at->mono - child.now.mono == 100ms);
  child.pass(100ms);
  CHECK(child.spawns == spawns + 1);
}

TEST_CASE("start while stopping means a new generation as soon as the old one is gone") {
  Child child;
  child.run_stably();
  child.stop();
  child.start();
  CHECK(child.spawns == 1);
  child.exit(killed_by(SIGTERM));
  CHECK(child.state() == ChildState::starting);
  CHECK(child.generation() == 2);
}

TEST_CASE("a fault ends a child that is alive, and is a failure") {
  Child child;
  SECTION("stable before: restarted at once") {
    child.run_stably();
    child.fault();
    CHECK(child.state() == ChildState::stopping);
    CHECK_FALSE(child.machine.exit_requested());
    CHECK(child.signals == Signals{SIGTERM});
    child.exit(killed_by(SIGTERM));
    CHECK(child.state() == ChildState::starting);
  }
  SECTION("not stable before: after a delay") {
    child.start();
    child.fault();
    child.exit(killed_by(SIGTERM));
    CHECK(child.state() == ChildState::backoff);
  }
  SECTION("ignoring TERM: killed") {
    child.start();
    child.fault();
    child.pass(2s);
    CHECK(child.signals == Signals{SIGTERM, SIGKILL});
  }
}

TEST_CASE("a fault of a child that does not live changes nothing") {
  Child child;
  child.fault();
  CHECK(child.state() == ChildState::stopped);
  child.start();
  child.exit(exited(1));
  child.fault();
  CHECK(child.state() == ChildState::backoff);
  CHECK(child.signals.empty());
}

TEST_CASE("facts of an older generation are ignored") {
  Child child;
  child.run_stably();
  child.exit(exited(1));
  REQUIRE(child.generation() == 2);
  child.does([&] { child.machine.handle_ready(1, child.now); });
  CHECK(child.state() == ChildState::starting);
  child.does([&] { child.machine.handle_exit(1, exited(1), child.now); });
  child.does([&] { child.machine.handle_spawn_failed(1, child.now); });
  CHECK(child.state() == ChildState::starting);
  CHECK(child.machine.status().pid == 102);
  child.does([&] { child.machine.handle_spawned(1, 9999, child.now); });
  CHECK(child.machine.status().pid == 102);
}

TEST_CASE("a change of policy is followed from the next failure on") {
  Child child;
  child.start();
  auto policy = test_policy();
  policy.backoff.initial = 7s;
  child.machine.handle_policy(policy);
  child.exit(exited(1));
  CHECK(child.machine.status().retry_at->mono - child.now.mono == 7s);
}

TEST_CASE("an unchanged policy does not shorten the next delay") {
  Child child;
  child.start();
  child.exit(exited(1));
  child.pass(100ms);
  child.machine.handle_policy(test_policy());
  child.exit(exited(1));
  CHECK(child.machine.status().retry_at->mono - child.now.mono == 200ms);
}

TEST_CASE("the time of the last change of state is kept") {
  Child child;
  child.start();
  const auto started = child.now;
  child.pass(3s);
  CHECK(child.machine.status().since.mono == started.mono);
  child.ready();
  CHECK(child.machine.status().since.mono == child.now.mono);
}

TEST_CASE("states have names") {
  CHECK(to_string(ChildState::stopped) == "stopped");
  CHECK(to_string(ChildState::starting) == "starting");
  CHECK(to_string(ChildState::running) == "running");
  CHECK(to_string(ChildState::backoff) == "backoff");
  CHECK(to_string(ChildState::stopping) == "stopping");
  CHECK(to_string(ChildState::failed) == "failed");
}
