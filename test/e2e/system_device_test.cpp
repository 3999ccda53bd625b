// Devices that are not rocd's come and go: what was set on them through rocd comes back with them.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <csignal>

#include "e2e/scene.hpp"

using namespace rocd::test;
using Catch::Approx;

namespace {

constexpr auto name = "test.speakers";

// One system device, plugged in. `more`: what a session manager should know of it.
struct Plugged {
  explicit Plugged(std::string more_) : more(std::move(more_)) {
    scene.write_config("name: desk\n");
    plug();
    scene.start_rocd();
    scene.rocd().wait_for_endpoint(name);
  }

  void plug() const {
    make_sink(scene.session, name, 3000, more);
    prime_node(scene.session, name);
  }
  void unplug() const { destroy_node(scene.session, name); }
  void unplug_and_wait() {
    unplug();
    REQUIRE(eventually([&] { return !shown(); }));
  }

  [[nodiscard]] bool shown() {
    const auto all = scene.rocd().http().get("/peers/self/endpoints");
    for (const auto& endpoint : all.as_array())
      if (endpoint.at("system_name").as_string() == name)
        return endpoint.at("status").at("state").as_string() == "present";
    return false;
  }
  [[nodiscard]] bool has(double volume, bool muted) const {
    return eventually([&] {
      const auto level = level_of(scene.session, name);
      return level.volume == Approx(volume).margin(0.002) && level.muted == muted;
    });
  }
  void set(const boost::json::value& change) {
    const std::string uri(scene.rocd().endpoint(name).at("endpoint_uri").as_string());
    scene.rocd().http().patch(uri, change);
  }

  std::string more;
  Scene scene{std::nullopt};
};

}  // namespace

TEST_CASE("volume and mute of a system device come back with it, and after a restart of rocd",
          "[e2e]") {
  // Whether WirePlumber, too, sets what it remembers.
  const bool remembered = GENERATE(false, true);
  CAPTURE(remembered);
  Plugged device(remembered ? "" : "state.restore-props=false");
  auto& scene = device.scene;
  REQUIRE(device.has(1, false));
  device.set({{"volume", 0.3}, {"muted", true}});
  REQUIRE(device.has(0.3, true));

  device.unplug_and_wait();
  device.plug();
  CHECK(device.has(0.3, true));
  if (!remembered)
    CHECK(eventually([&] {
      return scene.rocd().log().find("volume 0.3, muted, is set again") != std::string::npos;
    }));
  const auto endpoint = scene.rocd().endpoint(name);
  CHECK(endpoint.at("volume").to_number<double>() == Approx(0.3));
  CHECK(endpoint.at("muted").as_bool());

  // While rocd is away: another level, which WirePlumber remembers, or a device as it is when new.
  scene.end_rocd(SIGTERM);
  if (remembered) set_level(scene.session, name, {0.7, false});
  device.unplug();
  device.plug();
  REQUIRE(device.has(remembered ? 0.7 : 1, false));
  scene.start_rocd();
  CHECK(device.has(0.3, true));
  device.unplug_and_wait();
  device.plug();
  CHECK(device.has(0.3, true));
}

TEST_CASE("what another program sets on a system device stays, the rest comes back with it",
          "[e2e]") {
  Plugged device("state.restore-props=false");
  auto& scene = device.scene;
  device.set({{"volume", 0.3}, {"muted", true}});
  REQUIRE(device.has(0.3, true));
  // While the device settles, what others set is not taken for a wish.
  REQUIRE(eventually([&] {
    set_level(scene.session, name, {0.6, true});
    return scene.rocd().log().find("another program has set") != std::string::npos;
  }));
  REQUIRE(device.has(0.6, true));

  device.unplug_and_wait();
  device.plug();
  CHECK(device.has(1, true));
  scene.end_rocd(SIGTERM);
  device.unplug();
  device.plug();
  scene.start_rocd();
  CHECK(device.has(1, true));
}
