// What has no child that would notice, and who only looks on: a local stream while PipeWire stands
// still, and the level meter of a mixer on a stream that plays.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <csignal>

#include "e2e/scene.hpp"

using namespace rocd::test;
using enum rocd::test::Listener::Tap;

namespace {

constexpr Tone tone{440, 660};

// By the number that Pulse clients know it by; empty: it is not there.
std::string sink_input_of(const AudioSession& session, const std::string& node) {
  const auto listed = boost::json::parse(session.run("pactl -f json list sink-inputs"));
  for (const auto& input : listed.as_array())
    if (input.at("properties").at("node.name").as_string() == node)
      return std::to_string(input.at("index").to_number<int>());
  return "";
}

}  // namespace

TEST_CASE("a level meter on a stream that plays does not end its child", "[e2e]") {
  Scene scene(loopback_config());
  auto& rocd = scene.rocd();
  rocd.wait_for_streams({"send", "receive"});
  const Player player("rocd.speaker", tone);
  const Listener microphone("rocd.microphone", source);
  REQUIRE(microphone.listen_for(tone, {.seconds = 1}) == "heard");
  const int child = rocd.child_of("receive");
  const auto node =
      "rocd.stream." + std::string(rocd.stream("receive").at("stream_uid").as_string());
  const auto index = sink_input_of(scene.session, node);
  REQUIRE_FALSE(index.empty());

  // As pavucontrol does.
  const auto heard = scene.path("meter.raw");
  const Process meter({.argv = {"parec", "--raw", "--monitor-stream=" + index},
                       .output = heard,
                       .errors = scene.path("meter.log")});
  REQUIRE(eventually([&] {
    INFO(read_file(scene.path("meter.log")));
    const auto bytes = read_file(heard);
    return bytes.find_first_not_of('\0') != std::string::npos && bytes.size() > 400'000;  // 2 s
  }));
  CHECK(microphone.listen_for(tone, {.seconds = 1}) == "heard");
  INFO(boost::json::serialize(rocd.stream("receive").at("status")));
  CHECK(rocd.child_of("receive") == child);
  CHECK(rocd.stream("receive").at("status").at("restarts") == 0);
}

TEST_CASE("that PipeWire stands still is told where only a local stream runs", "[e2e]") {
  Scene scene(std::nullopt);
  make_sink(scene.session, "other.speaker");
  scene.write_config(
      "endpoints:\n"
      "  - { name: speaker, direction: output }\n"
      "streams:\n"
      "  - { name: local, source: speaker, destination: \"system:other.speaker\" }\n");
  scene.start_rocd();
  auto& rocd = scene.rocd();
  rocd.wait_for_streams({"local"});
  const auto health = [&] {
    return std::string(rocd.stream("local").at("status").at("health").at("overall").as_string());
  };
  CHECK(eventually([&] { return health() == "healthy"; }));
  scene.session.signal("pipewire", SIGSTOP);
  const bool told = eventually([&] { return health() == "unhealthy"; });
  const auto ready = rocd.http().request("GET", "/readyz");
  INFO(boost::json::serialize(rocd.stream("local").at("status")));
  scene.session.signal("pipewire", SIGCONT);
  CHECK(told);
  CHECK(ready.status == 503);
  CHECK(eventually([&] { return health() == "healthy"; }));
  CHECK(rocd.http().request("GET", "/readyz").status == 200);
}
