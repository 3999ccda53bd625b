#include "stream/stream_machine.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cerrno>

#include "stream_world.hpp"

namespace rocd::test {
namespace {

World working(StreamSpec spec) {
  World world(std::move(spec));
  world.provide();
  world.work();
  REQUIRE(world.state() == StreamState::running);
  world.happened.clear();
  return world;
}

TEST_CASE("a disabled stream is stopped and asks for nothing") {
  auto spec = sending();
  spec.enabled = false;
  World world(spec);
  world.provide();
  CHECK(world.state() == StreamState::stopped);
  CHECK(world.happened.empty());
  CHECK_FALSE(world.machine.poll_timeout());
}

TEST_CASE("a stream waits for PipeWire, then for its device, and says so") {
  World world(sending());
  CHECK(world.state() == StreamState::waiting);
  CHECK(world.status().message == "waits for PipeWire");
  world.connect(true);
  CHECK(world.state() == StreamState::waiting);
  CHECK(world.status().message == "waits for its source device");
  CHECK(world.take("ensure") == 0);
  const auto device = speaker_device();
  world.device(World::Side::source, &device);
  CHECK(world.state() == StreamState::starting);
  CHECK(world.take("spawn") == 1);
}

TEST_CASE("a device that has no node for this direction is no device to start with") {
  World world(receiving());
  world.connect(true);
  auto device = microphone_device();
  device.playback_node.clear();
  world.device(World::Side::destination, &device);
  CHECK(world.state() == StreamState::waiting);
  CHECK(world.status().message == "its destination device cannot be used as a destination");
}

TEST_CASE("a tool that cannot do it makes the stream wait, until the tools change") {
  World world(receiving());
  world.engine.refuse("roc-recv was not found");
  world.provide();
  CHECK(world.state() == StreamState::waiting);
  CHECK(world.status().message == "roc-recv was not found");
  world.pass(10min);
  CHECK(world.take("spawn") == 0);
  CHECK(world.health() == HealthReport{Health::unhealthy, "roc-recv was not found", "install it"});
  world.engine.refuse("");
  world.machine.handle_engine_changed(world.now);
  world.drain();
  CHECK(world.state() == StreamState::starting);
}

TEST_CASE("a running child is left alone when the tools change; the one after it heeds them") {
  World world(receiving());
  world.provide();
  world.work();
  REQUIRE(world.state() == StreamState::running);
  world.take("plan");
  auto info = world.engine.info();
  info.tools[1].path = "/moved/roc-recv";
  world.engine.set_info(info);
  world.machine.handle_engine_changed(world.now);
  world.drain();
  CHECK(world.take("plan") == 0);
  CHECK(world.state() == StreamState::running);
  world.crash();
  CHECK(world.take("plan") == 1);
  CHECK(world.ensured->request.argv[0] == "/moved/roc-recv");
  CHECK(world.state() == StreamState::starting);
  world.crash();
  CHECK(world.take("plan") == 0);
}

TEST_CASE("tools that change while a child waits for its next try are heeded at once") {
  World world(receiving());
  world.provide();
  world.crash();
  REQUIRE(world.state() == StreamState::backoff);
  world.take("plan");
  SECTION("the tool is somewhere else") {
    auto info = world.engine.info();
    info.tools[1].path = "/moved/roc-recv";
    world.engine.set_info(info);
    world.machine.handle_engine_changed(world.now);
    world.drain();
    CHECK(world.ensured->request.argv[0] == "/moved/roc-recv");
    CHECK(world.state() == StreamState::starting);
  }
  SECTION("there is none") {
    world.engine.refuse("roc-recv was not found");
    world.machine.handle_engine_changed(world.now);
    world.drain();
    CHECK(world.state() == StreamState::waiting);
    CHECK(world.status().message == "roc-recv was not found");
  }
}

TEST_CASE("a child that is not to come again does not, whatever becomes of the tools") {
  auto spec = receiving();
  spec.settings.restart = RestartPolicy::never;
  World world(std::move(spec));
  world.provide();
  world.crash();
  REQUIRE(world.state() == StreamState::failed);
  world.engine.refuse("roc-recv was not found");
  world.machine.handle_engine_changed(world.now);
  world.drain();
  CHECK(world.state() == StreamState::failed);
}

TEST_CASE("a plan that failed is tried again, less and less often, while the rest is there") {
  World world(receiving());
  world.engine.refuse("no UDP port is free");
  world.provide();
  REQUIRE(world.state() == StreamState::waiting);
  world.take("plan");
  world.pass(500ms);
  CHECK(world.take("plan") == 1);
  world.pass(3s);  // 1 s, 2 s after the one before
  CHECK(world.take("plan") == 2);
  world.pass(10min);
  CHECK(world.take("plan") == 150);
  world.pass(3900ms);
  CHECK(world.take("plan") == 0);
  world.engine.refuse("");
  world.pass(100ms);
  CHECK(world.take("plan") == 1);
  CHECK(world.state() == StreamState::starting);
  world.engine.refuse("no UDP port is free");
  world.connect(false);
  CHECK(world.status().message == "waits for PipeWire");
  world.pass(1h);
  world.take("plan");
  CHECK_FALSE(world.machine.poll_timeout());
}

TEST_CASE("a stream that found no port looks again at once when there may be one") {
  World world(receiving());
  world.engine.refuse("no UDP port is free");
  world.provide();
  world.pass(10min);
  world.take("plan");
  world.machine.handle_ports_freed(world.now);
  world.drain();
  CHECK(world.take("plan") == 1);
  CHECK(world.state() == StreamState::waiting);
  world.pass(500ms);  // and soon after: whoever had it may still be on its way out
  CHECK(world.take("plan") == 1);
  world.engine.refuse("");
  world.machine.handle_ports_freed(world.now);
  world.drain();
  CHECK(world.take("plan") == 1);
  CHECK(world.state() == StreamState::starting);
  world.machine.handle_ports_freed(world.now);
  world.drain();
  CHECK(world.take("plan") == 0);
}

TEST_CASE("why a tool could not be started decides what is to be done about it") {
  const auto hint_of = [](int error_number) {
    World world(receiving());
    world.provide();
    ExitRecord record;
    record.kind = ExitRecord::Kind::spawn_error;
    record.code = error_number;
    record.text = "pipe2";
    world.exits.push_back(record);
    world.child.handle_spawn_failed(world.child.status().generation, world.now);
    world.drain();
    world.pass(4s);
    return world.health().hint;
  };
  CHECK(hint_of(EMFILE).find("LimitNOFILE") != std::string::npos);
  CHECK(hint_of(ENFILE).find("LimitNOFILE") != std::string::npos);
  CHECK(hint_of(EAGAIN).find("TasksMax") != std::string::npos);
  CHECK(hint_of(ENOMEM).find("memory") != std::string::npos);
  CHECK(hint_of(ENOENT).find("install") != std::string::npos);
}

TEST_CASE("a tool that is gone from the disk says so") {
  World world(receiving());
  world.provide();
  ExitRecord record;
  record.kind = ExitRecord::Kind::spawn_error;
  record.text = "/usr/bin/roc-recv: No such file or directory";
  world.exits.push_back(record);
  world.child.handle_spawn_failed(world.child.status().generation, world.now);
  world.drain();
  CHECK(world.state() == StreamState::backoff);
  CHECK(world.status().message ==
        "the tool could not be started: /usr/bin/roc-recv: No such file or directory");
}

TEST_CASE("a receiver runs only when main loop, device, every address and its own link are there") {
  World world(receiving());
  world.provide();
  const auto lines = FakeStreamEngine::working_lines(*world.status().resolved, StreamKind::receive);
  for (const auto& left_out : lines) {
    World other(receiving());
    other.provide();
    for (const auto& line : lines) {
      if (line != left_out) other.say(line);
    }
    other.node({"rocd.microphone.feed"});
    INFO("without: " << left_out);
    CHECK(other.state() == StreamState::starting);
    CHECK_FALSE(other.status().message.empty());
  }
  for (const auto& line : lines) world.say(line);
  CHECK(world.state() == StreamState::starting);
  CHECK(world.status().message == "waits for the tool's node to appear in PipeWire");
  world.node({});
  CHECK(world.status().message ==
        "waits for the tool's node to be linked to 'rocd.microphone.feed'");
  world.node({"rocd.microphone.feed"});
  CHECK(world.state() == StreamState::running);
  CHECK(world.status().message.empty());
  CHECK(world.take("ready") == 1);
}

TEST_CASE("a sender needs no bound address") {
  World world(sending());
  world.provide();
  world.say("device");
  world.say("main-loop");
  world.node({"rocd.speaker"});
  CHECK(world.state() == StreamState::running);
}

TEST_CASE("resolved addresses carry the ports that the tool really bound") {
  auto spec = receiving();
  std::get<ExternalAddress>(spec.source).media->port = 0;
  World world(spec);
  world.provide();
  world.say("binding rtp+rs8m://127.0.0.1:15000");
  world.say("opened 127.0.0.1 15000");
  CHECK(world.status().resolved->media == uri("rtp+rs8m://127.0.0.1:15000"));
  CHECK(world.status().resolved->engine == "fake/1");
}

TEST_CASE("a device that vanishes stops the child at once; the stream waits and starts again") {
  auto world = working(sending());
  world.device(World::Side::source, nullptr);
  CHECK(world.take("stop") == 1);
  CHECK(world.take("TERM") == 1);
  CHECK_FALSE(world.child_lives());
  CHECK(world.state() == StreamState::waiting);
  CHECK(world.status().message == "waits for its source device");
  CHECK(world.status().metrics == StreamMetrics{});
  world.pass(1h);
  CHECK(world.take("spawn") == 0);
  const auto device = speaker_device(11);
  world.device(World::Side::source, &device);
  CHECK(world.take("spawn") == 1);
  world.work();
  CHECK(world.state() == StreamState::running);
  CHECK(world.status().restarts == 0);
}

TEST_CASE("a device that vanishes while its child refuses to die leaves no second child") {
  auto world = working(sending());
  world.obedient = false;
  world.device(World::Side::source, nullptr);
  const auto device = speaker_device(11);
  world.device(World::Side::source, &device);
  CHECK(world.take("spawn") == 0);
  world.pass(2s);  // KILL
  CHECK(world.take("KILL") == 1);
  CHECK(world.take("spawn") == 1);
}

TEST_CASE("a stream waits only when its child is gone; until then it is stopping, with the cause") {
  auto world = working(sending());
  world.pass(3s);  // bad news waits no longer
  world.obedient = false;
  world.device(World::Side::source, nullptr);
  CHECK(world.state() == StreamState::stopping);
  CHECK(world.status().message == "waits for its source device");
  CHECK(world.status().pid);
  CHECK(world.health().overall == Health::unhealthy);
  CHECK(world.health().message == "waits for its source device");
  world.pass(2s);  // KILL
  CHECK(world.state() == StreamState::waiting);
  CHECK(world.status().message == "waits for its source device");
  CHECK_FALSE(world.status().pid);
}

TEST_CASE("a device replaced under the same name restarts the child") {
  auto world = working(sending());
  const auto device = speaker_device(11);
  world.device(World::Side::source, &device);
  CHECK(world.take("restart") == 1);
  CHECK(world.state() == StreamState::starting);
}

TEST_CASE("a change of volume or of the default device is none of the stream's business") {
  auto world = working(sending());
  auto device = speaker_device();
  device.volume = 0.5;
  device.is_default = true;
  world.device(World::Side::source, &device);
  CHECK(world.happened.empty());
  CHECK(world.state() == StreamState::running);
}

TEST_CASE("PipeWire that goes away stops the child; it starts again when it is back") {
  auto world = working(receiving());
  world.connect(false);
  CHECK_FALSE(world.child_lives());
  CHECK(world.state() == StreamState::waiting);
  CHECK(world.status().message == "waits for PipeWire");
  world.connect(true);
  CHECK(world.take("spawn") == 1);
}

TEST_CASE("a node linked to another device than its own is a fault at once") {
  auto world = working(receiving());
  world.node({"alsa_output.speakers"});
  CHECK(world.take("fault") == 1);
  CHECK(world.take("TERM") == 1);
  CHECK(world.fault ==
        "its audio was linked to 'alsa_output.speakers' instead of only 'rocd.microphone.feed'");
  CHECK_FALSE(world.child_lives());
}

TEST_CASE(
    "a node linked to its own and to another device is a fault, too, even before it is ready") {
  World world(sending());
  world.provide();
  world.say("device");
  world.node({"rocd.speaker", "alsa_input.camera"});
  CHECK(world.take("fault") == 1);
  CHECK(world.take("ready") == 0);
  CHECK(world.state() == StreamState::backoff);
  CHECK(world.status().message.find("alsa_input.camera") != std::string::npos);
}

TEST_CASE("a node linked to another device of the same name is a fault at once") {
  auto world = working(receiving());
  world.serials[world.own_device()] = 77;
  world.node({world.own_device()});
  CHECK(world.take("fault") == 1);
  CHECK(world.status().message.find("another device called 'rocd.microphone.feed'") !=
        std::string::npos);
}

TEST_CASE("a stream does not start while its device shares its name with somebody else's") {
  World world(sending());
  world.connect(true);
  auto device = speaker_device();
  device.capture_name_is_shared = true;
  world.device(World::Side::source, &device);
  CHECK(world.state() == StreamState::waiting);
  CHECK(world.status().message ==
        "two devices are called 'rocd.speaker': its source and one of another program");
  CHECK(world.take("spawn") == 0);
  device.capture_name_is_shared = false;
  world.device(World::Side::source, &device);
  CHECK(world.take("spawn") == 1);
  world.work();
  device.capture_name_is_shared = true;
  world.device(World::Side::source, &device);
  CHECK(world.take("stop") == 1);
}

TEST_CASE("why a device is not there is the hint of the stream that waits for it") {
  World world(sending());
  world.connect(true);
  world.device(World::Side::source, nullptr, "its name is taken");
  world.pass(3s);
  CHECK(world.health().hint == "its name is taken");
  world.device(World::Side::source, nullptr);
  CHECK(world.health().hint == "plug the device in, or choose another endpoint");
}

TEST_CASE("a stream that waits for a device says which") {
  World world(sending());
  world.connect(true);
  world.device(World::Side::source, nullptr, "", "Kitchen speakers");
  CHECK(world.status().message == "waits for its source device 'Kitchen speakers'");
  const auto device = speaker_device();
  world.device(World::Side::source, &device, "", "Kitchen speakers");
  CHECK(world.state() == StreamState::starting);
  world.device(World::Side::source, nullptr, "", "Attic");
  CHECK(world.status().message == "waits for its source device 'Attic'");
}

TEST_CASE("a device that gets another name is a new beginning, not bad news") {
  auto world = working(sending());
  world.pass(10s);
  REQUIRE(world.health().overall == Health::healthy);
  auto renamed = speaker_device(11);
  renamed.node_name = renamed.capture_node = "rocd.attic";
  SECTION("at once") {
    world.device(World::Side::source, &renamed);
  }
  SECTION("after a moment without it") {
    world.device(World::Side::source, nullptr);
    world.pass(100ms);
    world.device(World::Side::source, &renamed);
  }
  CHECK(world.state() == StreamState::starting);
  CHECK(world.health().overall != Health::unhealthy);
  for (const auto* line : {"device", "main-loop"}) world.say(line);
  world.node({"rocd.attic"});
  REQUIRE(world.state() == StreamState::running);
  CHECK(world.health() == HealthReport{Health::healthy, "", ""});
}

TEST_CASE("a node of an older child says nothing about the new one") {
  auto world = working(sending());
  const int old_pid = *world.status().pid;
  world.crash();
  world.pass(200ms);
  REQUIRE(world.state() == StreamState::starting);
  world.say("device");
  world.say("main-loop");
  world.node({"rocd.speaker"}, old_pid);
  CHECK(world.state() == StreamState::starting);
  world.node({"somewhere.else"}, old_pid);
  CHECK(world.take("fault") == 0);
  world.node({"rocd.speaker"});
  CHECK(world.state() == StreamState::running);
}

TEST_CASE("facts of an older generation are ignored") {
  auto world = working(receiving());
  const auto old_generation = world.child.status().generation;
  world.crash();
  world.pass(200ms);
  world.node({"rocd.microphone.feed"});
  for (const auto& line :
       FakeStreamEngine::working_lines(*world.status().resolved, StreamKind::receive)) {
    world.say(old_generation, line);
  }
  world.say(old_generation, "session-up 10.0.0.1:5");
  CHECK(world.state() == StreamState::starting);
  CHECK(world.status().metrics.sessions == 0);
}

TEST_CASE("a child that crashes is in backoff with its cause, then starts again") {
  auto world = working(receiving());
  world.say("error roc_recv: can't do it");
  world.die({ExitStatus::Kind::signaled, SIGABRT});
  CHECK(world.state() == StreamState::backoff);
  CHECK(world.status().message == "roc_recv: can't do it (SIGABRT)");
  REQUIRE(world.status().retry_at);
  CHECK(*world.status().retry_at > world.now.wall);
  CHECK_FALSE(world.status().pid);
  world.pass(1s);
  CHECK(world.state() == StreamState::starting);
  CHECK_FALSE(world.status().retry_at);
  CHECK(world.status().restarts == 1);
  world.work();
  CHECK(world.state() == StreamState::running);
  CHECK(world.status().message.empty());
}

TEST_CASE("a child that somebody kills says that, whatever it had complained of before") {
  auto world = working(receiving());
  world.say("error pulseaudio sink: no data");
  world.die({ExitStatus::Kind::signaled, SIGKILL});
  CHECK(world.status().message ==
        "the tool ended: SIGKILL (it had said: pulseaudio sink: no data)");
}

TEST_CASE("a child that had run well is replaced at once, and the cause is told until it works") {
  auto world = working(receiving());
  world.say("session-up 10.0.0.1:5");
  world.pass(20s);
  world.die({ExitStatus::Kind::signaled, SIGKILL});
  CHECK(world.state() == StreamState::starting);
  CHECK(world.health().overall == Health::unhealthy);
  CHECK(world.health().message == "the tool ended: SIGKILL");
  world.work();
  CHECK(world.state() == StreamState::running);
}

TEST_CASE("a crash loop shows, and the health says the cause") {
  World world(sending());
  world.provide();
  for (int i = 0; i < 8; ++i) {
    world.say("error roc_send: can't open input file or device: uri=pulse://x");
    world.die({ExitStatus::Kind::signaled, SIGABRT});
    CHECK(world.state() == StreamState::backoff);
    world.pass(5s);
  }
  CHECK(world.status().crash_looping);
  CHECK(world.health().overall == Health::unhealthy);
  CHECK(world.health().message ==
        "it ends again and again: roc_send: can't open input file or device: uri=pulse://x "
        "(SIGABRT)");
  CHECK(world.health().hint.find("pipewire-pulse") != std::string::npos);
  world.connect(false);  // which has nothing to do with it
  CHECK(world.health().message == "waits for PipeWire");
}

TEST_CASE("with restart never a stream that ended stays failed until it is asked for anew") {
  auto spec = sending();
  spec.settings.restart = RestartPolicy::never;
  auto world = working(spec);
  world.crash();
  CHECK(world.state() == StreamState::failed);
  world.pass(1h);
  CHECK(world.state() == StreamState::failed);
  world.machine.handle_restart(world.now);
  world.drain();
  CHECK(world.state() == StreamState::starting);
}

TEST_CASE("a child that never becomes ready is ended, and the message says what was missing") {
  World world(receiving());
  world.provide();
  world.say("device");
  world.pass(19s);
  CHECK(world.state() == StreamState::starting);
  world.pass(1s);
  CHECK(world.take("TERM") == 1);
  CHECK(world.state() == StreamState::backoff);
  CHECK(world.status().message ==
        "it did not become ready in time: waits for the tool to open its network ports");
}

TEST_CASE("a child whose node is gone for 2.8 s is ended, a shorter gap is forgiven") {
  auto world = working(sending());
  world.node_gone();
  world.pass(2700ms);
  world.node({"rocd.speaker"});
  world.pass(2700ms);
  CHECK(world.take("fault") == 0);
  world.node({});
  world.pass(2800ms);
  CHECK(world.take("fault") == 1);
  CHECK(world.fault == "it runs, but its PipeWire node is no longer linked to its device");
}

TEST_CASE("a child that says it works but is not linked to its device is ended") {
  World world(sending());
  world.provide();
  for (const auto& line :
       FakeStreamEngine::working_lines(*world.machine.status().resolved, StreamKind::send))
    world.say(line);
  world.node({});
  world.pass(2700ms);
  CHECK(world.take("fault") == 0);
  CHECK(world.state() == StreamState::starting);
  world.pass(100ms);
  CHECK(world.take("fault") == 1);
  CHECK(world.fault == "it runs, but its PipeWire node was not linked to its device");
}

TEST_CASE("a child that is not linked yet waits its turn while others are linked") {
  World world(sending());
  world.provide();
  for (const auto& line :
       FakeStreamEngine::working_lines(*world.machine.status().resolved, StreamKind::send))
    world.say(line);
  world.node({});
  for (int i = 0; i < 6; ++i) {
    world.pass(2700ms);
    world.machine.handle_other_linked({}, world.now);
    world.drain();
  }
  CHECK(world.take("fault") == 0);
  SECTION("no longer than the time to readiness") {
    world.pass(2700ms);
    world.machine.handle_other_linked({}, world.now);
    world.drain();
    world.pass(2700ms);
    CHECK(world.take("TERM") == 1);
  }
  SECTION("nobody else is linked either") {
    world.pass(2800ms);
    CHECK(world.take("fault") == 1);
  }
  SECTION("it has worked before: then others do not matter") {
    world.node({"rocd.speaker"});
    REQUIRE(world.state() == StreamState::running);
    world.node({});
    world.pass(1500ms);
    world.machine.handle_other_linked({}, world.now);
    world.drain();
    world.pass(1300ms);
    CHECK(world.take("fault") == 1);
  }
}

TEST_CASE("what a tool says when its device goes away is explained") {
  for (const char* said :
       {"stream is broken", "ERROR: roc_core: heap arena: attempt to deallocate chunk",
        "stream timeout expired: latency=960(20.000ms) timeout=2400(50.000ms)"}) {
    INFO(said);
    auto world = working(sending());
    world.pass(4s);
    world.say(std::string("error ") + said);
    world.die({ExitStatus::Kind::signaled, SIGABRT});
    CHECK(world.health().message == std::string(said) + " (SIGABRT)");
    CHECK(world.health().hint.find("went away") != std::string::npos);
  }
}

namespace {
const StreamProblem frozen{"PipeWire does not answer", "restart it"};

// A sender whose child is not linked any more; whether PipeWire works is not known yet.
World doubted() {
  auto world = working(sending());
  world.sound_answers.reset();
  world.node_gone();
  world.pass(2800ms);
  return world;
}
}  // namespace

TEST_CASE("before a child is ended for standing still it is asked whether PipeWire does") {
  auto world = doubted();
  CHECK(world.take("check") == 1);
  CHECK(world.take("fault") == 0);
  CHECK(world.state() == StreamState::running);
  world.pass(100ms);
  CHECK(world.take("check") == 0);  // once
  CHECK(world.take("fault") == 0);
  SECTION("it does not: then the child is the one to blame") {
    world.sound({});
    CHECK(world.take("fault") == 1);
    CHECK(world.fault == "it runs, but its PipeWire node is no longer linked to its device");
  }
  SECTION("it did, until a moment ago: then it is asked again when the child has had its time") {
    world.sound({.late = true});
    CHECK(world.take("fault") == 0);
    world.pass(2800ms);
    CHECK(world.take("check") == 1);
    CHECK(world.take("fault") == 0);
    world.sound({});
    CHECK(world.take("fault") == 1);
  }
  SECTION("it always does so late: that excuses a child three times, not for ever") {
    for (int i = 0; i < 3; ++i) {
      world.sound({.late = true});
      CHECK(world.take("fault") == 0);
      world.pass(2800ms);
      CHECK(world.take("check") == 1);
    }
    SECTION("then it is the one to blame") {
      world.sound({.late = true});
      CHECK(world.take("fault") == 1);
    }
    SECTION("but a doubt that comes after a while is another one") {
      world.sound({.silence = frozen, .late = true});
      world.sound({});
      world.node({"rocd.speaker"});
      world.say("progress");
      world.pass(20s);
      world.say("progress");
      world.pass(20s);
      world.node_gone();
      world.pass(2800ms);
      CHECK(world.take("check") == 1);
      world.sound({.late = true});
      CHECK(world.take("fault") == 0);
    }
  }
  SECTION("it does: the child stays, and the health says the cause") {
    world.sound({frozen});
    world.pass(1h);
    CHECK(world.take("fault") == 0);
    CHECK(world.take("check") == 0);
    CHECK(world.state() == StreamState::running);
    CHECK(world.health() == HealthReport{Health::unhealthy, frozen.message, frozen.hint});
    SECTION("when it answers again the child has time to come back") {
      world.sound({});
      world.pass(2700ms);
      CHECK(world.take("check") == 0);
      world.node({"rocd.speaker"});
      world.pass(1min);
      CHECK(world.take("fault") == 0);
      CHECK(world.health().overall == Health::healthy);
    }
    SECTION("and if it does not come back, it is the one to blame") {
      world.sound({});
      world.pass(2800ms);
      CHECK(world.take("check") == 1);
      CHECK(world.take("fault") == 0);
      world.sound({});
      CHECK(world.take("fault") == 1);
    }
    SECTION("when it goes away all ends as ever") {
      world.connect(false);
      CHECK(world.take("stop") == 1);
      CHECK(world.status().message == "waits for PipeWire");
      world.connect(true);
      CHECK(world.state() == StreamState::starting);
    }
  }
  SECTION("meanwhile it comes back: nothing is to blame") {
    world.say("progress");
    world.node({"rocd.speaker"});
    world.sound({});
    CHECK(world.take("fault") == 0);
  }
}

TEST_CASE("a child is not ended for having waited for a sound system that was silent") {
  auto world = working(sending());
  world.node_gone();
  world.pass(2s);
  world.sound({.late = true});  // others had asked
  world.pass(2700ms);
  CHECK(world.take("check") == 0);
  CHECK(world.take("fault") == 0);
}

TEST_CASE("what nobody else can be to blame for ends a child, whatever PipeWire does") {
  auto world = working(sending());
  world.sound({frozen});
  SECTION("a wrong link") {
    world.node({"alsa.headphones"});
    CHECK(world.take("fault") == 1);
  }
  SECTION("a signal that stops it") {
    ProcessActivity activity;
    activity.stopped = true;
    for (int i = 0; i < 5; ++i) {
      world.machine.handle_activity(activity, {}, world.now);
      world.drain();
      world.pass(ChildWatch::activity_interval);
    }
    CHECK(world.take("fault") == 1);
  }
  CHECK(world.take("check") == 0);
}

TEST_CASE("while PipeWire does not answer no child is started, and a doubt needs no timer") {
  World world(sending());
  world.sound({frozen});
  world.provide();
  // A connection begins anew: what was told before it counts no more.
  CHECK(world.state() == StreamState::starting);
  World other(sending());
  other.connect(true);
  other.sound({frozen});
  const auto device = speaker_device();
  other.device(World::Side::source, &device);
  CHECK(other.state() == StreamState::waiting);
  CHECK(other.status().message == frozen.message);
  other.pass(1h);
  CHECK(other.take("spawn") == 0);
  other.sound({});
  CHECK(other.state() == StreamState::starting);

  auto doubtful = doubted();
  doubtful.pass(5s);
  CHECK_FALSE(doubtful.machine.poll_timeout());
}

TEST_CASE("a child that ends while PipeWire does not answer is replaced when that answers again") {
  auto world = working(sending());
  world.pass_with(11s, 1s, "progress");  // one that is replaced at once, else
  world.sound({frozen});
  world.crash();
  CHECK(world.state() == StreamState::waiting);
  CHECK(world.status().message == frozen.message);
  CHECK_FALSE(world.child_lives());
  (void)world.take("spawn");  // the supervisor was quicker
  world.pass(10min);
  CHECK(world.take("spawn") == 0);
  world.sound({});
  CHECK(world.child_lives());
  world.work();
  CHECK(world.state() == StreamState::running);
}

TEST_CASE("a child that is not to come again stays failed, though PipeWire does not answer") {
  auto spec = sending();
  spec.settings.restart = RestartPolicy::never;
  auto world = working(spec);
  world.sound({frozen});
  world.crash();
  CHECK(world.state() == StreamState::failed);
  (void)world.take("spawn");
  world.sound({});
  CHECK(world.state() == StreamState::failed);
  CHECK(world.take("spawn") == 0);
}

TEST_CASE("a child that is being ended needs no timer of the stream's") {
  auto world = working(sending());
  world.obedient = false;
  world.node_gone();
  world.pass(2s);
  auto spec = world.machine.spec();
  spec.enabled = false;
  world.set_spec(spec);
  REQUIRE(world.state() == StreamState::stopping);
  world.advance_to(world.now.mono + 1s);
  CHECK((!world.machine.poll_timeout() || *world.machine.poll_timeout() > world.now.mono));
}

TEST_CASE("a stream that had no plan runs when it is made a local one") {
  World world(receiving());
  world.engine.refuse("roc-recv was not found");
  world.provide();
  REQUIRE(world.state() == StreamState::waiting);
  auto spec = world.machine.spec();
  spec.source = local().source;
  world.set_spec(spec);
  const auto device = speaker_device();
  world.device(World::Side::source, &device);
  world.machine.handle_link(true, "", world.now);
  world.drain();
  CHECK(world.state() == StreamState::running);
  CHECK(world.status().message.empty());
}

TEST_CASE("a stream that is made a local one no longer suffers from who only the tools need") {
  auto world = working(sending());
  world.sound({frozen, true});
  world.pass(4s);
  REQUIRE(world.health().message == frozen.message);
  auto spec = world.machine.spec();
  spec.destination = local().destination;
  world.set_spec(spec);
  const auto device = microphone_device();
  world.device(World::Side::destination, &device);
  world.machine.handle_link(true, "", world.now);
  world.drain();
  world.pass(10s);
  CHECK(world.state() == StreamState::running);
  CHECK(world.health().overall == Health::healthy);
}

TEST_CASE("a local stream does not suffer from who only the tools need") {
  World world(local());
  world.provide();
  world.machine.handle_link(true, "", world.now);
  world.drain();
  world.pass(10s);
  world.sound({frozen, true});
  CHECK(world.health().overall == Health::healthy);
}

TEST_CASE("a stream that rests need not know that PipeWire does not answer, until it is to play") {
  auto spec = sending();
  spec.settings.on_idle = OnIdle::pause;
  World world(spec);
  world.provide();
  REQUIRE(world.state() == StreamState::paused);
  world.sound({frozen});
  CHECK(world.state() == StreamState::paused);
  auto device = speaker_device();
  device.is_played_to = true;
  world.device(World::Side::source, &device);
  CHECK(world.state() == StreamState::waiting);
  CHECK(world.status().message == frozen.message);
  world.sound({});
  CHECK(world.state() == StreamState::starting);
}

TEST_CASE("a local stream tells of a silent PipeWire, and keeps its link") {
  World world(local());
  world.provide();
  world.machine.handle_link(true, "", world.now);
  world.drain();
  world.pass(4s);
  REQUIRE(world.health().overall == Health::healthy);
  world.sound({frozen});
  CHECK(world.state() == StreamState::running);
  CHECK(world.health().message == frozen.message);
  CHECK(world.take("unlink") == 0);
  world.sound({});
  world.pass(4s);
  CHECK(world.health().overall == Health::healthy);
}

TEST_CASE("a child without a sign of life for 25 s is ended") {
  auto world = working(sending());
  world.pass_with(10min, 10s, "progress");
  CHECK(world.take("fault") == 0);
  world.pass(24s);
  CHECK(world.take("fault") == 0);
  world.pass(1s);
  CHECK(world.take("fault") == 1);
  CHECK(world.fault == "it runs, but gave no sign of life for 25 s");
}

TEST_CASE("warnings in a loop are no sign of life") {
  auto world = working(sending());
  world.pass_with(30s, 1s, "trouble stream timeout expired");
  CHECK(world.take("fault") == 1);
}

TEST_CASE("a child that ends makes the stream ask whether its server is there") {
  auto world = working(sending());
  SECTION("by itself") {
    world.crash();
    CHECK(world.take("check server") == 1);
    // Nothing is doubted meanwhile: the next child is watched as ever.
    world.pass(1s);
    world.work();
    CHECK(world.state() == StreamState::running);
    world.pass(26s);
    CHECK(world.take("check") == 1);
  }
  SECTION("not when it was told to") {
    auto spec = world.machine.spec();
    spec.enabled = false;
    world.set_spec(spec);
    CHECK(world.take("check server") == 0);
  }
  SECTION("and when the server is gone no other is started until it is back") {
    const StreamProblem gone{"PipeWire's Pulse server does not run", "start pipewire-pulse"};
    SECTION("as is told between two children") {
      world.crash();
      world.sound({.silence = gone, .only_tools = true});
    }
    SECTION("as is told before the end of the last one") {
      world.sound({.silence = gone, .only_tools = true});
      CHECK(world.take("stop") == 0);
      world.crash();
      CHECK(world.take("check server") == 0);
    }
    CHECK(world.take("stop") == 1);
    CHECK(world.state() == StreamState::waiting);
    world.take("spawn");
    world.pass(10min);
    CHECK(world.health() == HealthReport{Health::unhealthy, gone.message, gone.hint});
    CHECK(world.take("spawn") == 0);
    world.sound({});
    CHECK(world.take("spawn") == 1);
  }
}

TEST_CASE("what to do about a child that was ended, or a link that is gone, is told") {
  SECTION("a child that is linked to a device of others") {
    auto world = working(sending());
    world.pass(1min);
    world.node({"alsa.headphones"});
    world.pass(10s);  // bad news waits
    CHECK(world.health().message.find("'alsa.headphones'") != std::string::npos);
    CHECK(world.health().hint.find("patchbay") != std::string::npos);
  }
  SECTION("a virtual device that somebody has destroyed") {
    auto world = working(sending());
    world.device(World::Side::source, nullptr, "", "Speaker", true);
    world.pass(10s);  // bad news waits
    CHECK(world.health().hint == "nothing need be done: rocd makes its virtual devices again");
  }
  SECTION("a link") {
    World world(local());
    world.provide();
    world.machine.handle_link(false, "the link was removed", world.now);
    CHECK(world.health().message == "the link was removed");
    CHECK(world.health().hint.find("patchbay") != std::string::npos);
  }
  SECTION("one that waits for others to start") {
    World world(sending());
    world.provide();
    ChildStatus waiting;
    waiting.state = ChildState::starting;
    waiting.generation = 7;
    world.machine.handle_child(waiting, nullptr, world.now);
    CHECK(world.health().message == "waits for its turn: many streams start");
    CHECK(world.health().hint == "nothing need be done: it starts when others have");
  }
}

TEST_CASE("a daemon that slept itself gives its children time to speak") {
  auto world = working(sending());
  world.advance_to(world.now.mono + Duration(10min));
  world.machine.handle_timeout(world.now);
  world.drain();
  CHECK(world.take("fault") == 0);
  world.pass(25s);
  CHECK(world.take("fault") == 1);
}

TEST_CASE("what the samples of a child's activity prove reaches the stream") {
  auto world = working(sending());
  ProcessActivity activity{.waits = 1};
  int faults = 0;
  for (int i = 0; i < 4; ++i) {
    world.pass(ChildWatch::activity_interval);
    world.machine.handle_activity(activity, {}, world.now);
    world.drain();
    faults += world.take("fault");
  }
  CHECK(faults == 1);
  CHECK(world.fault == "it does nothing: its main thread stands still");
  CHECK(world.take("TERM") == 1);
}

TEST_CASE("a chosen port that is in use is replaced by another one") {
  auto spec = receiving();
  std::get<ExternalAddress>(spec.source).media->port = 0;
  World world(spec);
  world.provide();
  world.take("plan");
  world.say("device");
  world.say("binding rtp+rs8m://127.0.0.1:15000");
  world.say("bind-failed 127.0.0.1 15000");
  CHECK(world.take("plan") == 1);
  CHECK(world.avoided == std::vector<std::uint16_t>{15000});
  world.pass(1s);
  REQUIRE(world.status().resolved);
  CHECK(world.status().resolved->media == uri("rtp+rs8m://127.0.0.1:15001"));
  world.work();
  CHECK(world.state() == StreamState::running);
}

TEST_CASE("a chosen port that was in use is not avoided for ever") {
  auto spec = receiving();
  std::get<ExternalAddress>(spec.source).media->port = 0;
  World world(spec);
  world.provide();
  world.say("device");
  world.say("binding rtp+rs8m://127.0.0.1:15000");
  world.say("bind-failed 127.0.0.1 15000");
  REQUIRE(world.avoided == std::vector<std::uint16_t>{15000});
  SECTION("but ten seconds") {
    world.pass(10s);
    world.say("binding rtp+rs8m://127.0.0.1:15001");
    world.say("bind-failed 127.0.0.1 15001");
    CHECK(world.avoided == std::vector<std::uint16_t>{15001});
  }
  SECTION("but until somebody restarts it, which may be because the port is free again") {
    world.take("plan");
    world.machine.handle_restart(world.now);
    world.drain();
    CHECK(world.take("plan") == 1);
    CHECK(world.avoided.empty());
  }
  SECTION("but until it is enabled again") {
    auto off = spec;
    off.enabled = false;
    world.set_spec(off);
    world.pass(1s);
    world.take("plan");
    world.set_spec(spec);
    CHECK(world.take("plan") == 1);
    CHECK(world.avoided.empty());
  }
}

TEST_CASE(
    "a port that the user fixed and another program has is waited for, with a clear message") {
  World world(receiving());
  world.provide();
  world.take("plan");
  world.say("binding rtp+rs8m://127.0.0.1:10001");
  world.say("bind-failed 127.0.0.1 10001");
  world.die({ExitStatus::Kind::exited, 1});
  CHECK(world.take("plan") == 0);
  CHECK(world.state() == StreamState::backoff);
  CHECK(world.status().message == "UDP port 10001 of 127.0.0.1 is used by another program");
  world.pass(4s);
  CHECK(world.health().hint.find("sport = :10001") != std::string::npos);
}

TEST_CASE("a new display name changes nothing but the name") {
  auto world = working(sending());
  auto spec = sending();
  spec.display_name = "another";
  spec.version = 2;
  world.set_spec(spec);
  CHECK(world.happened.empty());
  CHECK(world.state() == StreamState::running);
  CHECK(world.machine.spec().display_name == "another");
}

TEST_CASE("new settings restart the child with the new plan") {
  auto world = working(sending());
  auto spec = sending();
  spec.settings.profile = Profile::robust;
  world.set_spec(spec);
  CHECK(world.take("ensure") == 1);
  CHECK(world.take("spawn") == 1);
  CHECK(world.ensured->request.argv.back() == "robust");
  CHECK(world.state() == StreamState::starting);
}

TEST_CASE("a changed restart policy does not interrupt the audio") {
  auto world = working(sending());
  auto spec = sending();
  spec.settings.restart = RestartPolicy::on_failure;
  world.set_spec(spec);
  CHECK(world.take("spawn") == 0);
  CHECK(world.ensured->restart == RestartPolicy::on_failure);
  CHECK(world.state() == StreamState::running);
}

TEST_CASE("another endpoint is waited for, and the old one's child is stopped") {
  auto world = working(sending());
  auto spec = sending();
  std::get<EndpointRef>(spec.source).endpoint = microphone;
  world.set_spec(spec);
  CHECK_FALSE(world.child_lives());
  CHECK(world.state() == StreamState::waiting);
}

TEST_CASE("disabling stops the child, in every state, and enabling starts it again") {
  auto world = working(sending());
  auto off = sending();
  off.enabled = false;
  world.set_spec(off);
  CHECK(world.state() == StreamState::stopped);
  CHECK_FALSE(world.child_lives());
  CHECK(world.health().overall == Health::inactive);
  world.set_spec(sending());
  CHECK(world.state() == StreamState::starting);
  world.crash();
  REQUIRE(world.state() == StreamState::backoff);
  world.set_spec(off);
  CHECK(world.state() == StreamState::stopped);
  world.pass(1h);
  CHECK(world.take("spawn") == 1);  // the one after enabling
}

TEST_CASE("a child that does not obey shows as stopping until it is killed") {
  auto world = working(sending());
  world.obedient = false;
  auto off = sending();
  off.enabled = false;
  world.set_spec(off);
  CHECK(world.state() == StreamState::stopping);
  world.pass(2s);
  CHECK(world.state() == StreamState::stopped);
}

TEST_CASE("a removed stream is finished when its child is gone") {
  auto world = working(sending());
  world.obedient = false;
  world.machine.handle_removed(world.now);
  world.drain();
  CHECK_FALSE(world.machine.finished());
  world.pass(2s);
  CHECK(world.machine.finished());
  CHECK_FALSE(world.machine.poll_timeout());
}

TEST_CASE("restart makes a new child with the same plan") {
  auto world = working(sending());
  world.machine.handle_restart(world.now);
  world.drain();
  CHECK(world.take("restart") == 1);
  CHECK(world.take("ensure") == 0);
  CHECK(world.state() == StreamState::starting);
  world.work();
  CHECK(world.state() == StreamState::running);
}

TEST_CASE("a running stream tells of a change once, and of metrics never") {
  auto world = working(receiving());
  world.say("session-up 10.0.0.1:5");
  world.pass(10s);
  (void)world.machine.poll_status_changed();
  CHECK_FALSE(world.machine.poll_status_changed());
  world.say("latency 203.5 172.3");
  CHECK_FALSE(world.machine.poll_status_changed());
  CHECK(world.status().metrics.e2e_latency_ms == 203.5);
  CHECK(world.status().metrics.network_latency_ms == 172.3);
  world.crash();
  CHECK(world.machine.poll_status_changed());
}

TEST_CASE("since is the time of the last change of state") {
  auto world = working(sending());
  const auto since = world.status().since;
  world.pass_with(1min, 10s, "progress");
  CHECK(world.status().since == since);
  world.crash();
  CHECK(world.status().since == world.now.wall);
}

// --- local streams ------------------------------------------------------------------------------

TEST_CASE("a local stream is a link between its devices and no child") {
  World world(local());
  CHECK(world.state() == StreamState::waiting);
  world.provide();
  CHECK(world.take("link rocd.speaker rocd.microphone.feed") == 1);
  CHECK(world.take("spawn") == 0);
  CHECK(world.state() == StreamState::starting);
  world.machine.handle_link(true, "", world.now);
  CHECK(world.state() == StreamState::running);
  CHECK(world.status().resolved->engine == "pipewire-links");
  CHECK(world.health().overall == Health::healthy);
}

TEST_CASE("a link that does not come about says why") {
  World world(local());
  world.provide();
  world.machine.handle_link(false, "no matching ports", world.now);
  CHECK(world.state() == StreamState::starting);
  CHECK(world.status().message == "no matching ports");
  world.pass(3s);
  CHECK(world.health().overall == Health::unhealthy);
  CHECK(world.health().message == "no matching ports");
}

TEST_CASE("a local stream is wished for while a device is away, and taken back when disabled") {
  World world(local());
  world.provide();
  world.device(World::Side::source, nullptr);
  CHECK(world.state() == StreamState::waiting);
  CHECK(world.take("unlink") == 0);
  auto off = local();
  off.enabled = false;
  world.set_spec(off);
  CHECK(world.take("unlink") == 1);
  CHECK(world.state() == StreamState::stopped);
}

TEST_CASE("a stream may become local and back again") {
  auto world = working(sending());
  auto spec = local();
  spec.uid = sending().uid;
  world.set_spec(spec);
  const auto m = microphone_device();
  world.device(World::Side::destination, &m);
  CHECK_FALSE(world.child_lives());
  CHECK(world.take("link rocd.speaker rocd.microphone.feed") == 1);
  world.set_spec(sending());
  CHECK(world.take("unlink") == 1);
  CHECK(world.take("spawn") == 1);
}

// --- health -------------------------------------------------------------------------------------

TEST_CASE("a receiver without a sender is unhealthy 3 s after activation, and says where to send") {
  auto world = working(receiving());
  CHECK(world.health().overall == Health::inactive);
  CHECK(world.health().message == "no sender yet");
  world.pass(3s);
  CHECK(world.health().overall == Health::unhealthy);
  CHECK(world.health().message == "no sender yet");
  CHECK(world.health().hint.find("rtp+rs8m://127.0.0.1:10001") != std::string::npos);
  world.say("session-up 10.0.0.1:5");
  CHECK(world.health().overall == Health::unhealthy);
  world.pass(3s);
  CHECK(world.health().overall == Health::healthy);
  CHECK(world.health().message.empty());
}

TEST_CASE("a receiver on every address of the computer does not ask to send to 0.0.0.0") {
  auto spec = receiving();
  spec.source = rs8m_address("0.0.0.0");
  auto world = working(spec);
  world.pass(3s);
  CHECK(world.health().hint.find("0.0.0.0") == std::string::npos);
  CHECK(world.health().hint.find("port 10001 of this computer (rtp+rs8m)") != std::string::npos);
}

TEST_CASE("a sender that stops makes the receiver unhealthy at once and clears what was measured") {
  auto world = working(receiving());
  world.say("session-up 10.0.0.1:5");
  world.say("latency 200 170");
  world.pass(10s);
  world.say("playback 14 6");
  CHECK(world.status().metrics.loss_ratio == 0.0006);
  world.say("session-down");
  CHECK(world.health().overall == Health::unhealthy);
  CHECK(world.health().message == "the sender has stopped, or its packets no longer arrive");
  CHECK(world.status().metrics == StreamMetrics{});
}

TEST_CASE("a receiver that lost audio is unhealthy until that is 10 s ago and 3 s more") {
  auto world = working(receiving());
  world.say("session-up 10.0.0.1:5");
  world.pass(10s);
  REQUIRE(world.health().overall == Health::healthy);
  world.say("playback 14 6");
  CHECK(world.health().overall == Health::unhealthy);
  CHECK(world.health().message == "gaps: less than 1 % of the audio of the last 10 s is lost");
  CHECK_FALSE(world.health().hint.empty());
  CHECK(world.status().metrics.loss_ratio == 0.0006);
  world.pass(9s);
  CHECK(world.health().overall == Health::unhealthy);
  world.pass(5s);
  CHECK(world.health().overall == Health::healthy);
  CHECK(world.status().metrics.loss_ratio == 0);
}

TEST_CASE("audio that is there thanks to error correction only is partially healthy") {
  auto world = working(receiving());
  world.say("session-up 10.0.0.1:5");
  world.pass(10s);
  world.say("repaired 2");
  world.pass(2s);
  world.say("repaired 1");
  CHECK(world.health().overall == Health::partially_healthy);
  CHECK(world.health().message == "packets of the last 10 s were recovered by FEC");
  CHECK_FALSE(world.health().hint.empty());
  CHECK(world.status().metrics.repaired_packets == 3);
  world.say("playback 14 6");  // what is lost weighs more
  CHECK(world.health().overall == Health::unhealthy);
  world.pass(15s);
  CHECK(world.health().overall == Health::healthy);
  CHECK(world.status().metrics.repaired_packets == 3);
}

TEST_CASE("a latency far above its target is told with both") {
  auto world = working(receiving());
  world.say("session-up 10.0.0.1:5");
  world.pass(10s);
  REQUIRE(world.status().resolved);
  const auto target = world.status().resolved->target_latency;
  REQUIRE(target);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(*target).count();
  world.say("latency 0 " + std::to_string(ms * 14 / 10));
  CHECK(world.health().overall == Health::healthy);
  world.say("latency 0 " + std::to_string(ms * 2));
  CHECK(world.health().overall == Health::partially_healthy);
  CHECK(world.health().message ==
        "the latency is more than 1.5 times its target of " + std::to_string(ms) + " ms");
}

TEST_CASE("health that stays the same tells of no change, however much is counted") {
  auto world = working(receiving());
  world.say("session-up 10.0.0.1:5");
  world.pass(10s);
  const auto changes = [&](const std::vector<std::string>& said) {
    for (const auto& line : said) world.say(line);
    (void)world.machine.poll_status_changed();
    int count = 0;
    for (int i = 0; i < 100; ++i) {
      world.pass(20ms);
      for (const auto& line : said) world.say(line);
      count += world.machine.poll_status_changed() ? 1 : 0;
    }
    return count;
  };
  CHECK(changes({"repaired 2"}) == 0);
  CHECK(changes({"latency 0 800"}) == 0);
  CHECK(changes({"latency 0 801", "repaired 1", "playback 19 1"}) <= 2);  // above 1 %, 10 %
  CHECK(changes({"playback 10 10", "repaired 1"}) <= 1);                  // above 10 %
}

TEST_CASE("the blank frame between warming up and the first packet is no gap") {
  auto world = working(receiving());
  world.say("session-up 10.0.0.1:5");
  world.say("playback 18 1 1");
  world.pass(4s);
  CHECK(world.health().overall == Health::healthy);
}

TEST_CASE("how much is lost is told in steps") {
  auto world = working(receiving());
  world.say("session-up 10.0.0.1:5");
  world.pass(10s);
  for (int i = 0; i < 10; ++i) world.say("playback 5 15");
  CHECK(world.health().overall == Health::unhealthy);
  CHECK(world.health().message == "gaps: more than 1 % of the audio of the last 10 s is lost");
  world.say("playback 0 1000");
  CHECK(world.health().message == "gaps: more than 10 % of the audio of the last 10 s is lost");
  world.say("playback 0 20000");  // no more than all
  CHECK(world.status().metrics.loss_ratio == 1);
}

TEST_CASE("a sender without rtcp is healthy when it runs, one with it when a receiver answers") {
  auto plain = working(sending());
  CHECK(plain.health().overall == Health::healthy);
  auto spec = sending();
  std::get<ExternalAddress>(spec.destination).control = uri("rtcp://192.168.1.20:10003");
  auto world = working(spec);
  world.pass(3s);
  CHECK(world.health().overall == Health::unhealthy);
  CHECK(world.health().message == "no receiver answers");
  world.say("receiver yes");
  world.pass(3s);
  CHECK(world.health().overall == Health::healthy);
  world.say("receiver no");
  CHECK(world.health().overall == Health::unhealthy);
  CHECK(world.health().message == "the receiver no longer answers");
  // Tools report no more until it is as late as it was (docs/facts.md).
  CHECK(world.health().hint.find("clock of a computer was set back, restart its streams") !=
        std::string::npos);
}

TEST_CASE("a stream that waits for its device is unhealthy after 3 s, with the cause") {
  World world(sending());
  world.connect(true);
  CHECK(world.health().overall == Health::inactive);
  world.pass(3s);
  CHECK(world.health().overall == Health::unhealthy);
  CHECK(world.health().message == "waits for its source device");
  CHECK_FALSE(world.health().hint.empty());
}

TEST_CASE("an idle machine sleeps: the only timer of a running sender is its sign of life") {
  auto world = working(sending());
  world.pass(10s);
  world.say("progress");
  REQUIRE(world.machine.poll_timeout());
  CHECK(*world.machine.poll_timeout() == world.now.mono + ChildWatch::silent_limit);
}

}  // namespace
}  // namespace rocd::test
