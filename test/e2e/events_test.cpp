// The story that GET /events tells of a child that is killed, as curl hears it.
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <sstream>

#include "e2e/scene.hpp"

using namespace rocd::test;
namespace json = boost::json;

namespace {

const std::vector<std::string> both{"send", "receive"};

// The data of all whole events in what curl wrote so far.
std::vector<json::object> events_in(const std::filesystem::path& file) {
  std::vector<json::object> events;
  std::istringstream text(read_file(file));
  for (std::string line; std::getline(text, line) && !text.eof();) {
    if (line.starts_with("data: ")) events.push_back(json::parse(line.substr(6)).as_object());
  }
  return events;
}

// The states of one stream, one after the other; a change of something else repeats a state.
std::vector<std::string> states_in(const std::filesystem::path& file, const std::string& uri) {
  std::vector<std::string> states;
  for (const auto& event : events_in(file)) {
    if (event.at("uri").as_string() != uri || event.at("post").is_null()) continue;
    const auto& status = event.at("post").at("status").as_object();
    if (!status.contains("state")) continue;
    const std::string state(status.at("state").as_string());
    if (states.empty() || states.back() != state) states.push_back(state);
  }
  return states;
}

}  // namespace

TEST_CASE("events tell the story of a killed child in its order, and that rocd stops", "[e2e]") {
  Scene scene(loopback_config());
  auto& rocd = scene.rocd();
  rocd.wait_for_streams(both);
  const auto uri = std::string(rocd.stream("send").at("stream_uri").as_string());
  const auto told = scene.path("events.txt");
  Process curl({.argv = {"curl", "-sN", rocd.http().url() + "/events?types=stream.*,daemon.*"},
                .output = told,
                .errors = scene.path("curl.txt")});
  REQUIRE(eventually([&] { return states_in(told, uri).size() == 1; }));

  REQUIRE(::kill(rocd.child_of("send"), SIGKILL) == 0);
  const bool complete = eventually([&] {
    const auto states = states_in(told, uri);
    return states.size() > 2 && states.back() == "running";
  });
  INFO(read_file(told) << rocd.log());
  REQUIRE(complete);
  const auto states = states_in(told, uri);
  CHECK(states.front() == "running");
  CHECK((states[1] == "backoff" || states[1] == "starting"));

  std::int64_t last_seq = 0;
  bool exit_told = false;
  for (const auto& event : events_in(told)) {
    if (event.at("type") == "sync") continue;
    CHECK(event.at("seq").as_int64() >= last_seq);
    last_seq = event.at("seq").as_int64();
    if (event.at("type") != "stream.state" || event.at("uri").as_string() != uri) continue;
    const auto& exit = event.at("post").at("status").at("last_exit");
    exit_told |= exit.is_object() && exit.at("signal") == "SIGKILL";
  }
  CHECK(exit_told);

  scene.end_rocd(SIGTERM);
  CHECK(curl.wait() == "exit 0");
  CHECK(events_in(told).back().at("type") == "daemon.stopping");
}
