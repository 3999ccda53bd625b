// That sound arrives: what an application plays to the virtual speaker is what another one records
// from the virtual microphone, with each protocol, profile and kind of stream.
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>

#include "e2e/scene.hpp"

using namespace rocd::test;
using enum rocd::test::Listener::Tap;

namespace {

constexpr Tone tone{440, 660};

void check_that_the_tone_arrives(const Loopback& loopback) {
  Scene scene(loopback_config({loopback}));
  scene.rocd().wait_for_streams({"send", "receive"});
  const Player player("rocd.speaker", tone);
  const Listener microphone("rocd.microphone", source);
  CHECK(microphone.listen_for(tone, {.dbfs = played_dbfs}) == "heard");
  INFO("log of rocd:\n" << scene.rocd().log());
  CHECK(scene.rocd().child_of("send") > 0);
  CHECK(scene.rocd().child_of("receive") > 0);
}

}  // namespace

TEST_CASE("a tone arrives over rs8m", "[e2e]") {
  check_that_the_tone_arrives({});
}

TEST_CASE("a tone arrives over ldpc", "[e2e]") {
  check_that_the_tone_arrives({.fec = "ldpc"});
}

TEST_CASE("a tone arrives over bare rtp with rtcp", "[e2e]") {
  check_that_the_tone_arrives({.fec = ""});
}

TEST_CASE("a tone arrives over bare rtp without rtcp", "[e2e]") {
  check_that_the_tone_arrives({.fec = "", .control = false});
}

TEST_CASE("a tone arrives with the profile low", "[e2e]") {
  check_that_the_tone_arrives({.profile = "low"});
}

TEST_CASE("a tone arrives with the profile robust", "[e2e]") {
  check_that_the_tone_arrives({.profile = "robust"});
}

TEST_CASE("a stream shows its addresses, its latency and its health while it carries", "[e2e]") {
  // Each gap, which a busy machine makes by itself, is unhealthy for some seconds.
  Scene scene(loopback_config({{.profile = "robust"}}));
  const Player player("rocd.speaker", tone);
  scene.rocd().wait_for_streams({"send", "receive"});
  const auto is_well = [&] {
    const auto receive = scene.rocd().stream("receive");
    const auto& status = receive.at("status");
    const auto* latency = status.at("metrics").as_object().if_contains("network_latency_ms");
    return status.at("metrics").at("sessions") == 1 &&
           status.at("health").at("overall") == "healthy" && latency != nullptr &&
           latency->is_number();
  };
  CHECK(eventually(is_well, 2 * patience));
  const auto receive = scene.rocd().stream("receive");
  INFO(boost::json::serialize(receive.at("status")));
  const auto& resolved = receive.at("status").at("resolved");
  CHECK(resolved.at("media_uri") == receive.at("source").at("media_uri"));
  CHECK(resolved.at("target_latency_ms").to_number<double>() > 0);
  CHECK_FALSE(receive.at("status").as_object().contains("message"));
  CHECK(scene.rocd().stream("send").at("status").at("health").at("overall") == "healthy");
}

TEST_CASE("a local stream links a speaker to a microphone without a child", "[e2e]") {
  Scene scene(
      "endpoints:\n"
      "  - { name: speaker, direction: output }\n"
      "  - { name: microphone, direction: input }\n"
      "streams:\n"
      "  - { name: local, source: speaker, destination: microphone }\n");
  auto& rocd = scene.rocd();
  rocd.wait_for_streams({"local"});
  const Player player("rocd.speaker", tone);
  const Listener microphone("rocd.microphone", source);
  CHECK(microphone.listen_for(tone, {.dbfs = played_dbfs}) == "heard");
  CHECK(rocd.child_of("local") == -1);
  CHECK(roc_processes(scene.session.directory()).empty());

  const auto uri = std::string(rocd.stream("local").at("stream_uri").as_string());
  rocd.http().patch(uri, {{"enabled", false}});
  rocd.wait_for_streams({"local"}, "stopped");
  CHECK(microphone.listen_for(silence, {.seconds = 1}) == "heard");
  rocd.http().patch(uri, {{"enabled", true}});
  CHECK(microphone.listen_for(tone, {.seconds = 1}) == "heard");
}

TEST_CASE("two streams at once do not mix", "[e2e]") {
  constexpr Tone other_tone{1010, 1430};
  Scene scene(loopback_config({{.suffix = "-a"}, {.suffix = "-b", .fec = ""}}));
  scene.rocd().wait_for_streams({"send-a", "receive-a", "send-b", "receive-b"});
  const Listener microphone_a("rocd.microphone-a", source);
  const Listener microphone_b("rocd.microphone-b", source);
  const Player player_a("rocd.speaker-a", tone);
  const Player player_b("rocd.speaker-b", other_tone);
  CHECK(microphone_a.listen_for(tone, {.dbfs = played_dbfs}) == "heard");
  CHECK(microphone_b.listen_for(other_tone, {.dbfs = played_dbfs}) == "heard");
  CHECK(microphone_a.search({other_tone.left, other_tone.right}) == "no trace");
  CHECK(microphone_b.search({tone.left, tone.right}) == "no trace");
}
