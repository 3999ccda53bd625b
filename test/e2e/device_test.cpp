// What a client may set on a device is heard, and nothing is changed that nobody asked for.
#include <catch2/catch_test_macros.hpp>
#include <csignal>

#include "e2e/scene.hpp"

using namespace rocd::test;
using enum rocd::test::Listener::Tap;

namespace {

constexpr Tone tone{440, 660};

std::string uri_of(const Rocd& rocd, const std::string& system_name) {
  return std::string(rocd.endpoint(system_name).at("endpoint_uri").as_string());
}

}  // namespace

TEST_CASE("volume and mute that are set over REST are heard, and kept", "[e2e]") {
  Scene scene(loopback_config());
  scene.rocd().wait_for_streams({"send", "receive"});
  const Player player("rocd.speaker", tone);
  const Listener microphone("rocd.microphone", source);
  const auto hears_at = [&](double dbfs) {
    return microphone.listen_for(tone, {.seconds = 0.5, .dbfs = dbfs});
  };
  REQUIRE(hears_at(played_dbfs) == "heard");
  const auto speaker = uri_of(scene.rocd(), "rocd.speaker");
  const auto mic = uri_of(scene.rocd(), "rocd.microphone");
  const auto& http = scene.rocd().http();

  for (const auto& device : {speaker, mic}) {
    INFO("device " << device);
    http.patch(device, {{"volume", 0.1}});
    CHECK(hears_at(played_dbfs - 20) == "heard");
    http.patch(device, {{"volume", 1.0}, {"muted", true}});
    CHECK(microphone.listen_for(silence, {.seconds = 0.5}) == "heard");
    http.patch(device, {{"muted", false}});
    CHECK(hears_at(played_dbfs) == "heard");
  }

  // A linear factor of each device: 6 dB and 12 dB down.
  http.patch(speaker, {{"volume", 0.5}});
  http.patch(mic, {{"volume", 0.25}});
  CHECK(hears_at(played_dbfs - 18) == "heard");
  scene.end_rocd(SIGTERM);
  scene.start_rocd();
  scene.rocd().wait_for_streams({"send", "receive"});
  CHECK(hears_at(played_dbfs - 18) == "heard");
  CHECK(scene.rocd().http().get(speaker).at("volume").to_number<double>() == 0.5);
}

TEST_CASE("a volume that another program sets on a virtual device is heard and shown", "[e2e]") {
  Scene scene(loopback_config());
  scene.rocd().wait_for_streams({"send", "receive"});
  const Player player("rocd.speaker", tone);
  const Listener microphone("rocd.microphone", source);
  scene.session.run("pactl set-sink-volume rocd.speaker 50%");  // cubic: 0.125
  CHECK(microphone.listen_for(tone, {.seconds = 0.5, .dbfs = played_dbfs - 18}) == "heard");
  CHECK(eventually([&] {
    const auto volume = scene.rocd().endpoint("rocd.speaker").at("volume").to_number<double>();
    return volume > 0.12 && volume < 0.13;
  }));
}

TEST_CASE("the default devices change only when that is asked for", "[e2e]") {
  Scene scene(std::nullopt);
  make_sink(scene.session, "other.speaker");
  make_source(scene.session, "other.microphone");
  REQUIRE(eventually([&] { return default_sink(scene.session) == "other.speaker"; }));
  REQUIRE(eventually([&] { return default_source(scene.session) == "other.microphone"; }));

  scene.write_config(loopback_config());
  scene.start_rocd();
  auto& rocd = scene.rocd();
  rocd.wait_for_streams({"send", "receive"});
  CHECK(default_sink(scene.session) == "other.speaker");
  CHECK(default_source(scene.session) == "other.microphone");

  const auto speaker = uri_of(rocd, "rocd.speaker");
  const auto mic = uri_of(rocd, "rocd.microphone");
  rocd.http().patch(speaker, {{"is_default", true}});
  rocd.http().patch(mic, {{"is_default", true}});
  CHECK(eventually([&] { return default_sink(scene.session) == "rocd.speaker"; }));
  CHECK(eventually([&] { return default_source(scene.session) == "rocd.microphone"; }));
  CHECK(eventually([&] { return rocd.http().get(speaker).at("is_default") == true; }));

  rocd.http().patch(speaker, {{"is_default", false}});
  rocd.http().patch(mic, {{"is_default", false}});
  CHECK(eventually([&] { return default_sink(scene.session) == "other.speaker"; }));
  CHECK(eventually([&] { return default_source(scene.session) == "other.microphone"; }));

  scene.end_rocd(SIGTERM);
  CHECK(default_sink(scene.session) == "other.speaker");
}
