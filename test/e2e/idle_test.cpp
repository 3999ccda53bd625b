// That an idle house sends nothing: a stream with on_idle: pause has a child only while something
// plays into its virtual device.
#include <catch2/catch_test_macros.hpp>

#include "e2e/scene.hpp"

using namespace rocd::test;
using enum rocd::test::Listener::Tap;

namespace {

constexpr Tone tone{440, 660};

std::string config_that_pauses() {
  auto text = loopback_config();
  const std::string before = "name: send\n";
  const auto at = text.find(before);
  if (at == std::string::npos) throw std::runtime_error("no stream 'send' in\n" + text);
  return text.insert(at + before.size(), "    on_idle: pause\n    idle_after: 1s\n");
}

}  // namespace

TEST_CASE("a stream that may pause sends only while something plays, and then is heard", "[e2e]") {
  Scene scene(config_that_pauses());
  auto& rocd = scene.rocd();
  rocd.wait_for_streams({"receive"});
  rocd.wait_for_streams({"send"}, "paused");
  CHECK(rocd.child_of("send") == -1);
  CHECK(rocd.stream("send").at("status").at("message") == "nothing plays into 'speaker'");
  CHECK(rocd.stream("send").at("status").at("health").at("overall") == "inactive");
  CHECK(roc_processes(scene.session.directory()).size() == 1);  // the receiver

  const Listener microphone("rocd.microphone", source);
  for (int song = 0; song < 2; ++song) {
    {
      const Player player("rocd.speaker", tone);
      CHECK(microphone.listen_for(tone, {.seconds = 1}) == "heard");
      CHECK(rocd.state_of("send") == "running");
    }
    rocd.wait_for_streams({"send"}, "paused");
    CHECK(rocd.child_of("send") == -1);
    CHECK(microphone.listen_for(silence, {.seconds = 1}) == "heard");
  }
  CHECK(rocd.stream("send").at("status").at("restarts") == 0);
  CHECK(rocd.http().request("GET", "/metrics").body.find("rocd_streams{state=\"paused\"} 1") !=
        std::string::npos);
}

TEST_CASE("a stream made over REST pauses and keeps on as it is told", "[e2e]") {
  Scene scene(loopback_config());
  auto& rocd = scene.rocd();
  rocd.wait_for_streams({"send", "receive"});
  auto stream = rocd.stream("send");
  const boost::json::object body{
      {"display_name", "more"},
      {"source", stream.at("source")},
      {"destination", {{"connection_type", "external"}, {"media_uri", "rtp://127.0.0.1:9"}}},
      {"settings", {{"on_idle", "pause"}}}};
  const auto made = rocd.http().post("/streams", body);
  rocd.wait_for_streams({"more"}, "paused");
  rocd.http().patch(std::string(made.at("stream_uri").as_string()),
                    {{"settings", {{"on_idle", "keep"}}}});
  rocd.wait_for_streams({"more"}, "running");
}
