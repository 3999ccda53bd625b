// Streams of a configuration that is read anew while they run.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "dispatcher_world.hpp"

namespace rocd::test {
namespace {

constexpr std::uint16_t fixed_port = 42500;

StreamSpec named(StreamSpec spec, const DispatcherWorld& world, const std::string& name) {
  spec.uid = Uid::derive(world.self.str(), "stream", name);
  spec.name = spec.display_name = name;
  spec.origin = Origin::config;
  spec.location = "rocd.yaml:12:5";
  return spec;
}

StreamSpec receiving_at(const DispatcherWorld& world, std::uint16_t port) {
  auto spec = world.receiving();
  spec.source = ExternalAddress{MediaUri{Protocol::rtp, "127.0.0.1", port}, {}, {}};
  return spec;
}

std::vector<EndpointSpec> endpoints(const DispatcherWorld& world) {
  return {*world.endpoints->configured(world.speaker),
          *world.endpoints->configured(world.microphone)};
}

std::vector<ReloadConflict> conflicts(const DispatcherWorld& world,
                                      const std::vector<StreamSpec>& configured) {
  return world.streams->conflicts(configured, endpoints(world));
}

ReloadDiff reload(DispatcherWorld& world, const std::vector<StreamSpec>& configured) {
  REQUIRE(conflicts(world, configured).empty());
  const auto prepared = world.streams->prepare(configured);
  REQUIRE(prepared.has_value());
  world.streams->retire(*prepared);
  world.streams->apply(*prepared);
  return prepared->plan.diff();
}

TEST_CASE("streams of a new configuration come, change and go, others keep their process") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto a = named(world.sending(), world, "a"), b = named(world.sending(), world, "b"),
             c = named(world.sending(), world, "c"), d = named(world.sending(), world, "d");
  reload(world, {a, b, c});
  for (const auto& spec : {a, b, c}) REQUIRE(world.reaches(spec.uid, StreamState::running));
  const int pid = *world.streams->find(a.uid)->status.pid;

  auto moved = a;
  moved.location = "rocd.yaml:1:5";
  auto robust = b;
  robust.settings.profile = Profile::robust;
  const auto diff = reload(world, {moved, robust, d});
  CHECK(diff.added == std::vector{d.uid});
  CHECK(diff.changed == std::vector{b.uid});
  CHECK(diff.removed == std::vector{c.uid});
  CHECK(world.reaches(d.uid, StreamState::running));
  CHECK(world.until([&] {
    const auto* process = world.process_of(b.uid);
    return process != nullptr && process->request.argv.back() == "robust";
  }));
  CHECK(world.until([&] { return world.process_of(c.uid) == nullptr; }));
  CHECK_FALSE(world.streams->find(c.uid));
  CHECK(world.streams->find(b.uid)->spec.version == 2);
  CHECK(world.streams->find(d.uid)->spec.origin == Origin::config);
  CHECK(world.store->load(StoredKind::stream).value().empty());

  CHECK(world.streams->find(a.uid)->status.pid == pid);
  CHECK(world.process_of(a.uid)->signals.empty());
  CHECK(world.streams->find(a.uid)->spec.version == 1);
  // Errors name its line all the same.
  CHECK(world.streams->remove(a.uid).error().where == "rocd.yaml:1:5");

  auto users = std::vector{a.uid, b.uid, d.uid};
  std::ranges::sort(users);
  CHECK(world.endpoints->find(world.speaker)->status.in_use_by == users);
}

TEST_CASE("a stream that comes back while its process still ends runs again") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto spec = named(world.sending(), world, "a");
  reload(world, {spec});
  REQUIRE(world.reaches(spec.uid, StreamState::running));
  auto* first = world.process_of(spec.uid);
  const auto before = world.events.last_seq();
  reload(world, {});
  REQUIRE(first->alive());
  reload(world, {spec});
  CHECK(world.streams->find(spec.uid)->spec.version == 2);
  REQUIRE(world.until([&] { return !first->alive(); }));
  CHECK(world.reaches(spec.uid, StreamState::running));
  CHECK(world.process_of(spec.uid) != first);
  world.settle();
  CHECK(world.streams->find(spec.uid));
  std::vector<std::string> types;
  for (auto seq = before + 1; seq <= world.events.last_seq(); ++seq)
    if (world.events.find(seq)->uri == stream_uri(spec.uid))
      types.emplace_back(to_string(world.events.find(seq)->type));
  REQUIRE(types.size() > 2);
  CHECK(types[0] == "stream.deleted");
  CHECK(types[1] == "stream.created");
}

TEST_CASE("whether a stream is enabled is the file's unless it is overridden") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  auto a = named(world.sending(), world, "a"), b = named(world.sending(), world, "b");
  reload(world, {a, b});
  auto off = world.streams->find(a.uid)->spec;
  off.enabled = false;
  REQUIRE(world.streams->update(a.uid, off).has_value());
  b.enabled = false;
  a.display_name = "other name";
  reload(world, {a, b});
  CHECK_FALSE(world.streams->find(a.uid)->spec.enabled);
  CHECK(world.streams->find(a.uid)->spec.display_name == "other name");
  CHECK_FALSE(world.streams->find(b.uid)->spec.enabled);

  reload(world, {b});
  reload(world, {a, b});
  CHECK_FALSE(world.streams->find(a.uid)->spec.enabled);  // kept for its return
}

TEST_CASE("a port of a stream that was made over REST cannot be taken by the file") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto api = receiving_at(world, fixed_port);
  REQUIRE(world.streams->create(api).has_value());
  auto file = named(receiving_at(world, fixed_port), world, "a");
  const auto found = conflicts(world, {file});
  REQUIRE(found.size() == 1);
  CHECK(found[0].entry == file.uid);
  CHECK(found[0].error.path == "/source/media_uri");
  CHECK(found[0].error.reason.starts_with("port 42500 is already used by stream 'receive'"));
  file.enabled = false;
  CHECK(conflicts(world, {file}).empty());
}

TEST_CASE("a port that was chosen for a stream that goes on cannot be taken by the file") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto open = named(world.receiving(), world, "open");
  reload(world, {open});
  REQUIRE(world.reaches(open.uid, StreamState::running));
  const auto port = world.streams->find(open.uid)->status.resolved->media->port;
  const auto file = named(receiving_at(world, port), world, "fixed");
  const auto found = conflicts(world, {file, open});
  REQUIRE(found.size() == 1);
  CHECK(found[0].entry == file.uid);
  CHECK(conflicts(world, {file}).empty());  // it goes
}

TEST_CASE("two streams of the file may exchange their ports") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  auto a = named(receiving_at(world, fixed_port), world, "a"),
       b = named(receiving_at(world, fixed_port + 1), world, "b");
  reload(world, {a, b});
  REQUIRE(world.reaches(a.uid, StreamState::running));
  REQUIRE(world.reaches(b.uid, StreamState::running));
  std::swap(a.source, b.source);
  CHECK(reload(world, {a, b}).changed.size() == 2);
  CHECK(world.until([&] { return world.spawner.count() == 4; }));
  CHECK(world.reaches(a.uid, StreamState::running));
  CHECK(world.streams->find(a.uid)->status.resolved->media->port == fixed_port + 1);
}

TEST_CASE("an endpoint that a stream made over REST uses cannot leave the file, or turn round") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto uid = world.streams->create(world.sending())->spec.uid;
  const auto left = endpoints(world).at(1);
  auto found = world.streams->conflicts({}, {left});
  REQUIRE(found.size() == 1);
  CHECK(found[0].entry.empty());
  CHECK(found[0].error.reason ==
        "the endpoint 'speaker' is no longer in the file, but the stream "
        "'send' (/streams/" +
            uid.str() + "), made over REST, uses it: delete that first");
  auto turned = endpoints(world).at(0);
  turned.direction = StreamDirection::input;
  found = world.streams->conflicts({}, {turned, left});
  REQUIRE(found.size() == 1);
  CHECK(found[0].entry == world.speaker);
  CHECK(found[0].error.path == "/stream_direction");
  CHECK(conflicts(world, {}).empty());
  CHECK(world.streams->conflicts({}, {endpoints(world).at(0)}).empty());
}

TEST_CASE("a device of the sound system that is not plugged in now is no conflict") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  auto spec = named(world.receiving(), world, "a");
  spec.destination = EndpointRef{world.self, system_endpoint_uid(world.self, "alsa_output.usb")};
  CHECK(conflicts(world, {spec}).empty());
}

TEST_CASE("ports are chosen from the range that is in force, others are kept") {
  TempDirectory directory;
  DispatcherWorld world(directory.path());
  const auto old = world.streams->create(world.receiving())->spec.uid;
  REQUIRE(world.reaches(old, StreamState::running));
  const auto kept = world.streams->find(old)->status.resolved->media;
  world.streams->set_rules({43000, 43099}, true);
  auto spec = world.receiving();
  spec.settings.extra_args = {"--latency-tolerance=100ms"};
  const auto created = world.streams->create(spec);
  REQUIRE(created.has_value());
  REQUIRE(world.reaches(created->spec.uid, StreamState::running));
  CHECK(world.streams->find(created->spec.uid)->status.resolved->media->port >= 43000);
  CHECK(world.streams->find(old)->status.resolved->media == kept);
}

}  // namespace
}  // namespace rocd::test
