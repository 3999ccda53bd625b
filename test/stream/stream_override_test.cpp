// Streams of the configuration file and whether they are enabled at run time: who wins.
#include <catch2/catch_test_macros.hpp>

#include "dispatcher_world.hpp"

namespace rocd::test {
namespace {

const Uid configured_uid = Uid::derive("test", "stream", "configured");

StreamSpec configured(const TempDirectory& directory, bool enabled) {
  StreamSpec spec = DispatcherWorld(directory.path()).sending();
  spec.uid = configured_uid;
  spec.name = "configured";
  spec.enabled = enabled;
  return spec;
}

Stream enable(DispatcherWorld& world, bool enabled) {
  auto spec = world.streams->find(configured_uid)->spec;
  spec.enabled = enabled;
  const auto updated = world.streams->update(configured_uid, spec);
  REQUIRE(updated.has_value());
  return *updated;
}

bool is_stored(DispatcherWorld& world) {
  for (const auto& item : world.store->load(StoredKind::stream_override).value())
    if (item.uid == configured_uid) return true;
  return false;
}

TEST_CASE("a switch is stored while it differs from the file; the version does not go back") {
  TempDirectory directory;
  auto file = configured(directory, true);
  {
    DispatcherWorld world(directory.path(), {file});
    CHECK(enable(world, false).spec.version == 2);
    CHECK(is_stored(world));
    CHECK(world.streams->overrides(configured_uid) == StreamOverrides{false});
    CHECK(world.streams->configured(configured_uid)->enabled);
    CHECK(enable(world, true).spec.version == 3);
    CHECK_FALSE(is_stored(world));
    CHECK(world.streams->overrides(configured_uid) == StreamOverrides{});
  }
  file.enabled = false;
  DispatcherWorld world(directory.path(), {file});
  CHECK_FALSE(world.streams->find(configured_uid)->spec.enabled);
  CHECK(world.streams->find(configured_uid)->spec.version == 3);
}

TEST_CASE("a switch wins over the file, until it is set to what the file says") {
  TempDirectory directory;
  auto file = configured(directory, true);
  {
    DispatcherWorld world(directory.path(), {file});
    enable(world, false);
  }
  file.enabled = false;  // as it is switched already: both say so now
  {
    DispatcherWorld world(directory.path(), {file});
    CHECK(is_stored(world));
    CHECK(enable(world, false).spec.version == 2);
    CHECK_FALSE(is_stored(world));
  }
  file.enabled = true;
  DispatcherWorld world(directory.path(), {file});
  CHECK(world.streams->find(configured_uid)->spec.enabled);
}

TEST_CASE("a configured stream with extra arguments can be switched off and on again") {
  TempDirectory directory;
  auto file = configured(directory, true);
  file.settings.extra_args = {"--latency-tolerance=100ms"};
  DispatcherWorld world(directory.path(), {file});
  enable(world, false);
  enable(world, true);
  CHECK(world.reaches(configured_uid, StreamState::running));
}

}  // namespace
}  // namespace rocd::test
