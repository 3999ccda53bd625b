// The daemon's own log over the API.
#include <boost/json/array.hpp>
#include <catch2/catch_test_macros.hpp>

#include "api/api_fixture.hpp"
#include "base/log.hpp"

namespace rocd::test {

TEST_CASE_METHOD(ApiFixture, "The daemon's log shows its last lines, all or the grave ones") {
  log("test").info("a plain line");
  log("test").error("a grave \"line\" \xff");
  const auto all = ask("GET", "/system/log?lines=2");
  CHECK(all.status == 200);
  CHECK(all.at("/lines/0/text") == "a plain line");
  CHECK(all.at("/lines/1/text") == "a grave \"line\" \uFFFD");
  CHECK(all.at("/lines/1/level") == "error");
  CHECK(all.at("/lines/1/logger") == "test");
  CHECK(ask("GET", "/system/log?lines=1&level=info").at("/lines/0/level") == "error");
  log("test").info("another plain line");
  CHECK(ask("GET", "/system/log?lines=1&level=warning").at("/lines/0/logger") == "test");
  CHECK(ask("GET", "/system/log?lines=0").json().at("lines").as_array().empty());
}

TEST_CASE_METHOD(ApiFixture, "Who follows the daemon's log gets what there is and each new line") {
  log("test").warn("before");
  const auto answer = ask("GET", "/system/log?follow&lines=1&level=warn");
  REQUIRE(answer.content_type == "text/event-stream");
  int wakes = 0;
  const auto source = answer.pull([&] { ++wakes; });
  const auto first = source->next();
  REQUIRE(first);
  CHECK(first->find("\"text\":\"before\"") != std::string::npos);
  CHECK(first->find("\nevent: line\ndata: {") != std::string::npos);
  CHECK_FALSE(source->next());
  log("test").info("not grave");
  CHECK_FALSE(source->next());
  log("test").error("after");
  CHECK(wakes == 2);
  const auto second = source->next();
  REQUIRE(second);
  CHECK(second->find("\"text\":\"after\"") != std::string::npos);

  const auto id = first->substr(4, first->find('\n') - 4);
  const auto again = ask("GET", "/system/log?follow&level=warn", {.last_event_id = id});
  const auto rest = again.pull([] {});
  CHECK(rest->next()->find("\"text\":\"after\"") != std::string::npos);
  CHECK_FALSE(rest->next());
}

TEST_CASE_METHOD(ApiFixture, "All that is wrong with a request for the daemon's log is told") {
  const auto answer = ask("GET", "/system/log?lines=501&follow=maybe&level=loud");
  CHECK(answer.status == 422);
  CHECK(answer.at("/errors/0/path") == "?lines");
  CHECK(answer.at("/errors/1/path") == "?follow");
  CHECK(answer.at("/errors/2/path") == "?level");
}

}  // namespace rocd::test
