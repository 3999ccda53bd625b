#include "faults/waits.hpp"

#include <catch2/catch_test_macros.hpp>

#include "e2e/process.hpp"
#include "e2e/rocd.hpp"

using namespace rocd::test;

TEST_CASE("who wants to go on beside another on one processor waits, who sleeps does not",
          "[faults]") {
  const auto spin = [] {
    return Process({.argv = {"taskset", "-c", "0", "sh", "-c", "while :; do :; done"},
                    .output = "/dev/null",
                    .errors = {}});
  };
  const auto first = spin(), second = spin();
  const Process sleeper({.argv = {"sleep", "3600"}, .output = "/dev/null", .errors = {}});
  const auto begin = std::chrono::steady_clock::now();
  const ProcessorWaits waits(
      {{"first", first.pid()}, {"second", second.pid()}, {"sleeper", sleeper.pid()}});
  const auto waited = [&](const std::string& name) {
    return waits.waited(name, begin, std::chrono::steady_clock::now());
  };
  CHECK(eventually([&] { return waited("first") > 0.5 && waited("second") > 0.5; }));
  CHECK(waited("sleeper") < 0.5);
  CHECK(waited("nobody") == 0);
  // Only what was then.
  CHECK(waits.waited("first", begin, begin) < waited("first"));
}
