// Children that are alive and do not work: each is noticed within 3 s, told of, and replaced, and
// the tone is back.
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <csignal>
#include <filesystem>
#include <map>
#include <sstream>

#include "e2e/detection.hpp"
#include "e2e/loopback_tone.hpp"
#include "e2e/scene.hpp"
#include "support/network_thread.hpp"
#include "support/spin.hpp"

using namespace rocd::test;

namespace {

const std::vector<std::string> both{"send", "receive"};

struct Stuck {
  const char* name;
  void (*harm)(const AudioSession& session, const std::string& stream, int pid);
  const char* said;
};

// As a patchbay does it when its user clicks on the cables: on all, or only on one channel's.
void unlink_child(const AudioSession& session, const std::string& stream,
                  const std::string& channel) {
  const std::string device =
      stream == "send" ? "rocd.speaker:monitor_" : "rocd.microphone.feed:playback_";
  std::istringstream lines(session.run("pw-link --links"));
  std::string line, port;
  while (std::getline(lines, line)) {
    const auto arrow = line.find("|-> ");
    if (arrow == std::string::npos && line.find("|<- ") == std::string::npos) port = line;
    if (arrow == std::string::npos) continue;
    const auto other = line.substr(arrow + 4);
    const auto& own = port.starts_with(device) ? port : other;
    if (own.starts_with(device) && own.ends_with(channel))
      session.run("pw-link -d '" + port + "' '" + other + "'");
  }
}

}  // namespace

TEST_CASE("a child that is alive but does not work is replaced, and the tone is back", "[e2e]") {
  const Stuck cases[] = {
      {"stopped", [](const AudioSession&, const std::string&, int pid) { ::kill(pid, SIGSTOP); },
       "a signal (SIGSTOP) has stopped it"},
      {"spinning", [](const AudioSession&, const std::string&, int pid) { make_it_spin(pid); },
       "it uses a whole processor and makes no progress"},
  };
  Scene scene(loopback_config());
  auto& rocd = scene.rocd();
  const LoopbackTone sound(rocd);
  for (const auto& [name, harm, said] : cases) {
    for (const auto& stream : both) {
      INFO(name << ": " << stream);
      const int former = rocd.child_of(stream);
      Detection detection(rocd, stream);
      harm(scene.session, stream, former);
      CHECK(detection.problem({said}) == "");
      WARN(name << ": " << stream << ": " << detection.times());
      const bool healed = eventually([&] {
        const int child = rocd.child_of(stream);
        return child > 0 && child != former && rocd.state_of(stream) == "running";
      });
      INFO(rocd.log());
      REQUIRE(healed);
      CHECK(sound.heard() == "heard");
    }
  }
}

TEST_CASE("a child that takes no packets from the network is replaced, and the tone is back",
          "[e2e]") {
  Scene scene(loopback_config());
  auto& rocd = scene.rocd();
  const LoopbackTone sound(rocd);
  const int former = rocd.child_of("receive");
  Detection detection(rocd, "receive");
  const HeldNetworkThread held(former);
  const auto problem = detection.problem({"its network thread does not go on"});
  INFO(rocd.log());
  REQUIRE(problem == "");
  WARN("its network thread hangs: " << detection.times());
  rocd.wait_for_streams(both);
  CHECK(sound.heard() == "heard");
}

// It plays on, so that nobody need replace it; but it no longer hears its receiver.
TEST_CASE("a sender whose network thread hangs says so in its health, and nothing else is touched",
          "[e2e]") {
  Scene scene(loopback_config());
  auto& rocd = scene.rocd();
  const LoopbackTone sound(rocd);
  const int child = rocd.child_of("send"), receiver = rocd.child_of("receive");
  const auto overall = [&] {
    return rocd.stream("send").at("status").at("health").at("overall").as_string();
  };
  REQUIRE(eventually([&] { return overall() == "healthy"; }));
  {
    const HeldNetworkThread held(child);
    std::string health;
    CHECK(eventually([&] {
      health = boost::json::serialize(rocd.stream("send").at("status").at("health"));
      return overall() != "healthy" && health.find("hint") != std::string::npos;
    }));
    INFO(health);
    CHECK(health.find("the receiver no longer answers") != std::string::npos);
    CHECK(rocd.child_of("receive") == receiver);
  }
  CHECK(sound.heard() == "heard");
}

TEST_CASE("a child that nobody links again is replaced", "[e2e]") {
  const std::string channel = GENERATE("", "_FL");
  Scene scene(loopback_config());
  auto& rocd = scene.rocd();
  const LoopbackTone sound(rocd);
  for (const auto& stream : both) {
    INFO(stream);
    // Else the session manager links it again as soon as any client appears.
    scene.session.signal("wireplumber", SIGSTOP);
    Detection detection(rocd, stream);
    unlink_child(scene.session, stream, channel);
    std::vector<std::string> words{channel.empty() ? "its PipeWire node is no longer linked"
                                                   : "a channel of its PipeWire node is no longer"};
    // Nobody asks a receiver for sound then, and it may be seen to stand still before.
    if (stream == "receive") words.emplace_back("its main thread stands still");
    const auto problem = detection.problem(words);
    scene.session.signal("wireplumber", SIGCONT);
    INFO(rocd.log());
    REQUIRE(problem == "");
    WARN("not linked: " << stream << " " << channel << ": " << detection.times());
    rocd.wait_for_streams(both);
    CHECK(sound.heard() == "heard");
  }
}

TEST_CASE("children that nobody can link are left alone until the session manager is back",
          "[e2e]") {
  Scene scene(loopback_config());
  auto& rocd = scene.rocd();
  const LoopbackTone sound(rocd);
  const std::map<std::string, int> former{{"send", rocd.child_of("send")},
                                          {"receive", rocd.child_of("receive")}};
  scene.session.kill("wireplumber");
  const auto health = [&] {
    return boost::json::serialize(rocd.stream("receive").at("status").at("health"));
  };
  const auto is_told = [&] { return health().find("no session manager") != std::string::npos; };
  CHECK(eventually(is_told));
  CHECK(health().find("start WirePlumber") != std::string::npos);
  CHECK(rocd.http().request("GET", "/readyz").status == 503);
  // Longer than one that nobody links for another reason is borne with.
  const auto began = std::chrono::steady_clock::now();
  REQUIRE(eventually([&] { return std::chrono::steady_clock::now() - began > 6s; }));
  CHECK(is_told());
  INFO(rocd.log());
  for (const auto& [stream, child] : former) CHECK(rocd.child_of(stream) == child);
  scene.session.restart();
  CHECK(sound.heard() == "heard");
  for (const auto& [stream, child] : former) CHECK(rocd.child_of(stream) == child);
  CHECK(eventually([&] { return health().find("\"healthy\"") != std::string::npos; }));
  CHECK(rocd.http().request("GET", "/readyz").status == 200);
}

TEST_CASE("a tool that hangs when it starts is not waited for", "[e2e]") {
  struct Way {
    std::string tool, stream, hangs, said;
  };
  const auto way = GENERATE(
      Way{"roc-recv", "receive", "exec sleep 3600", "its main thread stands still"},
      Way{"roc-recv", "receive", "while :; do sleep 0.1; done", "it goes on without a word"},
      Way{"roc-recv", "receive", "while :; do :; done", "it uses a whole processor"},
      Way{"roc-send", "send", "exec sleep 3600", "its main thread stands still"});
  INFO(way.tool << ": " << way.hangs);
  Scene scene(std::nullopt);
  // The real tool, until there is a file that tells it to hang.
  const auto hang = scene.path("hang");
  const auto tool = scene.path(way.tool);
  write_file(tool, "#!/bin/sh\nif [ -e '" + hang.string() + "' ]; then " + way.hangs +
                       "; fi\nexec " + way.tool + " \"$@\"\n");
  std::filesystem::permissions(tool, std::filesystem::perms::owner_all);
  scene.write_config("tools: { " + std::string(way.stream == "send" ? "roc_send" : "roc_recv") +
                     ": '" + tool.string() + "' }\n" + loopback_config());
  scene.start_rocd();
  auto& rocd = scene.rocd();
  rocd.wait_for_streams(both);

  write_file(hang, "");
  const int former = rocd.child_of(way.stream);
  REQUIRE(::kill(former, SIGKILL) == 0);
  REQUIRE(eventually([&] {
    const int child = rocd.child_of(way.stream);
    return child > 0 && child != former;
  }));
  Detection detection(rocd, way.stream);
  INFO(rocd.log());
  REQUIRE(detection.problem({way.said}) == "");
  WARN("hangs when it starts: " << way.tool << ": " << way.hangs << ": " << detection.times());

  std::filesystem::remove(hang);
  const LoopbackTone sound(rocd);
}

// The tools may say nothing for 10 s while all is well, so that takes its time.
TEST_CASE("a child that works and says nothing any more is replaced", "[e2e]") {
  Scene scene(std::nullopt);
  // The real tool, whose output nobody gets any more as soon as there is a file.
  const auto mute = scene.path("mute");
  const auto tool = scene.path("roc-recv");
  write_file(tool, "#!/bin/bash\nexec roc-recv \"$@\" > >(while IFS= read -r line; do [ -e '" +
                       mute.string() + "' ] || printf '%s\\n' \"$line\"; done) 2>&1\n");
  std::filesystem::permissions(tool, std::filesystem::perms::owner_all);
  scene.write_config("tools: { roc_recv: '" + tool.string() + "' }\n" + loopback_config());
  scene.start_rocd();
  auto& rocd = scene.rocd();
  const LoopbackTone sound(rocd);

  write_file(mute, "");
  const int former = rocd.child_of("receive");
  INFO(rocd.log());
  REQUIRE(eventually([&] { return !process_runs(former); }, 25s + patience));
  std::filesystem::remove(mute);
  rocd.wait_for_streams(both);
  const auto last_exit = rocd.stream("receive").at("status").at("last_exit").as_object();
  CHECK(last_exit.at("reason").as_string() == "it runs, but gave no sign of life for 25 s");
  CHECK(sound.heard() == "heard");
}
