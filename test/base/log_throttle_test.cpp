#include "base/log_throttle.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace rocd;

TEST_CASE(
    "A line that others cause is logged at once, and then once in a while with their number") {
  LogThrottle throttle(10s);
  const Instant start{};
  CHECK(throttle.admit(start) == "");
  for (int i = 0; i < 1000; ++i) CHECK(!throttle.admit(start + 9999ms));
  CHECK(throttle.admit(start + 10s) == " (and 1000 more before)");
  CHECK(!throttle.admit(start + 11s));
  CHECK(throttle.admit(start + 1h) == " (and 1 more before)");
  CHECK(throttle.admit(start + 2h) == "");
}
