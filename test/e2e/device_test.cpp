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
  REQUIRE(microphone.listen_for(tone, {.seconds = 1, .dbfs = played_dbfs}) == "heard");
  const auto speaker = uri_of(scene.rocd(), "rocd.speaker");
  const auto mic = uri_of(scene.rocd(), "rocd.microphone");
  const auto& http = scene.rocd().http();

  SECTION("the volume of the speaker is a factor of the amplitude") {
    http.patch(speaker, {{"volume", 0.1}});
    CHECK(microphone.listen_for(tone, {.seconds = 1, .dbfs = played_dbfs - 20}) == "heard");
    CHECK(http.get(speaker).at("volume").to_number<double>() == 0.1);

    scene.end_rocd(SIGTERM);
    scene.start_rocd();
    scene.rocd().wait_for_streams({"send", "receive"});
    CHECK(microphone.listen_for(tone, {.seconds = 1, .dbfs = played_dbfs - 20}) == "heard");
  }
  SECTION("so is the volume of the microphone") {
    http.patch(mic, {{"volume", 0.5}});
    CHECK(microphone.listen_for(tone, {.seconds = 1, .dbfs = played_dbfs - 6}) == "heard");
  }
  SECTION("a muted device is silent until it is not muted any more") {
    for (const auto& device : {speaker, mic}) {
      http.patch(device, {{"muted", true}});
      CHECK(microphone.listen_for(silence, {.seconds = 1}) == "heard");
      http.patch(device, {{"muted", false}});
      CHECK(microphone.listen_for(tone, {.seconds = 1, .dbfs = played_dbfs}) == "heard");
    }
  }
  SECTION("a volume that another program sets is shown") {
    scene.session.run("pactl set-sink-volume rocd.speaker 50%");  // a cubic scale
    CHECK(eventually([&] {
      const double volume = http.get(speaker).at("volume").to_number<double>();
      return volume > 0.12 && volume < 0.13;
    }));
    CHECK(microphone.listen_for(tone, {.seconds = 1, .dbfs = played_dbfs - 18}) == "heard");
  }
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
