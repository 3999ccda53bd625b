#include "support/later_signal.hpp"

#include <signal.h>

#include <catch2/catch_test_macros.hpp>

#include "e2e/process.hpp"
#include "e2e/rocd.hpp"
#include "faults/fault.hpp"

using namespace rocd::test;

TEST_CASE("who is stopped for a while goes on when it is due, though nobody ends it", "[faults]") {
  Process sleeper({.argv = {"sleep", "3600"}, .output = "/dev/null", .errors = {}});
  const auto begin = std::chrono::steady_clock::now();
  ::kill(sleeper.pid(), SIGSTOP);
  REQUIRE(eventually([&] { return process_state(sleeper.pid()) == 'T'; }));
  const LaterSignal later(sleeper.pid(), SIGCONT, begin + 300ms);
  CHECK(eventually([&] { return process_state(sleeper.pid()) == 'S'; }));
  CHECK(std::chrono::steady_clock::now() - begin >= 300ms);
}

TEST_CASE("who waits for a later signal finds it sent", "[faults]") {
  Process sleeper({.argv = {"sleep", "3600"}, .output = "/dev/null", .errors = {}});
  LaterSignal later(sleeper.pid(), SIGTERM, std::chrono::steady_clock::now() + 50ms);
  later.wait();
  CHECK(sleeper.wait(10s) == "signal 15");
}

TEST_CASE("a later signal to who has ended goes nowhere", "[faults]") {
  Process brief({.argv = {"sleep", "3600"}, .output = "/dev/null", .errors = {}});
  LaterSignal later(brief.pid(), SIGCONT, std::chrono::steady_clock::now() + 100ms);
  ::kill(brief.pid(), SIGKILL);
  CHECK(brief.wait(10s).has_value());
  later.wait();
  CHECK_THROWS_AS(LaterSignal(brief.pid(), SIGCONT, std::chrono::steady_clock::now()),
                  std::system_error);
}
