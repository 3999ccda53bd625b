#include "base/daemon_log.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/log.hpp"

namespace rocd::test {
namespace {

using spdlog::level::level_enum;

struct Fixture {
  std::shared_ptr<DaemonLog> kept = std::make_shared<DaemonLog>();
  spdlog::logger logger{"room", kept};
};

}  // namespace

TEST_CASE("the daemon's log keeps its last lines, with number, level and room") {
  Fixture f;
  f.logger.info("one");
  f.logger.warn("two");
  f.logger.error("three");
  const auto lines = f.kept->last(2, 0, level_enum::trace);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].number == 2);
  CHECK(lines[0].text == "two");
  CHECK(lines[0].logger == "room");
  CHECK(lines[0].level == level_enum::warn);
  CHECK(f.kept->last(9, 0, level_enum::err).size() == 1);
  CHECK(f.kept->last(9, 2, level_enum::trace).size() == 1);
  CHECK(f.kept->next(0, level_enum::warn)->number == 2);
  CHECK(f.kept->next(2, level_enum::trace)->text == "three");
  CHECK(f.kept->next(3, level_enum::trace) == nullptr);
}

TEST_CASE("the daemon's log is bounded, and counts what it no longer has") {
  Fixture f;
  const std::string text(1000, 'x');
  for (int i = 0; i < 1000; ++i) f.logger.info(text);
  CHECK(f.kept->last_number() == 1000);
  const auto lines = f.kept->last(10'000, 0, level_enum::trace);
  CHECK(lines.size() < DaemonLog::max_bytes / 1000);
  CHECK(lines.size() > 200);
  CHECK(lines.back().number == 1000);
  CHECK(f.kept->dropped_bytes() == (1000 - lines.size()) * 1000);
  CHECK(f.kept->next(0, level_enum::trace)->number == lines.front().number);
}

TEST_CASE("who follows the daemon's log is called for each line until it lets go") {
  Fixture f;
  int calls = 0;
  auto following = f.kept->subscribe([&] { ++calls; });
  f.logger.info("one");
  CHECK(calls == 1);
  following.reset();
  f.logger.info("two");
  CHECK(calls == 1);
}

TEST_CASE("what any room logs is kept") {
  const auto before = daemon_log().last_number();
  log("test").critical("seen");
  REQUIRE(daemon_log().last_number() == before + 1);
  CHECK(daemon_log().last(1, 0, level_enum::trace).front().text == "seen");
}

}  // namespace rocd::test
