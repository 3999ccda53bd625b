#include "device/device_machine.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <random>

#include "device/graph_world.hpp"

using namespace rocd;
using namespace rocd::test;
using Catch::Approx;

namespace {

const Uid peer = Uid::derive("test", "peer", "self");

VirtualDevice output(const std::string& name) {
  VirtualDevice device;
  device.uid = Uid::derive("test", "endpoint", name);
  device.node_name = "rocd." + name;
  device.description = "The " + name;
  return device;
}

VirtualDevice input(const std::string& name) {
  auto device = output(name);
  device.direction = StreamDirection::input;
  return device;
}

struct Connected : GraphWorld {
  Connected() : GraphWorld(peer) { connect(); }
};

// A virtual output whose sound goes to a virtual input, and what another client may take away.
struct LocalStream : Connected {
  LocalStream() {
    machine.ensure_device(output("speaker"));
    machine.ensure_device(input("mic"));
    machine.ensure_link({Uid::derive("test", "stream", "s"), "rocd.speaker", "rocd.mic.feed"});
    REQUIRE(settle());
    REQUIRE(works());
  }
  [[nodiscard]] bool works() const {
    return devices.contains("rocd.speaker") && devices.contains("rocd.mic") && !links.empty() &&
           links.back().linked;
  }
  void remove_node(const std::string& name) { remove(node(name)->id); }
  void remove_one_link(const std::string& from, const std::string& to) {
    const auto all = machine.graph().links();
    for (const auto& [id, link] : all)
      if (link.out_node == node(from)->id && link.in_node == node(to)->id) return remove(id);
  }
  // How long it takes from now on until all of it works.
  [[nodiscard]] Duration time_until_back() {
    const auto begin = now;
    REQUIRE(settle());
    while (!works()) {
      REQUIRE(machine.poll_timeout());
      now = *machine.poll_timeout();
      REQUIRE(settle());
    }
    return now - begin;
  }
};

struct Removal {
  const char* what;
  void (*happens)(LocalStream&);
};
const std::vector<Removal> removals{
    {"one channel of the stream",
     [](LocalStream& world) { world.remove_one_link("rocd.speaker", "rocd.mic.feed"); }},
    {"both channels of the stream",
     [](LocalStream& world) {
       world.remove_links(world.node("rocd.speaker")->id, world.node("rocd.mic.feed")->id);
     }},
    {"one channel inside the input",
     [](LocalStream& world) { world.remove_one_link("rocd.mic.feed", "rocd.mic"); }},
    {"the output", [](LocalStream& world) { world.remove_node("rocd.speaker"); }},
    {"the input", [](LocalStream& world) { world.remove_node("rocd.mic"); }},
    {"the feed of the input", [](LocalStream& world) { world.remove_node("rocd.mic.feed"); }}};

}  // namespace

TEST_CASE("a wanted output is made once and told once it has its ports") {
  Connected world;
  world.session_manager = false;
  world.machine.ensure_device(output("kitchen"));
  REQUIRE(world.settle());
  CHECK(world.count("rocd.kitchen") == 1);
  CHECK(world.devices.empty());  // a node without ports is no device

  world.machine.ensure_device(output("kitchen"));
  REQUIRE(world.settle());
  CHECK(world.nodes_made == 1);
}

TEST_CASE("a wanted input is a feed and a source, told when they are linked") {
  Connected world;
  world.refuse_links = "no";
  world.machine.ensure_device(input("mic"));
  REQUIRE(world.settle());
  CHECK(world.count("rocd.mic") == 1);
  CHECK(world.count("rocd.mic.feed") == 1);
  CHECK(world.devices.empty());

  world.refuse_links.clear();
  REQUIRE(world.machine.poll_timeout());
  world.advance(20s);
  REQUIRE(world.settle());
  CHECK(world.links_between("rocd.mic.feed", "rocd.mic") == 2);
  REQUIRE(world.devices.contains("rocd.mic"));
  CHECK(world.devices["rocd.mic"].playback_node == "rocd.mic.feed");
  CHECK(world.devices.size() == 1);  // the feed is not a device
}

TEST_CASE("nothing is made before there is a connection") {
  GraphWorld world(peer);
  world.machine.ensure_device(output("kitchen"));
  REQUIRE(world.settle());
  CHECK(world.nodes_made == 0);
  world.connect();
  REQUIRE(world.settle());
  CHECK(world.nodes_made == 1);
}

TEST_CASE("after a disconnect everything is told gone and made again") {
  Connected world;
  world.machine.ensure_device(output("kitchen"));
  world.machine.ensure_device(input("mic"));
  REQUIRE(world.settle());
  CHECK(world.devices.size() == 2);
  world.disconnect();
  CHECK(world.devices.empty());
  CHECK(world.gone.size() == 2);
  world.connect();
  REQUIRE(world.settle());
  CHECK(world.devices.size() == 2);
  CHECK(world.nodes_made == 6);
}

TEST_CASE("what others remove after it has worked for 2 s is back at once, however often") {
  for (const auto& removal : removals) {
    for (const Duration worked : {Duration(2s), Duration(3s)}) {
      LocalStream world;
      for (int round = 0; round < 20; ++round) {
        INFO(removal.what << ", " << worked / 1s << " s after it was back, round " << round);
        world.advance(worked);
        removal.happens(world);
        CHECK(world.time_until_back() == 0s);
      }
    }
  }
}

TEST_CASE(
    "who removes again what has just been made is answered at a growing distance, 3 s at most") {
  for (const auto& removal : removals) {
    for (const Duration worked : {Duration(0s), Duration(1s), Duration(1900ms)}) {
      INFO(removal.what << ", " << worked / 1ms << " ms after it was back");
      LocalStream world;
      int times = 0;
      Duration longest{};
      for (const auto end = world.now + 1min; world.now < end; ++times) {
        world.advance(worked);
        removal.happens(world);
        longest = std::max(longest, world.time_until_back());
      }
      CHECK(longest <= 3s - worked);
      CHECK(times > 20);
      CHECK(times < 36);
      // It gave up: what was is forgotten.
      world.advance(2s);
      removal.happens(world);
      CHECK(world.time_until_back() == 0s);
      removal.happens(world);
      CHECK(world.time_until_back() < 200ms);
    }
  }
}

TEST_CASE("a source that runs is not stopped when its feed is made anew") {
  Connected world;
  world.machine.ensure_device(input("mic"));
  REQUIRE(world.settle());
  const auto source = world.node("rocd.mic")->id;
  REQUIRE(world.primed.contains(source));
  world.link_nodes(source, world.add_node("recorder", "Stream/Input/Audio"));
  world.primed.clear();

  world.remove(world.node("rocd.mic.feed")->id);
  REQUIRE(world.settle());
  world.advance(20s);
  REQUIRE(world.settle());
  CHECK(world.links_between("rocd.mic.feed", "rocd.mic") == 2);
  CHECK(world.primed.empty());
}

TEST_CASE("a device that is used while it is primed runs on") {
  Connected world;
  const auto player = world.add_node("player", "Stream/Output/Audio");
  world.before_prime = [&] { world.link_nodes(player, world.node("rocd.kitchen")->id); };
  world.machine.ensure_device(output("kitchen"));
  REQUIRE(world.settle());
  CHECK(world.primed.size() == 1);
  CHECK(world.clock_stopped.empty());
}

TEST_CASE("what cannot be made is tried again without end and without hurry, every 3 s at least") {
  Connected world;
  world.add_node("a", "Audio/Sink");
  world.add_node("b", "Audio/Sink");
  for (const bool is_link : {false, true}) {
    INFO((is_link ? "a link" : "a node"));
    world.refuse_nodes = world.refuse_links = "no such factory";
    if (is_link)
      world.machine.ensure_link({Uid::derive("test", "stream", "s"), "a", "b"});
    else
      world.machine.ensure_device(output("kitchen"));
    const auto begin = world.now;
    for (int i = 0; i < 100; ++i) {
      REQUIRE(world.settle());
      REQUIRE(world.machine.poll_timeout());
      CHECK(*world.machine.poll_timeout() - world.now <= 3s);
      world.now = *world.machine.poll_timeout();
    }
    CHECK(world.now - begin > 3min);
    world.refuse_nodes.clear();
    world.refuse_links.clear();
    REQUIRE(world.settle());
  }
  CHECK(world.devices.contains("rocd.kitchen"));
  CHECK(world.links.back().linked);
}

TEST_CASE("a removed device leaves no node") {
  Connected world;
  world.machine.ensure_device(input("mic"));
  REQUIRE(world.settle());
  world.machine.remove_device(input("mic").uid);
  REQUIRE(world.settle());
  CHECK(world.machine.graph().nodes().empty());
  CHECK(world.devices.empty());
}

TEST_CASE("a changed volume is set in place") {
  Connected world;
  auto device = output("kitchen");
  world.machine.ensure_device(device);
  REQUIRE(world.settle());
  device.volume = 0.3;
  device.muted = true;
  world.machine.ensure_device(device);
  REQUIRE(world.settle());
  CHECK(world.nodes_made == 1);
  CHECK(world.node("rocd.kitchen")->channel_volumes == std::vector<float>{0.3F, 0.3F});
  CHECK(world.node("rocd.kitchen")->muted);
  CHECK(world.devices["rocd.kitchen"].volume == 0.3);  // exactly, not 0.300000012
  CHECK(world.devices["rocd.kitchen"].muted);
}

TEST_CASE("the volume of a new device is set before anybody could hear another one") {
  Connected world;
  auto device = output("kitchen");
  device.volume = 0.0;
  world.machine.ensure_device(device);
  REQUIRE(world.settle());
  CHECK(world.node("rocd.kitchen")->channel_volumes == std::vector<float>{0.0F, 0.0F});
  CHECK(world.devices["rocd.kitchen"].volume == 0.0);
}

TEST_CASE("a volume that somebody else sets is taken over, not fought") {
  Connected world;
  world.machine.ensure_device(output("kitchen"));
  REQUIRE(world.settle());
  auto* node = world.machine.graph().node(world.node("rocd.kitchen")->id);
  node->channel_volumes = {0.25F, 0.75F};
  REQUIRE(world.settle());
  CHECK(world.volumes_set == 0);
  CHECK(world.devices["rocd.kitchen"].volume == Approx(0.5));

  // It survives a restart of the sound system.
  world.disconnect();
  world.connect();
  REQUIRE(world.settle());
  CHECK(world.devices["rocd.kitchen"].volume == Approx(0.5));
  CHECK(mean_volume(world.node("rocd.kitchen")->channel_volumes) == Approx(0.5));
}

TEST_CASE("a new volume keeps the balance of the channels") {
  Connected world;
  auto device = output("kitchen");
  world.machine.ensure_device(device);
  REQUIRE(world.settle());
  world.machine.graph().node(world.node("rocd.kitchen")->id)->channel_volumes = {0.25F, 0.75F};
  REQUIRE(world.settle());
  device.volume = 1.0;
  world.machine.ensure_device(device);
  REQUIRE(world.settle());
  CHECK(world.node("rocd.kitchen")->channel_volumes == std::vector<float>{0.5F, 1.5F});
}

TEST_CASE("a volume that is not confirmed is neither repeated nor given up") {
  Connected world;
  world.executes_volume = false;
  auto device = output("kitchen");
  device.volume = 0.5;
  world.machine.ensure_device(device);
  REQUIRE(world.settle());
  CHECK(world.devices["rocd.kitchen"].volume == 0.5);  // on its way
  world.advance(1h);
  REQUIRE(world.settle());
  CHECK(world.volumes_set == 1);
  CHECK(world.devices["rocd.kitchen"].volume == 0.5);
  CHECK_FALSE(world.machine.poll_timeout());
  // Another value than the one from before is news.
  world.machine.graph().node(world.node("rocd.kitchen")->id)->channel_volumes = {0.2F, 0.2F};
  REQUIRE(world.settle());
  CHECK(world.devices["rocd.kitchen"].volume == Approx(0.2));
}

TEST_CASE("the volume of a system device is set once and not kept") {
  Connected world;
  const auto id = world.add_node("speakers", "Audio/Sink");
  REQUIRE(world.settle());
  REQUIRE(world.machine.set_volume("speakers", 0.4, true).has_value());
  REQUIRE(world.settle());
  CHECK(world.devices["speakers"].volume == Approx(0.4));
  CHECK(world.devices["speakers"].muted);
  world.machine.graph().node(id)->channel_volumes = {1.0F, 1.0F};
  REQUIRE(world.settle());
  CHECK(world.volumes_set == 1);
  CHECK(world.machine.set_volume("nobody", 1, false).error().code == ErrorCode::not_found);
}

TEST_CASE("another count of channels makes the device anew") {
  Connected world;
  auto device = output("kitchen");
  world.machine.ensure_device(device);
  REQUIRE(world.settle());
  device.channels = 1;
  world.machine.ensure_device(device);
  REQUIRE(world.settle());
  CHECK(world.nodes_made == 2);
  CHECK(world.count("rocd.kitchen") == 1);
  CHECK(world.devices["rocd.kitchen"].channels == 1);
}

TEST_CASE("another description waits until nobody uses the device") {
  Connected world;
  auto device = output("kitchen");
  world.machine.ensure_device(device);
  const auto player = world.add_node("player", "Stream/Output/Audio");
  REQUIRE(world.settle());
  world.link_nodes(player, world.node("rocd.kitchen")->id);
  device.description = "Renamed";
  world.machine.ensure_device(device);
  REQUIRE(world.settle());
  CHECK(world.nodes_made == 1);
  world.remove(player);
  REQUIRE(world.settle());
  CHECK(world.nodes_made == 2);
  CHECK(world.devices["rocd.kitchen"].description == "Renamed");
}

TEST_CASE("the links inside a virtual input do not count as use") {
  Connected world;
  auto device = input("mic");
  world.machine.ensure_device(device);
  REQUIRE(world.settle());
  device.description = "Renamed";
  world.machine.ensure_device(device);
  REQUIRE(world.settle());
  world.advance(1s);
  REQUIRE(world.settle());
  CHECK(world.devices["rocd.mic"].description == "Renamed");
  CHECK(world.links_between("rocd.mic.feed", "rocd.mic") == 2);
}

TEST_CASE("nodes of other kinds are not devices") {
  Connected world;
  world.add_node("browser", "Stream/Output/Audio");
  world.add_node("camera", "Video/Source");
  world.add_node("auto_null", "Audio/Sink");
  world.add_node("", "Audio/Sink");
  const auto foreign_feed = world.add_node("rocd.other.feed", "Audio/Sink");
  world.machine.graph().node(foreign_feed)->role = "feed";
  world.machine.graph().node(foreign_feed)->instance = "another-peer";
  world.add_node("speakers", "Audio/Sink");
  world.add_node("microphone", "Audio/Source", {"MONO"});
  REQUIRE(world.settle());
  CHECK(world.devices.size() == 2);
  CHECK(world.devices["speakers"].capture_is_monitor);
  CHECK(world.devices["speakers"].playback_node == "speakers");
  CHECK(world.devices["microphone"].channels == 1);
  CHECK(world.devices["microphone"].direction == StreamDirection::input);
  CHECK(world.devices["microphone"].playback_node.empty());
}

TEST_CASE("leftovers of this peer are removed before their names are used again") {
  Connected world;
  const auto leftover = world.add_node("rocd.kitchen", "Audio/Sink");
  world.machine.graph().node(leftover)->instance = peer.str();
  world.machine.graph().node(leftover)->session = "an earlier one";
  const auto foreign = world.add_node("rocd.bath", "Audio/Sink");
  world.machine.graph().node(foreign)->instance = "another peer";
  world.machine.ensure_device(output("kitchen"));
  REQUIRE(world.settle());
  CHECK(world.machine.graph().node(leftover) == nullptr);
  CHECK(world.count("rocd.kitchen") == 1);
  CHECK(world.count("rocd.bath") == 1);
  CHECK(world.names_taken == 0);
}

TEST_CASE("a node of this session that nobody wants any more is removed too") {
  // It was given up before its number was known.
  Connected world;
  const auto orphan = world.add_node("rocd.kitchen", "Audio/Sink");
  world.machine.graph().node(orphan)->instance = peer.str();
  world.machine.graph().node(orphan)->session = "session-1";
  REQUIRE(world.settle());
  CHECK(world.machine.graph().node(orphan) == nullptr);
}

TEST_CASE("a link is made when both ends are there, and made again when one returns") {
  Connected world;
  const auto stream = Uid::derive("test", "stream", "s");
  world.machine.ensure_link({stream, "microphone", "rocd.mic.feed"});
  REQUIRE(world.settle());
  REQUIRE(world.links.size() == 1);
  CHECK_FALSE(world.links.back().linked);

  const auto microphone = world.add_node("microphone", "Audio/Source");
  world.machine.ensure_device(input("mic"));
  REQUIRE(world.settle());
  CHECK(world.links.back().linked);
  CHECK(world.links_between("microphone", "rocd.mic.feed") == 2);

  world.remove(microphone);
  REQUIRE(world.settle());
  CHECK_FALSE(world.links.back().linked);
  CHECK(world.links.back().reason == "microphone is not there");

  world.add_node("microphone", "Audio/Source");
  world.advance(1s);
  REQUIRE(world.settle());
  CHECK(world.links.back().linked);

  world.machine.remove_link(stream);
  const auto told = world.links.size();
  REQUIRE(world.settle());
  CHECK(world.links_between("microphone", "rocd.mic.feed") == 0);
  CHECK(world.links.size() == told);
}

TEST_CASE("a link that somebody removes is told and made again") {
  Connected world;
  const auto a = world.add_node("a", "Audio/Sink");
  const auto b = world.add_node("b", "Audio/Sink");
  const auto stream = Uid::derive("test", "stream", "s");
  world.machine.ensure_link({stream, "a", "b"});
  REQUIRE(world.settle());
  CHECK(world.links.back().linked);
  world.remove_links(a, b);
  REQUIRE(world.settle());
  CHECK_FALSE(world.links.back().linked);
  world.advance(1s);
  REQUIRE(world.settle());
  CHECK(world.links.back().linked);
  CHECK(world.links.size() == 3);
}

TEST_CASE("a link that cannot be made says why") {
  Connected world;
  world.add_node("a", "Audio/Sink");
  world.add_node("b", "Audio/Sink");
  world.refuse_links = "formats do not match";
  world.machine.ensure_link({Uid::derive("test", "stream", "s"), "a", "b"});
  REQUIRE(world.settle());
  REQUIRE_FALSE(world.links.empty());
  CHECK(world.links.back().reason == "formats do not match");
  CHECK(world.machine.poll_timeout());
}

TEST_CASE("a link that is there already is enough") {
  Connected world;
  const auto a = world.add_node("a", "Audio/Sink");
  const auto b = world.add_node("b", "Audio/Sink");
  world.link_nodes(a, b);
  world.machine.ensure_link({Uid::derive("test", "stream", "s"), "a", "b"});
  REQUIRE(world.settle());
  CHECK(world.links.back().linked);
  CHECK(world.links_made == 0);
}

TEST_CASE("another request for the same stream moves the link") {
  Connected world;
  for (const auto* name : {"a", "b", "c"}) world.add_node(name, "Audio/Sink");
  const auto stream = Uid::derive("test", "stream", "s");
  world.machine.ensure_link({stream, "a", "b"});
  REQUIRE(world.settle());
  world.machine.ensure_link({stream, "a", "c"});
  REQUIRE(world.settle());
  CHECK(world.links_between("a", "b") == 0);
  CHECK(world.links_between("a", "c") == 2);
}

TEST_CASE("a virtual output tells whether something plays into it now") {
  Connected world;
  world.machine.ensure_device(output("kitchen"));
  REQUIRE(world.settle());
  CHECK_FALSE(world.devices.at("rocd.kitchen").is_played_to);
  const auto player = world.add_node("player", "Stream/Output/Audio");
  world.link_nodes(player, world.node("rocd.kitchen")->id);
  REQUIRE(world.settle());
  CHECK_FALSE(world.devices.at("rocd.kitchen").is_played_to);  // linked, and paused
  world.machine.graph().node(player)->running = true;
  REQUIRE(world.settle());
  CHECK(world.devices.at("rocd.kitchen").is_played_to);
  world.remove(player);
  REQUIRE(world.settle());
  CHECK_FALSE(world.devices.at("rocd.kitchen").is_played_to);
}

TEST_CASE("whether a session manager runs is told at the begin, and when it changes") {
  Connected world;
  world.machine.graph().defaults.known = false;
  world.manager_runs.clear();
  REQUIRE(world.settle());
  REQUIRE(world.settle());
  CHECK(world.manager_runs == std::vector{false});
  world.machine.graph().defaults.known = true;
  REQUIRE(world.settle());
  CHECK(world.manager_runs == std::vector{false, true});
  // While nothing is known nothing is told.
  world.machine.handle_disconnected("gone");
  REQUIRE(world.settle());
  CHECK(world.manager_runs == std::vector{false, true});
  world.machine.handle_connected("again");
  world.machine.graph().defaults.known = true;
  REQUIRE(world.settle());
  CHECK(world.manager_runs == std::vector{false, true, true});
}

TEST_CASE("nodes of children are told with the other ends of their links, once for each change") {
  Connected world;
  const auto stream = Uid::derive("test", "stream", "s");
  const auto sink = world.add_node("speakers", "Audio/Sink");
  const auto id = world.add_node("roc-recv", "Stream/Output/Audio");
  auto* child = world.machine.graph().node(id);
  child->stream_uid = stream;
  child->pid = 4242;
  REQUIRE(world.settle());
  REQUIRE(world.stream_nodes.size() == 1);
  CHECK(world.stream_nodes[0].linked_to.empty());
  CHECK(world.stream_nodes[0].pid == 4242);
  CHECK_FALSE(world.stream_nodes[0].capturing);

  world.link_nodes(id, sink);  // two links, one change
  REQUIRE(world.settle());
  REQUIRE(world.stream_nodes.size() == 2);
  CHECK(world.stream_nodes[1].linked_to ==
        std::vector<LinkedNode>{{"speakers", world.node("speakers")->serial}});
  CHECK(world.stream_nodes[1].links == 2);

  // One channel of two: the same nodes, and something is missing.
  world.remove(world.machine.graph().links().begin()->first);
  REQUIRE(world.settle());
  REQUIRE(world.stream_nodes.size() == 3);
  CHECK(world.stream_nodes[2].linked_to == world.stream_nodes[1].linked_to);
  CHECK(world.stream_nodes[2].links == 1);

  world.remove(id);
  REQUIRE(world.settle());
  CHECK(world.stream_nodes_gone.size() == 1);
}

TEST_CASE(
    "who listens to a child that plays is no device of it; who plays to one that records is") {
  Connected world;
  const auto playing = world.add_node("roc-recv", "Stream/Output/Audio");
  const auto recording = world.add_node("roc-send", "Stream/Input/Audio");
  world.machine.graph().node(playing)->stream_uid = Uid::derive("test", "stream", "a");
  world.machine.graph().node(recording)->stream_uid = Uid::derive("test", "stream", "b");
  world.link_nodes(playing, world.add_node("level meter", "Stream/Input/Audio"));
  world.link_nodes(world.add_node("player", "Stream/Output/Audio"), recording);
  REQUIRE(world.settle());
  REQUIRE(world.stream_nodes.size() == 2);
  for (const auto& node : world.stream_nodes)
    CHECK(node.linked_to.size() == (node.capturing ? 1 : 0));
}

TEST_CASE("the default is chosen only when asked, and when the session manager is there") {
  Connected world;
  world.machine.ensure_device(output("kitchen"));
  REQUIRE(world.settle());
  CHECK(world.defaults_set.empty());
  REQUIRE(world.machine.set_default("rocd.kitchen").has_value());
  REQUIRE(world.settle());
  CHECK(world.defaults_set.empty());
  world.machine.graph().defaults.known = true;
  REQUIRE(world.settle());
  REQUIRE(world.defaults_set.size() == 1);
  CHECK(world.defaults_set[0].sink);
  CHECK(world.devices["rocd.kitchen"].is_chosen_default);
  REQUIRE(world.machine.clear_default("rocd.kitchen").has_value());
  REQUIRE(world.settle());
  CHECK(world.defaults_set.back().node_name.empty());
  CHECK_FALSE(world.devices["rocd.kitchen"].is_chosen_default);
  // Not ours to clear any more.
  REQUIRE(world.machine.clear_default("rocd.kitchen").has_value());
  REQUIRE(world.settle());
  CHECK(world.defaults_set.size() == 2);
}

// "kitchen" was made the default, and nobody has told of it.
struct UntoldDefault : Connected {
  UntoldDefault() {
    machine.graph().defaults.known = true;
    machine.ensure_device(output("kitchen"));
    REQUIRE(settle());
    tells_defaults = false;
    untold_defaults = machine.graph().defaults;
    REQUIRE(machine.set_default("rocd.kitchen").has_value());
    REQUIRE(settle());
  }
};

TEST_CASE("a default that was set but not told of is looked up") {
  UntoldDefault world;
  CHECK_FALSE(world.devices["rocd.kitchen"].is_default);
  REQUIRE(world.machine.poll_timeout());
  world.advance(500ms);
  REQUIRE(world.settle());
  CHECK(world.devices["rocd.kitchen"].is_default);
  REQUIRE(world.machine.clear_default("rocd.kitchen").has_value());
  REQUIRE(world.settle());
  world.advance(500ms);
  REQUIRE(world.settle());
  CHECK_FALSE(world.devices["rocd.kitchen"].is_chosen_default);
  CHECK_FALSE(world.machine.poll_timeout());
}

TEST_CASE("a default that was set but not told of can be given up at once") {
  UntoldDefault world;
  REQUIRE(world.untold_defaults.configured_sink == "rocd.kitchen");
  REQUIRE(world.machine.clear_default("rocd.kitchen").has_value());
  REQUIRE(world.settle());
  CHECK(world.untold_defaults.configured_sink.empty());
  world.advance(500ms);
  REQUIRE(world.settle());
  CHECK_FALSE(world.devices["rocd.kitchen"].is_chosen_default);
  CHECK_FALSE(world.machine.poll_timeout());
}

TEST_CASE("a device is not made while an older one of somebody else has its name") {
  for (const bool is_feed : {false, true}) {
    CAPTURE(is_feed);
    Connected world;
    const auto wanted = is_feed ? input("mic") : output("mic");
    const std::string name = is_feed ? "rocd.mic.feed" : "rocd.mic";
    const auto other = world.add_node(name, "Audio/Sink");
    world.machine.ensure_device(wanted);
    REQUIRE(world.settle());
    CHECK(world.nodes_made == 0);
    CHECK(world.problems[wanted.uid] == "another program has made a device called '" + name +
                                            "': close it, or give one of the two another name");
    world.remove(other);
    REQUIRE(world.settle());
    CHECK(world.devices["rocd.mic"].virtual_uid == wanted.uid);
    CHECK(world.problems[wanted.uid].empty());
  }
}

TEST_CASE("a younger namesake does not take the device's place, but the name is no longer unique") {
  Connected world;
  world.machine.ensure_device(output("kitchen"));
  REQUIRE(world.settle());
  const auto serial = world.devices["rocd.kitchen"].serial;
  CHECK_FALSE(world.devices["rocd.kitchen"].capture_name_is_shared);
  const auto other = world.add_node("rocd.kitchen", "Audio/Sink");
  REQUIRE(world.settle());
  CHECK(world.devices["rocd.kitchen"].serial == serial);
  CHECK(world.devices["rocd.kitchen"].capture_name_is_shared);
  CHECK(world.problems.empty());
  // Links are made by number.
  const auto speakers = world.add_node("speakers", "Audio/Sink");
  world.machine.ensure_link({Uid::derive("test", "stream", "s"), "rocd.kitchen", "speakers"});
  REQUIRE(world.settle());
  for (const auto& [id, link] : world.machine.graph().links()) {
    CHECK(link.in_node == speakers);
    CHECK(link.out_node != other);
  }
  CHECK_FALSE(world.machine.graph().links().empty());
  world.remove(other);
  REQUIRE(world.settle());
  CHECK_FALSE(world.devices["rocd.kitchen"].capture_name_is_shared);
}

TEST_CASE("of two that were made at once the older one keeps the name") {
  Connected world;
  const auto other = world.add_node("stranger", "Audio/Sink");
  world.machine.ensure_device(output("kitchen"));
  REQUIRE(world.settle());
  world.machine.graph().node(other)->name = "rocd.kitchen";  // seen late, but made first
  REQUIRE(world.settle());
  CHECK_FALSE(world.problems[output("kitchen").uid].empty());
  CHECK_FALSE(world.devices["rocd.kitchen"].virtual_uid);  // that is the other one
}

TEST_CASE("whatever happens in whatever order, it ends with what is wanted, and nothing else") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    GraphWorld world(peer);
    bool connected = false;
    std::map<Uid, VirtualDevice> wanted;
    for (int step = 0; step < 120; ++step) {
      auto device = below(2) == 0 ? output("d" + std::to_string(below(4)))
                                  : input("d" + std::to_string(below(4)));
      device.channels = 1 + static_cast<std::uint32_t>(below(2));
      device.volume = static_cast<double>(below(3)) / 2;
      switch (below(8)) {
        case 0:
        case 1:
          wanted[device.uid] = device;
          world.machine.ensure_device(device);
          break;
        case 2:
          wanted.erase(device.uid);
          world.machine.remove_device(device.uid);
          break;
        case 3:
          if (connected) world.disconnect();
          connected = false;
          break;
        case 4:
          if (!connected) world.connect();
          connected = true;
          break;
        case 5:
          if (const auto nodes = world.machine.graph().nodes(); !nodes.empty())
            world.remove(nodes[below(nodes.size())]->id);
          break;
        case 6:
          if (const auto links = world.machine.graph().links(); !links.empty())
            world.remove(links.begin()->first);
          break;
        default:
          REQUIRE(world.settle());
          world.advance(std::chrono::milliseconds(below(300)));
      }
    }
    if (!connected) world.connect();
    for (int i = 0; i < 20; ++i) {
      REQUIRE(world.settle());
      world.advance(15s);
    }
    std::size_t nodes = 0;
    for (const auto& [uid, device] : wanted) {
      REQUIRE(world.devices.contains(device.node_name));
      CHECK(world.devices[device.node_name].channels == device.channels);
      CHECK(world.devices[device.node_name].direction == device.direction);
      CHECK(world.devices[device.node_name].volume == device.volume);
      nodes += roles_of(device).size();
    }
    CHECK(world.devices.size() == wanted.size());
    CHECK(world.names_taken == 0);
    CHECK(world.machine.graph().nodes().size() == nodes);
    CHECK_FALSE(world.machine.poll_timeout());
  }
}
