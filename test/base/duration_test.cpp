#include "base/duration.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <utility>

using namespace rocd;

TEST_CASE("durations are read as Roc Toolkit writes them") {
  const std::pair<const char*, Duration> table[] = {
      {"200ms", 200ms}, {"1.5s", 1500ms}, {"2.5ms", 2500us}, {"0ms", 0ms},
      {"90m", 90min},   {"1h", 1h},       {"10us", 10us},    {"7ns", 7ns},
      {".5s", 500ms},   {"5.s", 5s},      {"0.4ns", 0ns},    {"0.5ns", 1ns},
  };
  for (const auto& [text, expected] : table) {
    INFO(text);
    const auto parsed = parse_duration(text);
    REQUIRE(parsed.has_value());
    CHECK(*parsed == expected);
  }
}

TEST_CASE("a duration without a unit, with a sign or with anything after it is refused") {
  for (const auto* wrong : {"",
                            "200",
                            "ms",
                            "-1ms",
                            "-0ms",
                            "+1ms",
                            "1 ms",
                            "1ms ",
                            "1msec",
                            "nan",
                            "infs",
                            "1e3ms",
                            "0x10ms",
                            ".ms",
                            "1..5s",
                            "1.5.s",
                            "1.-5s",
                            "9223372036854775808ns",
                            "9223372036.9s",
                            "99999999999999999999h"}) {
    INFO(wrong);
    const auto parsed = parse_duration(wrong);
    REQUIRE(parsed.has_error());
    CHECK(parsed.error().code == ErrorCode::invalid_argument);
    CHECK(parsed.error().message == "'" + std::string(wrong) +
                                        "' is not a duration, expected a number and a unit such "
                                        "as '200ms' or '1.5s'");
  }
}

TEST_CASE("a formatted duration reads back as itself") {
  for (const Duration d :
       {Duration(0), Duration(200ms), Duration(2500us), Duration(2s), Duration(1500ms),
        Duration(1ns), Duration(3h), Duration(4503599627370499000), Duration::max()}) {
    INFO(format_duration(d));
    CHECK(*parse_duration(format_duration(d)) == d);
  }
  CHECK(format_duration(200ms) == "200ms");
  CHECK(format_duration(2500us) == "2.5ms");
  CHECK(format_duration(2s) == "2s");
}
