#include "stream/stream_dispatcher.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "dispatcher_world.hpp"

namespace rocd::test {
namespace {

namespace {

// One that sends and one that receives, both running.
std::pair<Uid, Uid> run_two(DispatcherWorld& world) {
  const auto sending = world.streams->create(world.sending())->spec.uid;
  const auto receiving = world.streams->create(world.receiving())->spec.uid;
  REQUIRE(world.reaches(sending, StreamState::running));
  REQUIRE(world.reaches(receiving, StreamState::running));
  return {sending, receiving};
}

}  // namespace

TEST_CASE("a created stream is stored, started and proven, and its endpoint knows its user") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto created = world.streams->create(world.sending());
  REQUIRE(created.has_value());
  CHECK_FALSE(created->spec.uid.empty());
  CHECK(created->spec.origin == Origin::api);
  CHECK(created->spec.version == 1);
  CHECK(world.store->load(StoredKind::stream).value().size() == 1);
  const auto uid = created->spec.uid;
  CHECK(world.reaches(uid, StreamState::running));
  CHECK(world.streams->count_states() ==
        std::map<StreamState, std::size_t>{{StreamState::running, 1}});
  CHECK(world.endpoints->find(world.speaker)->status.in_use_by == std::vector{uid});
  const auto stream = world.streams->find(uid);
  CHECK(stream->status.pid == world.spawner.last().identity.pid);
  CHECK(stream->status.resolved->engine == "fake/1");
}

TEST_CASE("a receiving stream gets free ports from the range, and keeps them over restarts") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto uid = world.streams->create(world.receiving())->spec.uid;
  REQUIRE(world.reaches(uid, StreamState::running));
  const auto first = *world.streams->find(uid)->status.resolved;
  REQUIRE(first.media);
  REQUIRE(first.repair);
  CHECK(first.media->protocol == Protocol::rtp_rs8m);
  CHECK(first.media->port >= 42000);
  CHECK(first.media->port <= 42099);
  world.process_of(uid)->crash();
  REQUIRE(world.until([&] { return world.spawner.count() == 2; }));
  REQUIRE(world.reaches(uid, StreamState::running));
  CHECK(world.streams->find(uid)->status.resolved->media == first.media);
  CHECK(world.streams->find(uid)->status.restarts == 1);
  CHECK(world.streams->find(uid)->status.exits.size() == 1);
  auto other = world.streams->create(world.receiving());
  REQUIRE(other.has_value());
  REQUIRE(world.reaches(other->spec.uid, StreamState::running));
  CHECK(world.streams->find(other->spec.uid)->status.resolved->media != first.media);
}

// Others send there, and know of no restart. That they are made in another order than they are
// restored must not matter: in a small range each is in the other's way.
TEST_CASE("receiving streams get the ports that they had from the next daemon, too") {
  TempDirectory directory;
  std::map<Uid, MediaUri> first;
  const auto ports_of = [](const DispatcherWorld& world) {
    std::map<Uid, MediaUri> found;
    for (const auto& stream : world.streams->list())
      found.emplace(stream.spec.uid, stream.status.resolved.value().media.value());
    return found;
  };
  const auto all_run = [](DispatcherWorld& world) {
    return world.until([&] {
      return world.streams->count_states() ==
             std::map<StreamState, std::size_t>{{StreamState::running, 4}};
    });
  };
  {
    DispatcherWorld world(directory.path());
    world.streams->set_rules({42000, 42007}, false);
    for (int i = 0; i < 4; ++i) {
      auto spec = world.receiving();
      spec.uid = Uid::derive("test", "stream", std::to_string(i));
      REQUIRE(world.streams->create(spec).has_value());
      world.settle();
    }
    REQUIRE(all_run(world));
    first = ports_of(world);
  }
  SECTION("whatever it would choose") {
    DispatcherWorld world(directory.path());
    REQUIRE(all_run(world));
    CHECK(ports_of(world) == first);
  }
  SECTION("also beside an address that somebody fixed, outside of the range") {
    const auto uid = first.begin()->first;
    MediaUri chosen;
    {
      DispatcherWorld world(directory.path());
      auto spec = world.streams->find(uid)->spec;
      std::get<ExternalAddress>(spec.source).control = MediaUri{Protocol::rtcp, "127.0.0.1", 50000};
      REQUIRE(world.streams->update(uid, spec).has_value());
      REQUIRE(all_run(world));
      chosen = ports_of(world).at(uid);
      CHECK(chosen == first.at(uid));
    }
    DispatcherWorld world(directory.path());
    REQUIRE(all_run(world));
    CHECK(ports_of(world).at(uid) == chosen);
  }
  SECTION("but not what was chosen for one that is deleted") {
    const auto kept = [&] {
      return Store::open(directory.path()).value()->load(StoredKind::stream_address)->size();
    };
    CHECK(kept() == 4);
    {
      DispatcherWorld world(directory.path());
      REQUIRE(world.streams->remove(first.begin()->first).has_value());
      world.settle();
    }
    CHECK(kept() == 3);
    REQUIRE(Store::open(directory.path())
                .value()
                ->remove(StoredKind::stream, first.rbegin()->first)
                .has_value());
    {
      DispatcherWorld world(directory.path());
    }
    CHECK(kept() == 2);
  }
}

TEST_CASE("a local stream is a link and no process") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto uid = world.streams->create(world.local())->spec.uid;
  CHECK(world.reaches(uid, StreamState::running));
  CHECK(world.spawner.count() == 0);
  REQUIRE(world.driver.wanted_links.contains(uid));
  REQUIRE(world.streams->remove(uid).has_value());
  world.settle();
  CHECK(world.driver.wanted_links.empty());
}

TEST_CASE("wrong wishes are refused with all of their mistakes, and nothing is stored") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  auto spec = world.sending();
  std::get<EndpointRef>(spec.source).endpoint = Uid::derive("no", "such", "endpoint");
  std::get<ExternalAddress>(spec.destination).repair.reset();
  const auto created = world.streams->create(spec);
  REQUIRE(created.has_error());
  CHECK(created.error().code == ErrorCode::invalid_argument);
  CHECK(created.error().fields.size() >= 2);
  CHECK(world.store->load(StoredKind::stream).value().empty());
  CHECK(world.streams->list().empty());
}

TEST_CASE("an I/O latency that the profile's target leaves no room for is refused") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  auto spec = world.sending();
  spec.settings.io_latency = 200ms;
  const auto refused = world.streams->create(spec);
  REQUIRE(refused.has_error());
  CHECK(refused.error().fields ==
        std::vector<FieldError>{{"/settings/io_latency",
                                 "200ms must be below the target latency, which profile "
                                 "'balanced' sets to 120ms"}});
  spec.settings.profile = Profile::robust;
  CHECK(world.streams->create(spec).has_value());
}

TEST_CASE("the same uid cannot be made twice, and unknown ones are not found") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  auto spec = world.sending();
  spec.uid = Uid::derive("test", "stream", "mine");
  REQUIRE(world.streams->create(spec).has_value());
  CHECK(world.streams->create(spec).error().code == ErrorCode::conflict);
  const auto unknown = Uid::derive("test", "stream", "other");
  CHECK_FALSE(world.streams->find(unknown));
  CHECK(world.streams->update(unknown, spec).error().code == ErrorCode::not_found);
  CHECK(world.streams->remove(unknown).error().code == ErrorCode::not_found);
  CHECK(world.streams->restart(unknown).error().code == ErrorCode::not_found);
  CHECK(world.streams->log(unknown).error().code == ErrorCode::not_found);
}

TEST_CASE("a new display name is stored without touching the child") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto uid = world.streams->create(world.sending())->spec.uid;
  REQUIRE(world.reaches(uid, StreamState::running));
  auto spec = world.streams->find(uid)->spec;
  spec.display_name = "better name";
  const auto updated = world.streams->update(uid, spec);
  REQUIRE(updated.has_value());
  CHECK(updated->spec.version == 2);
  world.settle();
  CHECK(world.spawner.count() == 1);
  CHECK(world.spawner.last().alive());
  // The same again is no change.
  CHECK(world.streams->update(uid, spec)->spec.version == 2);
}

TEST_CASE("new settings restart the child, another endpoint frees the old one") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto uid = world.streams->create(world.sending())->spec.uid;
  REQUIRE(world.reaches(uid, StreamState::running));
  auto spec = world.streams->find(uid)->spec;
  spec.settings.profile = Profile::robust;
  REQUIRE(world.streams->update(uid, spec).has_value());
  REQUIRE(world.until([&] { return world.spawner.count() == 2; }));
  CHECK(world.reaches(uid, StreamState::running));
  CHECK(world.spawner.last().request.argv.back() == "robust");

  DeviceInfo system;
  system.node_name = system.capture_node = "alsa_input.usb";
  system.direction = StreamDirection::input;
  world.driver.add_system_device(system);
  world.settle();
  const auto usb = system_endpoint_uid(world.self, "alsa_input.usb");
  spec = world.streams->find(uid)->spec;
  std::get<EndpointRef>(spec.source).endpoint = usb;
  REQUIRE(world.streams->update(uid, spec).has_value());
  REQUIRE(world.until([&] { return world.spawner.count() == 3; }));
  CHECK(world.reaches(uid, StreamState::running));
  CHECK(world.spawner.last().request.argv.at(1) == "alsa_input.usb");
  CHECK(world.endpoints->find(world.speaker)->status.in_use_by.empty());
  CHECK(world.endpoints->find(usb)->status.in_use_by == std::vector{uid});
}

TEST_CASE("a deleted stream is gone at once; its child ends and its uid is free again") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  auto spec = world.sending();
  spec.uid = Uid::derive("test", "stream", "mine");
  REQUIRE(world.streams->create(spec).has_value());
  REQUIRE(world.reaches(spec.uid, StreamState::running));
  auto* process = world.process_of(spec.uid);
  REQUIRE(world.streams->remove(spec.uid).has_value());
  CHECK_FALSE(world.streams->find(spec.uid));
  CHECK(world.streams->list().empty());
  CHECK(world.endpoints->find(world.speaker)->status.in_use_by.empty());
  CHECK(world.store->load(StoredKind::stream).value().empty());
  CHECK(world.streams->create(spec).error().code == ErrorCode::conflict);
  REQUIRE(world.until([&] { return !process->alive(); }));
  CHECK(process->signals.front() == SIGTERM);
  world.settle();
  CHECK(world.streams->create(spec).has_value());
  CHECK(world.reaches(spec.uid, StreamState::running));
}

TEST_CASE("a deleted stream whose child had already ended leaves nothing behind") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  auto spec = world.sending();
  spec.uid = Uid::derive("test", "stream", "mine");
  spec.settings.restart = RestartPolicy::never;
  REQUIRE(world.streams->create(spec).has_value());
  REQUIRE(world.reaches(spec.uid, StreamState::running));
  world.process_of(spec.uid)->crash();
  REQUIRE(world.state(spec.uid) == StreamState::failed);
  REQUIRE(world.streams->remove(spec.uid).has_value());
  world.settle();
  CHECK(world.supervisor->status(spec.uid) == nullptr);
  CHECK(world.streams->create(spec).has_value());
}

TEST_CASE("streams made over REST are there again after a restart of the daemon") {
  TempDirectory directory;
  Uid uid;
  {
    DispatcherWorld world(directory.path());
    auto spec = world.sending();
    spec.settings.profile = Profile::low;
    uid = world.streams->create(spec)->spec.uid;
    auto changed = world.streams->find(uid)->spec;
    changed.display_name = "second version";
    REQUIRE(world.streams->update(uid, changed).has_value());
    world.shut_down();
  }
  DispatcherWorld world(directory.path());
  const auto stream = world.streams->find(uid);
  REQUIRE(stream);
  CHECK(stream->spec.display_name == "second version");
  CHECK(stream->spec.version == 2);
  CHECK(stream->spec.settings.profile == Profile::low);
  CHECK(world.reaches(uid, StreamState::running));
}

StreamSpec configured_stream(const DispatcherWorld& world) {
  auto spec = world.sending();
  spec.uid = Uid::derive("test", "stream", "configured");
  spec.name = "configured";
  spec.location = "rocd.yaml:12:5";
  return spec;
}

TEST_CASE(
    "a configured stream can be switched off and on, and nothing else; the switch is stored") {
  TempDirectory directory;
  StreamSpec configured;
  {
    DispatcherWorld world(directory.path());
    configured = configured_stream(world);
  }
  {
    DispatcherWorld world(directory.path(), {configured});
    REQUIRE(world.reaches(configured.uid, StreamState::running));
    auto spec = world.streams->find(configured.uid)->spec;
    CHECK(spec.origin == Origin::config);
    spec.display_name = "other";
    const auto refused = world.streams->update(configured.uid, spec);
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == ErrorCode::read_only);
    CHECK(refused.error().where == "rocd.yaml:12:5");
    CHECK(world.streams->remove(configured.uid).error().code == ErrorCode::read_only);
    spec.display_name = configured.display_name;
    spec.enabled = false;
    const auto off = world.streams->update(configured.uid, spec);
    REQUIRE(off.has_value());
    CHECK(off->spec.version == 2);
    CHECK(world.reaches(configured.uid, StreamState::stopped));
    CHECK(world.store->load(StoredKind::stream).value().empty());
  }
  DispatcherWorld world(directory.path(), {configured});
  CHECK(world.state(configured.uid) == StreamState::stopped);
  CHECK(world.streams->find(configured.uid)->spec.version == 2);
}

TEST_CASE("a stored stream that cannot be understood is left out, told and left alone") {
  TempDirectory directory;
  const auto bad = Uid::derive("test", "stream", "future");
  const boost::json::object body{{"source", {{"connection_type", "moon"}}}};
  {
    DispatcherWorld world(directory.path());
    REQUIRE(world.store->put(StoredKind::stream, {bad, 3, body}).has_value());
  }
  for (int start = 0; start < 2; ++start) {
    DispatcherWorld world(directory.path());
    CHECK(world.streams->list().empty());
    REQUIRE(world.store->unreadable().size() == 1);
    CHECK(world.store->unreadable()[0].kind == "stream");
    CHECK(world.store->unreadable()[0].uid == bad.str());
    CHECK(world.store->unreadable()[0].reason.find("moon") != std::string::npos);
    const auto created = world.streams->create(world.sending());
    REQUIRE(created.has_value());
    REQUIRE(world.streams->remove(created->spec.uid).has_value());
    const auto stored = world.store->load(StoredKind::stream).value();
    REQUIRE(stored.size() == 1);
    CHECK(stored[0].version == 3);
    CHECK(stored[0].body == body);
    world.shut_down();
  }
}

TEST_CASE("a configured stream is not switched on while another one has its port") {
  TempDirectory directory;
  StreamSpec configured;
  {
    DispatcherWorld world(directory.path());
    configured = world.receiving();
    configured.uid = Uid::derive("test", "stream", "configured");
    configured.name = "configured";
    configured.source = ExternalAddress{
        .media = MediaUri{Protocol::rtp, "127.0.0.1", 42500}, .repair = {}, .control = {}};
  }
  DispatcherWorld world(directory.path(), {configured});
  auto spec = world.streams->find(configured.uid)->spec;
  spec.enabled = false;
  REQUIRE(world.streams->update(configured.uid, spec).has_value());
  auto other = world.receiving();
  other.display_name = "other";
  other.source = configured.source;
  const auto made = world.streams->create(other);
  REQUIRE(made.has_value());
  spec.enabled = true;
  const auto refused = world.streams->update(configured.uid, spec);
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == ErrorCode::invalid_argument);
  REQUIRE(refused.error().fields.size() == 1);
  CHECK(refused.error().fields[0].path == "/source/media_uri");
  CHECK_FALSE(world.streams->find(configured.uid)->spec.enabled);
  REQUIRE(world.streams->remove(made->spec.uid).has_value());
  CHECK(world.streams->update(configured.uid, spec).has_value());
}

TEST_CASE("a port that was chosen for one stream is not given to another") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto uid = world.streams->create(world.receiving())->spec.uid;
  REQUIRE(world.reaches(uid, StreamState::running));
  const auto chosen = *world.streams->find(uid)->status.resolved->media;
  auto other = world.receiving();
  other.source = ExternalAddress{
      .media = MediaUri{Protocol::rtp, "127.0.0.1", chosen.port}, .repair = {}, .control = {}};
  const auto refused = world.streams->create(other);
  REQUIRE(refused.has_error());
  REQUIRE(refused.error().fields.size() == 1);
  CHECK(refused.error().fields[0].path == "/source/media_uri");
  CHECK(refused.error().fields[0].reason.starts_with("port " + std::to_string(chosen.port) +
                                                     " is already used by"));
}

TEST_CASE("at the end of the range of ports a stream waits, until another one frees its ports") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  world.streams->set_rules({42000, 42003}, false);
  std::vector<Uid> uids;
  for (int i = 0; i < 4; ++i) {
    auto spec = world.receiving();
    spec.uid = Uid::derive("test", "stream", std::to_string(i));
    REQUIRE(world.streams->create(spec).has_value());
    uids.push_back(spec.uid);
    world.settle();
  }
  REQUIRE(world.reaches(uids[0], StreamState::running));
  REQUIRE(world.reaches(uids[1], StreamState::running));
  for (const auto& late : {uids[2], uids[3]}) {
    REQUIRE(world.reaches(late, StreamState::waiting));
    CHECK(world.streams->find(late)->status.message == "no UDP port from 42000 to 42003 is free");
  }
  const auto freed = world.streams->find(uids[0])->status.resolved->media;
  // Much sooner than it would look again by itself.
  const auto soon = [&](const Uid& uid) {
    world.settle();
    return world.state(uid) == StreamState::running;
  };

  SECTION("because it is deleted") {
    REQUIRE(world.streams->remove(uids[0]).has_value());
    world.settle();
    CHECK(soon(uids[2]) != soon(uids[3]));
    const auto& heir = world.streams->find(soon(uids[2]) ? uids[2] : uids[3]);
    const auto& resolved = *heir->status.resolved;
    CHECK((resolved.media->port == freed->port || resolved.repair->port == freed->port));
  }
  SECTION("because it becomes a sender") {
    auto spec = world.sending();
    REQUIRE(world.streams->update(uids[0], spec).has_value());
    CHECK(soon(uids[2]) != soon(uids[3]));
  }
  SECTION("or until the range is wider") {
    world.streams->set_rules({42000, 42007}, false);
    CHECK(soon(uids[2]));
    CHECK(soon(uids[3]));
  }
  CHECK(world.state(uids[1]) == StreamState::running);
}

TEST_CASE("a device that vanishes stops its child before anything else happens") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  DeviceInfo system;
  system.node_name = system.playback_node = "alsa_output.usb";
  system.direction = StreamDirection::output;
  world.driver.add_system_device(system);
  world.settle();
  auto spec = world.receiving();
  spec.destination = EndpointRef{world.self, system_endpoint_uid(world.self, "alsa_output.usb")};
  const auto uid = world.streams->create(spec)->spec.uid;
  REQUIRE(world.reaches(uid, StreamState::running));
  auto* process = world.process_of(uid);
  world.driver.remove_system_device("alsa_output.usb");
  REQUIRE(world.until([&] { return !process->alive(); }));
  CHECK(process->signals == std::vector{SIGTERM, SIGCONT});
  CHECK(world.state(uid) == StreamState::waiting);
  CHECK(world.streams->find(uid)->status.exits.back().requested);
  world.driver.add_system_device(system);
  CHECK(world.reaches(uid, StreamState::running));
}

TEST_CASE("a stream waits while its device shares its name, and no longer") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  DeviceInfo system;
  system.node_name = system.playback_node = "alsa_output.usb";
  world.driver.add_system_device(system);
  world.settle();
  auto spec = world.receiving();
  spec.destination = EndpointRef{world.self, system_endpoint_uid(world.self, "alsa_output.usb")};
  const auto sends = world.streams->create(world.sending())->spec.uid;
  const auto receives = world.streams->create(spec)->spec.uid;
  for (const auto& [uid, device] :
       {std::pair(sends, world.driver.wanted.at(world.speaker).node_name),
        std::pair(receives, std::string("alsa_output.usb"))}) {
    REQUIRE(world.reaches(uid, StreamState::running));
    world.driver.share_names(device, true);
    CHECK(world.reaches(uid, StreamState::waiting));
    world.driver.share_names(device, false);
    CHECK(world.reaches(uid, StreamState::running));
  }
}

TEST_CASE("a child whose node is linked elsewhere is ended") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto uid = world.streams->create(world.sending())->spec.uid;
  REQUIRE(world.reaches(uid, StreamState::running));
  auto* process = world.process_of(uid);
  StreamNodeInfo node;
  node.stream = uid;
  node.serial = 1000 + process->identity.start_ticks;
  node.pid = process->identity.pid;
  node.linked_to = {{"alsa_input.camera", 7}};
  world.driver.set_stream_node(node);
  REQUIRE(world.until([&] { return !process->alive(); }));
  CHECK(process->signals.front() == SIGTERM);
}

TEST_CASE("a child waits for its link twice as long as the last one did") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  world.play_children = false;
  const auto sending = world.streams->create(world.sending())->spec.uid;
  const auto receiving = world.streams->create(world.receiving())->spec.uid;
  REQUIRE(world.until([&] { return world.spawner.alive().size() == 2; }));
  auto *child = world.process_of(sending), *other = world.process_of(receiving);
  world.play(*child, false);
  world.play(*other, false);
  const auto began = Now::read().mono;
  REQUIRE(world.until([&] { return Now::read().mono - began > 2s; }));
  world.play(*other);
  REQUIRE(world.reaches(receiving, StreamState::running));
  const auto linked_at = Now::read().mono;
  REQUIRE(world.until([&] { return Now::read().mono - linked_at > 3500ms; }));
  CHECK(child->alive());
  CHECK(world.state(sending) == StreamState::starting);
  CHECK(world.until([&] { return !child->alive(); }));
  CHECK(Now::read().mono - linked_at >= 4s);
}

TEST_CASE("all streams wait while the sound system is away, and come back with it") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto [first, second] = run_two(world);
  world.driver.disconnect();
  REQUIRE(world.reaches(first, StreamState::waiting));
  REQUIRE(world.reaches(second, StreamState::waiting));
  REQUIRE(world.until([&] { return world.spawner.alive().empty(); }));
  world.driver.connect();
  CHECK(world.reaches(first, StreamState::running));
  CHECK(world.reaches(second, StreamState::running));
}

TEST_CASE("a sound system that does not answer is not taken for children that do not work") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto uid = world.streams->create(world.sending())->spec.uid;
  REQUIRE(world.reaches(uid, StreamState::running));
  const auto* child = world.process_of(uid);
  REQUIRE(child != nullptr);
  world.driver.fall_silent();
  world.driver.remove_stream_node(uid);
  REQUIRE(world.until([&] {
    return world.streams->find(uid)->status.health.message == "the sound system does not answer";
  }));
  CHECK(child->alive());
  CHECK(world.state(uid) == StreamState::running);
  // One that is made meanwhile waits; devices that are not there yet say why.
  const auto late = world.streams->create(world.sending())->spec.uid;
  CHECK(world.reaches(late, StreamState::waiting));
  CHECK(world.process_of(late) == nullptr);
  world.driver.answer_again();
  CHECK(world.reaches(late, StreamState::running));
  // Its node does not come back: now that is the child's fault.
  REQUIRE(world.until([&] { return !child->alive(); }));
  CHECK(world.until([&] { return world.spawner.count() >= 3; }));
}

TEST_CASE("without a session manager nobody links a child, and that is not its fault") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto uid = world.streams->create(world.sending())->spec.uid;
  const auto local = world.streams->create(world.local())->spec.uid;
  REQUIRE(world.reaches(uid, StreamState::running));
  REQUIRE(world.reaches(local, StreamState::running));
  const auto* child = world.process_of(uid);
  world.driver.set_session_manager(false);
  world.driver.remove_stream_node(uid);
  const auto health = [&](const Uid& stream) { return world.streams->find(stream)->status.health; };
  REQUIRE(world.until([&] { return health(uid).message == no_session_manager; }));
  CHECK(health(uid).overall == Health::unhealthy);
  CHECK(health(uid).hint.starts_with("start WirePlumber"));
  CHECK(health(local).overall == Health::healthy);  // rocd links that itself
  // Another one waits; the one that is there has its time, from when somebody can link it.
  const auto late = world.streams->create(world.sending())->spec.uid;
  CHECK(world.reaches(late, StreamState::waiting));
  const auto began = Now::read().mono;
  REQUIRE(world.until([&] { return Now::read().mono - began > 3500ms; }));
  CHECK(child->alive());
  // That PipeWire answers is no news of the session manager.
  world.driver.answer_again();
  world.settle();
  CHECK(health(uid).message == no_session_manager);
  world.driver.set_session_manager(true);
  CHECK(world.reaches(late, StreamState::running));
  CHECK(child->alive());
  CHECK(world.until([&] { return !child->alive(); }));  // it is not linked even now
}

TEST_CASE("a late answer excuses all children that have waited for it, whoever has asked") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto [first, second] = run_two(world);
  const auto *child = world.process_of(first), *other = world.process_of(second);
  const auto asked = [&] { return std::ranges::count(world.driver.log, "check"); };
  const auto asked_before = asked();
  world.driver.hold_answers = true;
  world.driver.remove_stream_node(first);
  REQUIRE(world.until([&] { return asked() > asked_before; }));
  const auto at = Now::read().mono;
  world.driver.remove_stream_node(second);
  REQUIRE(world.until([&] { return Now::read().mono - at > 600ms; }));
  const auto answered_at = Now::read().mono;
  world.driver.answer_again();
  // Both have their time to come back from there on, then somebody asks again.
  const auto asked_once = asked();
  REQUIRE(world.until([&] { return asked() > asked_once; }));
  CHECK(Now::read().mono - answered_at > 2500ms);
  CHECK(child->alive());
  CHECK(other->alive());
  world.driver.answer_again();
  CHECK(world.until([&] { return !child->alive() && !other->alive(); }));
}

TEST_CASE("a sound system that does not answer is noticed where no child is that would") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto uid = world.streams->create(world.local())->spec.uid;
  REQUIRE(world.reaches(uid, StreamState::running));
  const auto health = [&] { return world.streams->find(uid)->status.health; };
  REQUIRE(health().message.empty());
  world.driver.fall_silent();
  CHECK(world.until([&] { return health().message == "the sound system does not answer"; }));
  world.driver.answer_again();
  CHECK(world.until([&] { return health().message.empty(); }));
}

TEST_CASE("a stream that has failed does not notice anything for the others") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto uid = world.streams->create(world.local())->spec.uid;
  auto spec = world.sending();
  spec.settings.restart = RestartPolicy::never;
  const auto failed = world.streams->create(spec)->spec.uid;
  REQUIRE(world.reaches(uid, StreamState::running));
  REQUIRE(world.reaches(failed, StreamState::running));
  world.process_of(failed)->crash();
  REQUIRE(world.reaches(failed, StreamState::failed));
  world.driver.fall_silent();
  CHECK(world.until([&] {
    return world.streams->find(uid)->status.health.message == "the sound system does not answer";
  }));
}

TEST_CASE("a stream waits for the tools and starts when they are there") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  world.engine.refuse("roc-send was not found");
  const auto uid = world.streams->create(world.sending())->spec.uid;
  world.settle();
  CHECK(world.state(uid) == StreamState::waiting);
  CHECK(world.streams->find(uid)->status.message == "roc-send was not found");
  world.engine.refuse("");
  CHECK(world.reaches(uid, StreamState::running));
}

TEST_CASE(
    "whether the tools are still the same is asked before a child is planned and when one ends") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto uid = world.streams->create(world.sending())->spec.uid;
  REQUIRE(world.reaches(uid, StreamState::running));
  CHECK(world.engine.tool_checks == 1);
  SECTION("it crashes") {
    world.process_of(uid)->crash();
    CHECK(world.engine.tool_checks == 2);
  }
  SECTION("somebody restarts it") {
    REQUIRE(world.streams->restart(uid).has_value());
    CHECK(world.engine.tool_checks == 2);
  }
}

TEST_CASE("a tool that moved is found, and the child that could not be started with it") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  world.spawner.spawn_error =
      SpawnError{{ErrorCode::not_found, "cannot start 'roc-send'", "", "", {}}, ENOENT};
  const auto uid = world.streams->create(world.sending())->spec.uid;
  REQUIRE(world.reaches(uid, StreamState::backoff));
  CHECK(world.engine.tool_checks > 1);
  world.spawner.spawn_error.reset();
  auto info = world.engine.info();
  info.tools[0].path = "/moved/roc-send";
  world.engine.set_info(info);
  REQUIRE(world.reaches(uid, StreamState::running));
  CHECK(world.process_of(uid)->request.argv[0] == "/moved/roc-send");
}

TEST_CASE("a chosen port that somebody else has is exchanged for another one") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  world.play_children = false;
  const auto uid = world.streams->create(world.receiving())->spec.uid;
  REQUIRE(world.until([&] { return world.process_of(uid) != nullptr; }));
  const auto before = *world.streams->find(uid)->status.resolved->media;
  auto* process = world.process_of(uid);
  world.play_children = true;
  process->print_line("binding " + before.str());
  process->print_line("bind-failed " + before.host + " " + std::to_string(before.port));
  CHECK(world.reaches(uid, StreamState::running));
  CHECK(world.streams->find(uid)->status.resolved->media->port != before.port);
}

TEST_CASE("the log of a stream can be read and followed until the reader lets go") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto uid = world.streams->create(world.sending())->spec.uid;
  REQUIRE(world.reaches(uid, StreamState::running));
  std::vector<std::string> seen;
  auto reader = world.streams->follow_log(
      uid, [&](const LogLine& line) { seen.push_back(line.text); }, [] {});
  REQUIRE(reader.has_value());
  world.process_of(uid)->print_line("hello");
  CHECK(seen == std::vector<std::string>{"hello"});
  reader->reset();
  world.process_of(uid)->print_line("nobody listens");
  CHECK(seen.size() == 1);
  const auto log = world.streams->log(uid);
  REQUIRE(log.has_value());
  CHECK(log->lines.back().text == "nobody listens");
  CHECK(log->lines.front().text == "device");
}

TEST_CASE("a reader may let go of itself while it is called, and may outlive its stream") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto uid = world.streams->create(world.sending())->spec.uid;
  REQUIRE(world.reaches(uid, StreamState::running));
  int calls = 0;
  StreamDispatcher::Subscription self, other;
  int ends = 0;
  const auto end = [&] { ++ends; };
  const auto count_once = [&](const LogLine&) {
    ++calls;
    self.reset();
  };
  self = *world.streams->follow_log(uid, count_once, end);
  other = *world.streams->follow_log(
      uid, [&](const LogLine&) { ++calls; },
      [&] {
        ++ends;
        other.reset();
      });
  world.process_of(uid)->print_line("one");
  world.process_of(uid)->print_line("two");
  CHECK(calls == 3);
  REQUIRE(world.streams->remove(uid).has_value());
  CHECK(ends == 1);
  CHECK(other == nullptr);
  CHECK(world.streams->count_states().empty());
}

TEST_CASE("restart makes a new process of the same stream") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto uid = world.streams->create(world.sending())->spec.uid;
  REQUIRE(world.reaches(uid, StreamState::running));
  REQUIRE(world.streams->restart(uid).has_value());
  REQUIRE(world.until([&] { return world.spawner.count() == 2; }));
  CHECK(world.reaches(uid, StreamState::running));
}

TEST_CASE("shutdown leaves no child and no link, and nothing starts again") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto sending = world.streams->create(world.sending())->spec.uid;
  const auto receiving = world.streams->create(world.receiving())->spec.uid;
  const auto local = world.streams->create(world.local())->spec.uid;
  REQUIRE(world.reaches(sending, StreamState::running));
  REQUIRE(world.reaches(receiving, StreamState::running));
  REQUIRE(world.reaches(local, StreamState::running));
  world.shut_down();
  CHECK(world.spawner.alive().empty());
  CHECK(world.driver.wanted_links.empty());
  world.driver.disconnect();
  world.driver.connect();
  world.settle();
  CHECK(world.spawner.count() == 2);
}

TEST_CASE("a hundred streams start, and each has its own ports") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  std::vector<Uid> uids;
  for (int i = 0; i < 50; ++i) {
    uids.push_back(world.streams->create(world.receiving())->spec.uid);
    uids.push_back(world.streams->create(world.sending())->spec.uid);
  }
  std::set<std::uint16_t> ports;
  for (const auto& uid : uids) {
    INFO(uid.str());
    REQUIRE(world.reaches(uid, StreamState::running));
    const auto stream = world.streams->find(uid);
    if (!std::holds_alternative<ExternalAddress>(stream->spec.source)) continue;
    CHECK(ports.insert(stream->status.resolved->media->port).second);
    CHECK(ports.insert(stream->status.resolved->repair->port).second);
  }
  CHECK(ports.size() == 100);
  const auto full = world.streams->create(world.receiving());
  REQUIRE(full.has_value());
  world.settle();
  CHECK(world.state(full->spec.uid) == StreamState::waiting);
  CHECK(world.streams->find(full->spec.uid)->status.message ==
        "no UDP port from 42000 to 42099 is free");
}

}  // namespace
}  // namespace rocd::test
