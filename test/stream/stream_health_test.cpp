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

TEST_CASE("a reader of events is told of a change of health at once, of its words every 5 s") {
  HealthNews news;
  Instant now{100s};
  auto told = good;
  const auto told_of = [&](const HealthReport& current) {
    if (!news.is_due(told, current, now)) return false;
    told = current;
    return true;
  };
  CHECK_FALSE(told_of(good));
  CHECK(told_of(bad));
  auto other = bad;
  other.message = "still no sender";
  now += 1s;
  CHECK_FALSE(told_of(other));
  CHECK(news.poll_timeout() == now + 4s);
  CHECK(told_of(fair));
  CHECK(told_of(good));
  CHECK_FALSE(news.poll_timeout());
  CHECK(told_of(bad));
  CHECK_FALSE(told_of(other));
  now += 4999ms;
  CHECK_FALSE(told_of(other));
  now += 1ms;
  CHECK(told_of(other));  // the last words are always told
  CHECK_FALSE(news.poll_timeout());
}

TEST_CASE("words of health that change and change back are not told") {
  HealthNews news;
  const Instant now{100s};
  CHECK(news.is_due(good, bad, now));
  auto other = bad;
  other.hint = "start it again";
  CHECK_FALSE(news.is_due(bad, other, now + 1s));
  CHECK(news.poll_timeout() == now + 5s);
  CHECK_FALSE(news.is_due(bad, bad, now + 2s));
  CHECK_FALSE(news.poll_timeout());
}

}  // namespace
}  // namespace rocd
