#include "base/clock.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace rocd;

TEST_CASE("wall time is written as RFC 3339 in UTC with milliseconds") {
  using namespace std::chrono;
  const WallTime time = sys_days(2026y / November / 20) + 12h + 3min + 4s + 56ms;
  CHECK(format_utc(time) == "2026-11-20T12:03:04.056Z");
  CHECK(format_utc(WallTime{} - 1ms) == "1969-12-31T23:59:59.999Z");
}
