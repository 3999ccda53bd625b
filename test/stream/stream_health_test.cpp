#include "stream/stream_health.hpp"

#include <catch2/catch_test_macros.hpp>

namespace rocd {
namespace {

const HealthReport good{Health::healthy, "", ""};
const HealthReport fair{Health::partially_healthy, "gaps", "cable"};
const HealthReport bad{Health::unhealthy, "no sender", "start it"};

struct Filter : HealthFilter {
  Instant now{100s};
  void pass(Duration d) {
    const Instant until = now + d;
    while (const auto next = poll_timeout()) {
      if (*next > until) break;
      now = *next;
      handle_timeout(now);
    }
    now = until;
  }
  [[nodiscard]] Health shown() const { return report().overall; }
};

TEST_CASE("health is inactive until something is asked for") {
  Filter filter;
  filter.handle(bad, filter.now);
  CHECK(filter.shown() == Health::inactive);
  CHECK_FALSE(filter.poll_timeout());
}

TEST_CASE("after activation bad news waits for 3 s, without a false healthy, with its message") {
  Filter filter;
  filter.activate(filter.now);
  filter.handle(bad, filter.now);
  CHECK(filter.shown() == Health::inactive);
  CHECK(filter.report().message == "no sender");
  filter.pass(2999ms);
  CHECK(filter.shown() == Health::inactive);
  filter.pass(1ms);
  CHECK(filter.report() == bad);
}

TEST_CASE("after activation good news shows at once, and bad news after it still waits") {
  Filter filter;
  filter.activate(filter.now);
  filter.handle(good, filter.now);
  CHECK(filter.shown() == Health::healthy);
  filter.pass(1s);
  filter.handle(bad, filter.now);
  CHECK(filter.shown() == Health::healthy);
  filter.pass(2s);
  CHECK(filter.shown() == Health::unhealthy);
}

TEST_CASE("later a worsening shows at once and an improvement after 3 s stable") {
  Filter filter;
  filter.activate(filter.now);
  filter.handle(good, filter.now);
  filter.pass(10s);
  filter.handle(fair, filter.now);
  CHECK(filter.shown() == Health::partially_healthy);
  filter.handle(bad, filter.now);
  CHECK(filter.shown() == Health::unhealthy);
  filter.handle(good, filter.now);
  CHECK(filter.shown() == Health::unhealthy);
  filter.pass(2s);
  filter.handle(bad, filter.now);  // not stable
  filter.handle(good, filter.now);
  filter.pass(2s);
  CHECK(filter.shown() == Health::unhealthy);
  filter.pass(1s);
  CHECK(filter.shown() == Health::healthy);
  CHECK_FALSE(filter.poll_timeout());
}

TEST_CASE("deactivation shows inactive at once") {
  Filter filter;
  filter.activate(filter.now);
  filter.handle(good, filter.now);
  filter.deactivate();
  CHECK(filter.shown() == Health::inactive);
  CHECK_FALSE(filter.poll_timeout());
}

}  // namespace
}  // namespace rocd
