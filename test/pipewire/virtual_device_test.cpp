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
  CHECK(harness.dumped_links("rocd.mic.feed", "rocd.mic") == 2);
}

TEST_CASE("one channel and eight channels have their ports", "[pipewire]") {
  DriverHarness harness;
  auto mono = virtual_input("mono");
  mono.channels = 1;
  auto surround = virtual_output("surround");
  surround.channels = 8;
  surround.sample_rate = 96000;
  harness.driver->ensure_device(mono);
  harness.driver->ensure_device(surround);
  REQUIRE(harness.until_device("rocd.mono"));
  REQUIRE(harness.until_device("rocd.surround"));
  CHECK(harness.device("rocd.mono")->channels == 1);
  CHECK(harness.dumped_links("rocd.mono.feed", "rocd.mono") == 1);
  CHECK(harness.device("rocd.surround")->channels == 8);
  CHECK(harness.device("rocd.surround")->sample_rate == 96000);
}

TEST_CASE("a removed device is gone for every client", "[pipewire]") {
  DriverHarness harness;
  harness.driver->ensure_device(virtual_input("mic"));
  REQUIRE(harness.until_device("rocd.mic"));
  harness.driver->remove_device(virtual_input("mic").uid);
  REQUIRE(harness.until([&] { return harness.device("rocd.mic") == nullptr; }));
  CHECK(harness.until(
      [&] { return harness.dumped_nodes("rocd.instance", harness.peer.str()).empty(); }));
}

TEST_CASE("another description reaches a device that nobody uses", "[pipewire]") {
  DriverHarness harness;
  auto device = virtual_output("kitchen");
  harness.driver->ensure_device(device);
  REQUIRE(harness.until_device("rocd.kitchen"));
  device.description = "Renamed";
  harness.driver->ensure_device(device);
  REQUIRE(harness.until([&] {
    const auto* info = harness.device("rocd.kitchen");
    return info != nullptr && info->description == "Renamed";
  }));
  CHECK(harness.dumped_nodes("node.description", "Renamed").size() == 1);
}

TEST_CASE("a node that somebody destroys is made again", "[pipewire]") {
  DriverHarness harness;
  harness.driver->ensure_device(virtual_input("mic"));
  REQUIRE(harness.until_device("rocd.mic"));
  const auto serial = harness.device("rocd.mic")->serial;
  harness.remove_system_device("rocd.mic");
  REQUIRE(harness.until([&] {
    const auto* info = harness.device("rocd.mic");
    return info != nullptr && info->serial != serial;
  }));
  CHECK(harness.dumped_links("rocd.mic.feed", "rocd.mic") == 2);
}

TEST_CASE("an idle virtual input sleeps", "[pipewire]") {
  DriverHarness harness;
  harness.driver->ensure_device(virtual_input("mic"));
  REQUIRE(harness.until_device("rocd.mic"));
  const auto states = [&] {
    std::vector<std::string> found;
    for (const auto& object : harness.session.dump())
      if (object.at("type") == "PipeWire:Interface:Node" &&
          object.at("info").at("props").as_object().contains("rocd.instance"))
        found.emplace_back(object.at("info").at("state").as_string());
    return found;
  };
  CHECK(harness.until([&] {
    harness.run_for(100ms);
    return states() == std::vector<std::string>{"suspended", "suspended"};
  }));
}

TEST_CASE("leftovers of a crashed rocd are removed, those of another peer are not", "[pipewire]") {
  DriverHarness harness(AudioSession::Start::running);
  const auto made_by = [](const Uid& peer, const std::string& role) {
    return "rocd.instance=" + peer.str() + " rocd.session=crashed rocd.role=" + role +
           " rocd.virtual.uid=" + virtual_output("kitchen").uid.str();
  };
  const auto other = Uid::derive("test", "peer", "other");
  harness.driver->shutdown();
  harness.add_system_device("rocd.kitchen", "Audio/Sink", made_by(harness.peer, "device"));
  harness.add_system_device("rocd.old.feed", "Audio/Sink", made_by(harness.peer, "feed"));
  harness.add_system_device("rocd.neighbour", "Audio/Sink", made_by(other, "device"));

  harness.start_driver();
  harness.driver->ensure_device(virtual_output("kitchen"));
  REQUIRE(harness.until_device("rocd.kitchen"));
  REQUIRE(harness.until_device("rocd.neighbour"));
  CHECK(harness.device("rocd.kitchen")->virtual_uid);
  CHECK_FALSE(harness.device("rocd.neighbour")->virtual_uid);
  const auto ours = harness.dumped_nodes("rocd.instance", harness.peer.str());
  REQUIRE(ours.size() == 1);
  CHECK(ours[0].at("rocd.session") != "crashed");
}

TEST_CASE("shutdown leaves nothing", "[pipewire]") {
  DriverHarness harness;
  harness.add_system_device("speakers");
  harness.driver->ensure_device(virtual_output("kitchen"));
  harness.driver->ensure_device(virtual_input("mic"));
  const auto stream = Uid::derive("test", "stream", "s");
  harness.driver->ensure_link({stream, "rocd.kitchen", "speakers"});
  REQUIRE(harness.until_device("rocd.mic"));
  REQUIRE(harness.until(
      [&] { return !harness.links[stream].empty() && harness.links[stream].back().linked; }));
  harness.driver->shutdown();
  CHECK(harness.until(
      [&] { return harness.dumped_nodes("rocd.instance", harness.peer.str()).empty(); }));
  CHECK(harness.dumped_nodes("node.name", "speakers").size() == 1);
  std::size_t links = 0;
  for (const auto& object : harness.session.dump())
    links += object.at("type") == "PipeWire:Interface:Link" ? 1 : 0;
  CHECK(links == 0);
}

TEST_CASE("a device is not made while another program has one of its name", "[pipewire]") {
  DriverHarness harness;
  harness.add_system_device("rocd.kitchen");
  REQUIRE(harness.until_device("rocd.kitchen"));
  const auto kitchen = virtual_output("kitchen");
  harness.driver->ensure_device(kitchen);
  REQUIRE(harness.until([&] { return !harness.problems[kitchen.uid].empty(); }));
  CHECK(harness.dumped_nodes("node.name", "rocd.kitchen").size() == 1);
  harness.remove_system_device("rocd.kitchen");
  REQUIRE(harness.until([&] {
    const auto* device = harness.device("rocd.kitchen");
    return device != nullptr && device->virtual_uid == kitchen.uid;
  }));
  CHECK(harness.problems[kitchen.uid].empty());

  harness.add_system_device("rocd.kitchen");
  REQUIRE(harness.until([&] { return harness.device("rocd.kitchen")->capture_name_is_shared; }));
  CHECK(harness.device("rocd.kitchen")->virtual_uid == kitchen.uid);
}
