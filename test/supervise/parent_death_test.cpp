// rocd killed with SIGKILL: no child may survive it, whatever it was doing.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <csignal>
#include <random>

#include "supervise/process_harness.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

struct Guarded : Reactor {
  ProcessSpawner spawner{io.get_executor()};

  // A guardian that supervises `count` children; not started by rocd's rules, so that only its own
  // death can end them.
  void start(SpawnedProbe& guardian, int count, std::vector<std::string> child) {
    std::vector<std::string> argv{ROCD_BIN_DIR "/rocd_test_guardian", std::to_string(count)};
    for (auto& argument : child_argv(std::move(child))) argv.push_back(argument);
    auto spawned = spawner.spawn({argv, {}}, guardian.callbacks());
    REQUIRE(spawned.has_value());
    guardian.child = std::move(*spawned);
  }
};

// Children only: the guardian has the mark on its command line too.
std::vector<int> children_marked(const std::string& mark, int guardian) {
  auto found = processes_marked(mark);
  std::erase(found, guardian);
  return found;
}

}  // namespace

TEST_CASE_METHOD(Guarded, "when rocd is killed, its children end with it") {
  for (int round = 0; round < 10; ++round) {
    const auto mark = unique_mark();
    SpawnedProbe guardian;
    start(guardian, 10, {"ignore=15", "ignore=1", "wait", mark});
    const int pid = guardian.child->identity().pid;
    REQUIRE(until([&] { return children_marked(mark, pid).size() == 10; }));
    REQUIRE(::kill(pid, SIGKILL) == 0);  // not its group: the children have groups of their own
    REQUIRE(until([&] { return processes_marked(mark).empty(); }));
    CHECK(until([&] { return !guardian.exits.empty(); }));
  }
}

TEST_CASE_METHOD(Guarded, "when rocd is killed while it is spawning, no child is left either") {
  // Its children end at once, so it is spawning nearly all the time; killed at any moment of that.
  std::mt19937 random(7);
  for (int round = 0; round < 40; ++round) {
    const auto mark = unique_mark();
    SpawnedProbe guardian;
    // Half of them live on for a while, so that a survivor would be seen.
    start(guardian, 8, {round % 2 == 0 ? "sleep=1" : "sleep=60000", mark});
    const int pid = guardian.child->identity().pid;
    if (round % 4 != 3) {
      REQUIRE(until([&] { return guardian.out == "running\n"; }));
    }
    const auto moment = Now::read().mono + std::chrono::microseconds(random() % 5000);
    while (Now::read().mono < moment) {
    }
    REQUIRE(::kill(pid, SIGKILL) == 0);
    REQUIRE(until([&] { return !guardian.exits.empty(); }));
    REQUIRE(until([&] { return processes_marked(mark).empty(); }, 30s));
  }
}
