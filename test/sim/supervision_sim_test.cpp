// Runs the simulated world for many seeds. One seed again, with its whole trace:
//   ROCD_SIM_SEED=17 build/debug/bin/test_sim
#include "sim/supervision_sim.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <iostream>

using namespace rocd;
using namespace rocd::test;

namespace {

std::string tail(const std::vector<std::string>& trace, std::size_t count) {
  std::string text;
  for (auto i = trace.size() - std::min(count, trace.size()); i < trace.size(); ++i)
    text += trace[i] + "\n";
  return text;
}

}  // namespace

TEST_CASE("whatever happens, supervision keeps its rules") {
  const char* chosen = std::getenv("ROCD_SIM_SEED");
  const std::uint64_t first = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : 1;
  const std::uint64_t last = chosen != nullptr ? first : 200;
  SupervisionSim::Totals sum;
  for (auto seed = first; seed <= last; ++seed) {
    SupervisionSim sim(seed);
    try {
      sim.run(std::chrono::hours(1));
    } catch (const SimFailure& failure) {
      FAIL("seed " << seed << ": " << failure.what() << "\nbefore that:\n"
                   << tail(sim.trace(), chosen != nullptr ? 4000 : 25)
                   << "again with ROCD_SIM_SEED=" << seed);
    }
    if (chosen != nullptr) std::cout << tail(sim.trace(), 4000);
    sum.spawns += sim.totals().spawns;
    sum.failures += sim.totals().failures;
    sum.immediate_restarts += sim.totals().immediate_restarts;
    sum.delayed_restarts += sim.totals().delayed_restarts;
    sum.kills += sim.totals().kills;
    sum.crash_loops += sim.totals().crash_loops;
  }
  if (chosen != nullptr) return;
  // A world in which nothing happens would prove nothing.
  CHECK(sum.spawns > 20'000);
  CHECK(sum.failures > 10'000);
  CHECK(sum.immediate_restarts > 1'000);
  CHECK(sum.delayed_restarts > 1'000);
  CHECK(sum.kills > 100);
  CHECK(sum.crash_loops > 100);
}

TEST_CASE("the same seed gives the same world") {
  SupervisionSim first(5), second(5), other(6);
  first.run(std::chrono::minutes(10));
  second.run(std::chrono::minutes(10));
  other.run(std::chrono::minutes(10));
  CHECK(first.trace() == second.trace());
  CHECK(first.trace() != other.trace());
}
