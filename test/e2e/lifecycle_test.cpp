// How rocd ends, and what of it is there again after the next start.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <csignal>
#include <filesystem>

#include "e2e/scene.hpp"

using namespace rocd::test;
using enum rocd::test::Listener::Tap;

namespace {

constexpr Tone tone{440, 660};
const std::vector<std::string> both{"send", "receive"};

void check_that_the_tone_arrives() {
  const Player player("rocd.speaker", tone);
  const Listener microphone("rocd.microphone", source);
  CHECK(microphone.listen_for(tone, {.seconds = 1}) == "heard");
}

// A tool that ignores SIGTERM, as a hung one does.
std::string stubborn(const Scene& scene, const std::string& tool) {
  const auto script = scene.path("stubborn-" + tool);
  write_file(script, "#!/bin/sh\ntrap '' TERM\nexec " + tool + " \"$@\"\n");
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  return script;
}

void start_with_stubborn_tools(Scene& scene) {
  scene.write_config("tools: { roc_send: " + stubborn(scene, "roc-send") +
                     ", roc_recv: " + stubborn(scene, "roc-recv") + " }\n" + loopback_config());
  scene.start_rocd();
  scene.rocd().wait_for_streams(both);
}

}  // namespace

TEST_CASE("SIGTERM and SIGINT leave no child and no node", "[e2e]") {
  const int signal = GENERATE(SIGTERM, SIGINT);
  Scene scene(loopback_config());
  scene.rocd().wait_for_streams(both);
  REQUIRE(roc_processes(scene.session.directory()).size() == 2);
  REQUIRE(has_node(scene.session, "rocd.microphone.feed"));
  scene.end_rocd(signal);
}

TEST_CASE("a signal during the start ends rocd in order", "[e2e]") {
  Scene scene(loopback_config());
  scene.end_rocd(SIGTERM);
}

TEST_CASE("children that ignore SIGTERM are killed, and rocd still ends in time", "[e2e]") {
  Scene scene(std::nullopt);
  start_with_stubborn_tools(scene);
  scene.end_rocd(SIGTERM);
}

TEST_CASE("a second signal ends rocd at once, whatever its children do", "[e2e]") {
  Scene scene(std::nullopt);
  start_with_stubborn_tools(scene);
  auto& process = scene.rocd().process();
  process.signal(SIGTERM);
  // Children get two seconds; it is certain that they still live when the first one was seen.
  REQUIRE(eventually([&] { return scene.rocd().log().find("stopping") != std::string::npos; }));
  REQUIRE(process.running());
  const auto begin = std::chrono::steady_clock::now();
  scene.end_rocd(SIGINT);
  CHECK(std::chrono::steady_clock::now() - begin < 1500ms);
}

TEST_CASE("a killed rocd leaves nothing behind and is back with the same addresses", "[e2e]") {
  Scene scene(loopback_config());
  scene.rocd().wait_for_streams(both);
  const auto streams = scene.rocd().http().get("/streams");
  const auto speaker = scene.rocd().endpoint("rocd.speaker").at("endpoint_uri");

  scene.kill_rocd();
  CHECK(eventually([&] { return roc_processes(scene.session.directory()).empty(); }, 2s));
  CHECK(eventually([&] { return rocd_nodes(scene.session).empty(); }, 5s));

  scene.start_rocd();
  scene.rocd().wait_for_streams(both);
  check_that_the_tone_arrives();
  const auto again = scene.rocd().http().get("/streams");
  REQUIRE(again.as_array().size() == streams.as_array().size());
  for (std::size_t i = 0; i < streams.as_array().size(); ++i)
    CHECK(again.at(i).at("stream_uri") == streams.at(i).at("stream_uri"));
  CHECK(scene.rocd().endpoint("rocd.speaker").at("endpoint_uri") == speaker);
}

TEST_CASE("devices and streams made over REST carry sound and survive a killed rocd", "[e2e]") {
  Scene scene("name: empty\n");
  const auto& http = scene.rocd().http();
  const std::string endpoints = "/peers/self/endpoints";
  const auto out = http.post(endpoints, {{"endpoint_type", "streaming_device"},
                                         {"stream_direction", "output"},
                                         {"display_name", "Speaker"},
                                         {"system_name", "rocd.speaker"}});
  const auto in = http.post(endpoints, {{"endpoint_type", "streaming_device"},
                                        {"stream_direction", "input"},
                                        {"display_name", "Microphone"},
                                        {"system_name", "rocd.microphone"}});
  const auto ports = free_udp_ports(2);
  const boost::json::object address{
      {"connection_type", "external"},
      {"media_uri", "rtp+rs8m://127.0.0.1:" + std::to_string(ports[0])},
      {"repair_uri", "rs8m://127.0.0.1:" + std::to_string(ports[1])}};
  const auto endpoint = [](const boost::json::value& made) {
    return boost::json::object{{"connection_type", "endpoint"},
                               {"endpoint_uri", made.at("endpoint_uri")}};
  };
  const auto send = http.post(
      "/streams", {{"display_name", "send"}, {"source", endpoint(out)}, {"destination", address}});
  http.post("/streams",
            {{"display_name", "receive"}, {"source", address}, {"destination", endpoint(in)}});
  scene.rocd().wait_for_streams(both);
  check_that_the_tone_arrives();

  scene.kill_rocd();
  scene.start_rocd();
  scene.rocd().wait_for_streams(both);
  check_that_the_tone_arrives();
  CHECK(scene.rocd().stream("send").at("stream_uri") == send.at("stream_uri"));

  const int child = scene.rocd().child_of("send");
  scene.rocd().http().remove(std::string(send.at("stream_uri").as_string()));
  CHECK(eventually([&] { return !process_runs(child); }));
  CHECK(scene.rocd().http().get("/streams").as_array().size() == 1);
}

TEST_CASE("rocd ends with the process that started it, if asked to", "[e2e]") {
  Scene scene(std::nullopt);
  scene.write_config(loopback_config());
  const auto log = scene.path("parent.log");
  Process parent({.argv = {"sh", "-c",
                           "\"$0\" --config \"$1\" --state-dir \"$2\" --listen 127.0.0.1:0 "
                           "--exit-with-parent & wait",
                           rocd_program(), scene.config(), scene.path("state")},
                  .output = log,
                  .errors = {}});
  REQUIRE(eventually([&] { return roc_processes(scene.session.directory()).size() == 2; }));
  REQUIRE(has_node(scene.session, "rocd.speaker"));
  parent.signal(SIGKILL);
  CHECK(eventually([&] { return roc_processes(scene.session.directory()).empty(); }, 6s));
  CHECK(eventually([&] { return rocd_nodes(scene.session).empty(); }, 6s));
}
