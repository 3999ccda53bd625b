#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "pipewire/driver_harness.hpp"

using namespace rocd;
using namespace rocd::test;
using Catch::Approx;

namespace {

// "Volume: 0.50 [MUTED]": the cube root of the linear volume.
std::string wpctl_volume(const DriverHarness& harness, const std::string& name) {
  const auto nodes = harness.dumped_nodes("node.name", name);
  REQUIRE(nodes.size() == 1);
  const auto text = harness.session.run("wpctl get-volume " +
                                        std::to_string(nodes[0].at("object.id").as_int64()));
  return text.substr(0, text.find('\n'));
}

std::string id_of(const DriverHarness& harness, const std::string& name) {
  const auto nodes = harness.dumped_nodes("node.name", name);
  REQUIRE(nodes.size() == 1);
  return std::to_string(nodes[0].at("object.id").as_int64());
}

}  // namespace

TEST_CASE("the volume of a new device is kept, ten times of ten", "[pipewire]") {
  DriverHarness harness;
  for (int i = 0; i < 10; ++i) {
    // The same name each time: what WirePlumber remembers of it must not come back.
    auto device = i % 2 == 0 ? virtual_output("kitchen") : virtual_input("kitchen");
    device.volume = i % 2 == 0 ? 0.125 : 0.027;
    device.muted = i % 3 == 0;
    harness.driver->ensure_device(device);
    REQUIRE(harness.until_device("rocd.kitchen"));
    CHECK(harness.device("rocd.kitchen")->volume == device.volume);
    harness.run_for(200ms);  // time for WirePlumber to spoil it
    CHECK(wpctl_volume(harness, "rocd.kitchen") == std::string("Volume: ") +
                                                       (i % 2 == 0 ? "0.50" : "0.30") +
                                                       (device.muted ? " [MUTED]" : ""));
    CHECK(harness.device("rocd.kitchen")->volume == device.volume);
    CHECK(harness.device("rocd.kitchen")->muted == device.muted);
    harness.driver->remove_device(device.uid);
    REQUIRE(harness.until([&] { return harness.device("rocd.kitchen") == nullptr; }));
  }
}

TEST_CASE("a volume set by somebody else is reported and kept", "[pipewire]") {
  DriverHarness harness;
  harness.driver->ensure_device(virtual_output("kitchen"));
  REQUIRE(harness.until_device("rocd.kitchen"));
  harness.session.run("wpctl set-volume " + id_of(harness, "rocd.kitchen") + " 0.5");
  REQUIRE(harness.until(
      [&] { return harness.device("rocd.kitchen")->volume == Approx(0.125).epsilon(0.01); }));
  harness.session.run("wpctl set-mute " + id_of(harness, "rocd.kitchen") + " 1");
  REQUIRE(harness.until([&] { return harness.device("rocd.kitchen")->muted; }));
  harness.run_for(300ms);
  CHECK(wpctl_volume(harness, "rocd.kitchen") == "Volume: 0.50 [MUTED]");
}

TEST_CASE("a volume is changed in place, of ours and of the system's", "[pipewire]") {
  DriverHarness harness;
  harness.add_system_device("speakers");
  auto device = virtual_output("kitchen");
  harness.driver->ensure_device(device);
  REQUIRE(harness.until_device("rocd.kitchen"));
  REQUIRE(harness.until_device("speakers"));
  harness.prime_system_device("speakers");
  const auto serial = harness.device("rocd.kitchen")->serial;

  device.volume = 0.125;
  harness.driver->ensure_device(device);
  REQUIRE(harness.driver->set_volume("speakers", 0.027, true).has_value());
  REQUIRE(harness.until([&] {
    return harness.device("rocd.kitchen")->volume == 0.125 && harness.device("speakers")->muted;
  }));
  CHECK(harness.device("rocd.kitchen")->serial == serial);
  CHECK(wpctl_volume(harness, "rocd.kitchen") == "Volume: 0.50");
  CHECK(wpctl_volume(harness, "speakers") == "Volume: 0.30 [MUTED]");
  CHECK(harness.device("speakers")->volume == Approx(0.027));
  CHECK(harness.driver->set_volume("nobody", 1, false).error().code == ErrorCode::not_found);
}

TEST_CASE("the default device changes only when that is asked for", "[pipewire]") {
  DriverHarness harness;
  harness.add_system_device("speakers");
  REQUIRE(harness.until([&] { return harness.default_sink() == "speakers"; }));
  harness.driver->ensure_device(virtual_output("kitchen"));
  harness.driver->ensure_device(virtual_input("mic"));
  REQUIRE(harness.until_device("rocd.kitchen"));
  REQUIRE(harness.until_device("rocd.mic"));
  REQUIRE(harness.until([&] { return harness.device("speakers")->is_default; }));
  harness.run_for(300ms);
  CHECK(harness.default_sink() == "speakers");
  CHECK_FALSE(harness.device("rocd.kitchen")->is_default);
  CHECK_FALSE(harness.device("rocd.mic")->is_default);

  REQUIRE(harness.driver->set_default("rocd.kitchen").has_value());
  REQUIRE(harness.until([&] { return harness.device("rocd.kitchen")->is_default; }));
  CHECK(harness.device("rocd.kitchen")->is_chosen_default);
  CHECK(harness.default_sink() == "rocd.kitchen");

  REQUIRE(harness.driver->clear_default("rocd.kitchen").has_value());
  REQUIRE(harness.until([&] { return harness.device("speakers")->is_default; }));
  CHECK(harness.default_sink() == "speakers");
}

TEST_CASE("a feed is the last that becomes the default", "[pipewire]") {
  DriverHarness harness;
  harness.driver->ensure_device(virtual_input("mic"));
  REQUIRE(harness.until_device("rocd.mic"));
  harness.driver->ensure_device(virtual_output("kitchen"));
  REQUIRE(harness.until_device("rocd.kitchen"));
  CHECK(harness.until([&] { return harness.default_sink() == "rocd.kitchen"; }));
}
