// Streams that rest while nothing plays into their device.
#include "stream/idle_watch.hpp"

#include <catch2/catch_test_macros.hpp>

#include "stream/stream_world.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

StreamSpec resting() {
  auto spec = sending();
  spec.settings.on_idle = OnIdle::pause;
  spec.settings.idle_after = 5s;
  return spec;
}

void play(World& world, bool playing) {
  auto device = speaker_device();
  device.is_played_to = playing;
  world.device(World::Side::source, &device, {}, "Kitchen");
}

}  // namespace

TEST_CASE("a stream that may pause starts without a child, and says why") {
  World world(resting());
  world.provide();
  play(world, false);
  CHECK(world.state() == StreamState::paused);
  CHECK(world.status().message == "nothing plays into 'Kitchen'");
  CHECK(world.health().overall == Health::inactive);
  CHECK(world.take("spawn") == 0);
  world.pass(1h);
  CHECK(world.health().overall == Health::inactive);
  CHECK(world.machine.poll_timeout() == std::nullopt);
}

TEST_CASE(
    "a paused stream starts when something plays, and pauses when that has ended for a while") {
  World world(resting());
  world.provide();
  play(world, true);
  CHECK(world.state() == StreamState::starting);
  world.work();
  CHECK(world.state() == StreamState::running);
  play(world, false);
  world.pass_with(4900ms, 100ms, "progress");
  CHECK(world.state() == StreamState::running);
  world.pass(200ms);
  CHECK(world.state() == StreamState::paused);
  CHECK(world.take("stop") == 1);
  CHECK_FALSE(world.child_lives());
  play(world, true);
  CHECK(world.state() == StreamState::starting);
  CHECK(world.child_lives());
}

TEST_CASE("a short silence does not pause a stream") {
  World world(resting());
  world.provide();
  play(world, true);
  world.work();
  for (int song = 0; song < 10; ++song) {
    play(world, false);
    world.pass_with(4s, 100ms, "progress");
    play(world, true);
    world.pass_with(60s, 1s, "progress");
  }
  CHECK(world.take("spawn") == 1);
  CHECK(world.state() == StreamState::running);
}

TEST_CASE("a stream that keeps on sends silence, and may be told to pause at any time") {
  auto spec = resting();
  spec.settings.on_idle = OnIdle::keep;
  World world(spec);
  world.provide();
  play(world, false);
  world.work();
  world.pass_with(60s, 1s, "progress");
  CHECK(world.state() == StreamState::running);
  world.set_spec(resting());
  CHECK(world.state() == StreamState::paused);
  CHECK_FALSE(world.child_lives());
  world.set_spec(spec);
  CHECK(world.state() == StreamState::starting);
}

TEST_CASE(
    "a paused stream still says that its device or PipeWire is away, and that it is stopped") {
  World world(resting());
  world.provide();
  world.connect(false);
  CHECK(world.state() == StreamState::waiting);
  CHECK(world.status().message == "waits for PipeWire");
  world.connect(true);
  CHECK(world.state() == StreamState::paused);
  world.device(World::Side::source, nullptr);
  CHECK(world.state() == StreamState::waiting);
  play(world, false);
  CHECK(world.state() == StreamState::paused);
  auto spec = resting();
  spec.enabled = false;
  world.set_spec(spec);
  CHECK(world.state() == StreamState::stopped);
  CHECK(world.status().message.empty());
}

TEST_CASE("a restart of a paused stream does not wake it, and its health stays inactive") {
  World world(resting());
  world.provide();
  world.machine.handle_restart(world.now);
  world.drain();
  world.pass(1min);
  CHECK(world.state() == StreamState::paused);
  CHECK(world.health().overall == Health::inactive);
}
