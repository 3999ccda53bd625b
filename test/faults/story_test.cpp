// What the campaign's judge takes for a story.
#include "faults/story.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>

#include "e2e/wait.hpp"
#include "support/temp_directory.hpp"

using namespace rocd::test;
namespace json = boost::json;

namespace {

const std::string kitchen = "/streams/kitchen";

std::string event(int seq, const std::string& type, const json::value& pre, const json::value& post,
                  const std::string& uri = kitchen) {
  return "data: " +
         json::serialize(json::object{
             {"seq", seq}, {"type", type}, {"uri", uri}, {"pre", pre}, {"post", post}}) +
         "\n\n";
}

json::value state(const std::string& now, const std::string& message = "") {
  return {{"status", {{"state", now}, {"message", message}}}};
}

json::value health(const std::string& overall, const std::string& message) {
  return {{"status", {{"health", {{"overall", overall}, {"message", message}}}}}};
}

// A stream that runs, then these events, from number 1 on.
class Told {
 public:
  explicit Told(const std::string& events) {
    write_file(directory_.path() / "events", event(0, "sync", nullptr, state("running")) +
                                                 event(0, "synced", nullptr, nullptr, "/events") +
                                                 events);
    story_.emplace("file://" + directory_.path().string(), own_.path());
    REQUIRE(eventually([&] {
      return read_file(own_.path() / "events") == read_file(directory_.path() / "events");
    }));
    story_->read();
  }
  Story& story() { return *story_; }

 private:
  TempDirectory directory_, own_;
  std::optional<Story> story_;
};

const std::string crash = event(1, "stream.state", state("running"), state("backoff", "SIGSEGV"));
const std::string start = event(2, "stream.state", state("backoff"), state("starting"));
const std::string runs = event(3, "stream.state", state("starting"), state("running"));

}  // namespace

TEST_CASE("a cause is told before the stream runs again, or it is not told") {
  Told told(crash + start + runs +
            event(4, "stream.health", nullptr, health("healthy", "SIGTERM")));
  auto& story = told.story();
  CHECK(story.take_contradictions().empty());
  CHECK(story.state_of(kitchen) == "running");
  CHECK(story.fault_of_telling(0, {"SIGKILL", "SIGSEGV"}, {kitchen}).empty());
  CHECK(story.fault_of_telling(0, {"SIGTERM"}, {kitchen}) == "tells why only when it runs again");
  CHECK(story.fault_of_telling(0, {"SIGKILL"}, {kitchen}) == "does not tell");
  CHECK(story.fault_of_telling(0, {"SIGSEGV"}, {"/streams/other"}) == "does not tell");
  CHECK(story.fault_of_telling(1, {"SIGSEGV"}, {kitchen}) == "does not tell");
}

TEST_CASE("only an event of health tells a health") {
  Told told(crash + event(2, "stream.health", nullptr, health("unhealthy", "no sender yet")));
  CHECK(told.story().tells_health(0, {"no sender yet"}, {kitchen}));
  CHECK_FALSE(told.story().tells_health(0, {"SIGSEGV"}, {kitchen}));
  CHECK_FALSE(told.story().tells_health(2, {"no sender yet"}, {kitchen}));
  CHECK(told.story().health_of(kitchen) == "unhealthy");
}

TEST_CASE("who was inactive a moment ago has not been active for long") {
  Told told(event(1, "stream.health", nullptr, health("healthy", "")));
  auto& story = told.story();
  CHECK(story.active_for("/streams/other") == 0ms);
  CHECK(eventually([&] { return story.active_for(kitchen) > 50ms; }));
  Told again(event(1, "stream.health", nullptr, health("healthy", "")) +
             event(2, "stream.health", nullptr, health("inactive", "")));
  CHECK(again.story().active_for(kitchen) == 0ms);
  Told worse(event(1, "stream.health", nullptr, health("inactive", "")) +
             event(2, "stream.health", nullptr, health("healthy", "")) +
             event(3, "stream.health", nullptr, health("unhealthy", "gaps")));
  CHECK(eventually([&] { return worse.story().active_for(kitchen) > 50ms; }));
}

TEST_CASE("an exit that was shown before is no news") {
  const json::object exit{{"text", "killed by SIGKILL"}};
  json::value before = state("running"), after = state("running", "its link is gone");
  before.at("status").as_object()["last_exit"] = exit;
  after.at("status").as_object()["last_exit"] = exit;
  Told told(event(1, "stream.state", before, after));
  CHECK(told.story().fault_of_telling(0, {"SIGKILL"}, {kitchen}) == "does not tell");
  CHECK(told.story().fault_of_telling(0, {"link is gone"}, {kitchen}).empty());
}

TEST_CASE("an event that is missing, and a state that does not follow, are contradictions") {
  Told missing(event(1, "stream.state", state("running"), state("starting")) +
               event(3, "stream.state", state("starting"), state("running")));
  CHECK(missing.story().take_contradictions() == std::vector<std::string>{"event 3 follows 1"});
  CHECK(missing.story().take_contradictions().empty());
  Told leap(event(1, "stream.state", state("backoff"), state("starting")));
  CHECK(leap.story().take_contradictions() ==
        std::vector<std::string>{kitchen + " was running, then is told to have been backoff"});
  Told lost(event(0, "reset", nullptr, nullptr, "/events"));
  CHECK(lost.story().take_contradictions() == std::vector<std::string>{"events were lost: reset"});
}
