#include <catch2/catch_test_macros.hpp>

#include "pipewire/driver_harness.hpp"

using namespace rocd;
using namespace rocd::test;

TEST_CASE("a virtual output appears with its ports for every client", "[pipewire]") {
  DriverHarness harness;
  harness.driver->ensure_device(virtual_output("kitchen"));
  REQUIRE(harness.until_device("rocd.kitchen"));

  const auto& info = *harness.device("rocd.kitchen");
  CHECK(info.virtual_uid == virtual_output("kitchen").uid);
  CHECK(info.direction == StreamDirection::output);
  CHECK(info.description == "Test kitchen");
  CHECK(info.channels == 2);
  CHECK(info.sample_rate == 48000);
  CHECK(info.volume == 1.0);
  CHECK_FALSE(info.muted);
  CHECK(info.capture_node == "rocd.kitchen");
  CHECK(info.capture_is_monitor);
  CHECK(harness.driver->connected());
  CHECK_FALSE(harness.driver->version().empty());

  const auto nodes = harness.dumped_nodes("node.name", "rocd.kitchen");
  REQUIRE(nodes.size() == 1);
  CHECK(nodes[0].at("media.class") == "Audio/Sink");
  CHECK(nodes[0].at("object.serial").to_number<std::uint64_t>() == info.serial);
  CHECK(harness.dumped_ports(nodes[0].at("object.id").as_int64()) == 4);
}

TEST_CASE("a virtual input is a feed, a source and links between them", "[pipewire]") {
  DriverHarness harness;
  harness.driver->ensure_device(virtual_input("mic"));
  REQUIRE(harness.until_device("rocd.mic"));

  const auto& info = *harness.device("rocd.mic");
  CHECK(info.direction == StreamDirection::input);
  CHECK(info.playback_node == "rocd.mic.feed");
  CHECK(info.capture_node == "rocd.mic");
  CHECK_FALSE(info.capture_is_monitor);
  CHECK(harness.device("rocd.mic.feed") == nullptr);

  const auto source = harness.dumped_nodes("node.name", "rocd.mic");
  const auto feed = harness.dumped_nodes("node.name", "rocd.mic.feed");
  REQUIRE(source.size() == 1);
  REQUIRE(feed.size() == 1);
  CHECK(source[0].at("media.class") == "Audio/Source/Virtual");
  CHECK(feed[0].at("media.class") == "Audio/Sink");
  std::size_t links = 0;
  for (const auto& object : harness.session.dump())
    if (object.at("type") == "PipeWire:Interface:Link" &&
        object.at("info").at("output-node-id") == feed[0].at("object.id") &&
        object.at("info").at("input-node-id") == source[0].at("object.id"))
      ++links;
  CHECK(links == 2);
}
