// That sound comes back by itself after a child, PipeWire or a part of the session has crashed.
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <filesystem>
#include <iomanip>
#include <sstream>

#include "e2e/loopback_tone.hpp"
#include "e2e/scene.hpp"

using namespace rocd::test;
using enum rocd::test::Listener::Tap;

namespace {

constexpr Tone tone{440, 660};
const std::vector<std::string> both{"send", "receive"};

void check_that_the_tone_arrives() {
  const Player player("rocd.speaker", tone);
  const Listener microphone("rocd.microphone", source);
  CHECK(microphone.listen_for(tone, {.seconds = 1}) == "heard");
}

// Which child was there before does not matter, only that another one works now.
void wait_for_another_child(const Rocd& rocd, const std::string& stream, int former) {
  const bool replaced = eventually([&] {
    const int child = rocd.child_of(stream);
    return child > 0 && child != former && rocd.state_of(stream) == "running";
  });
  INFO(stream << ": " << rocd.log());
  REQUIRE(replaced);
}

std::vector<GraphLink> links_between(const AudioSession& session, const std::string& from,
                                     const std::string& to) {
  auto links = graph_links(session);
  std::erase_if(links, [&](const auto& link) { return link.from != from || link.to != to; });
  return links;
}

}  // namespace

TEST_CASE("the tone is back after each child in turn was killed", "[e2e]") {
  Scene scene(loopback_config());
  auto& rocd = scene.rocd();
  rocd.wait_for_streams(both);
  const Player player("rocd.speaker", tone);
  const Listener microphone("rocd.microphone", source);
  REQUIRE(microphone.listen_for(tone, {.seconds = 1}) == "heard");
  for (const auto& stream : both) {
    INFO("child of " << stream);
    const int former = rocd.child_of(stream);
    REQUIRE(::kill(former, SIGKILL) == 0);
    wait_for_another_child(rocd, stream, former);
    CHECK(microphone.listen_for(tone, {.seconds = 1}) == "heard");
    const auto status = rocd.stream(stream).at("status").as_object();
    CHECK(status.at("restarts") == 1);
    CHECK(status.at("last_exit").at("kind") == "signal");
    CHECK(status.at("last_exit").at("signal") == "SIGKILL");
  }
}

TEST_CASE("the tone is back after PipeWire was killed and started again", "[e2e]") {
  Scene scene(loopback_config());
  auto& rocd = scene.rocd();
  rocd.wait_for_streams(both);
  check_that_the_tone_arrives();

  scene.session.kill("pipewire");
  rocd.wait_for_streams(both, "waiting");
  rocd.wait_for_endpoint("rocd.speaker", "absent");
  CHECK(eventually([&] { return roc_processes(scene.session.directory()).empty(); }));
  CHECK(rocd.http().request("GET", "/readyz").status == 503);
  CHECK(rocd.http().request("GET", "/healthz").status == 200);

  scene.session.restart();
  rocd.wait_for_streams(both);
  check_that_the_tone_arrives();
  CHECK(rocd.http().request("GET", "/readyz").status == 200);
}

TEST_CASE("the tone is back after PipeWire's Pulse server was killed and started again", "[e2e]") {
  Scene scene(loopback_config());
  auto& rocd = scene.rocd();
  rocd.wait_for_streams(both);
  const int former = rocd.child_of("receive");
  scene.session.kill("pipewire-pulse");
  CHECK(eventually([&] { return rocd.child_of("receive") != former; }));
  // No child is started in vain again and again, and it is told what to do.
  for (const auto& stream : both) {
    rocd.wait_for_streams({stream}, "waiting");
    std::string health;
    CHECK(eventually([&] {
      health = boost::json::serialize(rocd.stream(stream).at("status").at("health"));
      return health.find("PipeWire's Pulse server does not run") != std::string::npos;
    }));
    CHECK(health.find("start pipewire-pulse") != std::string::npos);
  }
  scene.session.restart();
  rocd.wait_for_streams(both);
  check_that_the_tone_arrives();
}

TEST_CASE("a Pulse server that was started after rocd is missed when it goes, too", "[e2e]") {
  Scene scene(std::nullopt);
  scene.session.kill("pipewire-pulse");
  scene.write_config(loopback_config());
  scene.start_rocd();
  auto& rocd = scene.rocd();
  CHECK(eventually([&] { return rocd.child_of("receive") > 0; }));
  scene.session.restart();
  rocd.wait_for_streams(both);
  check_that_the_tone_arrives();
  scene.session.kill("pipewire-pulse");
  for (const auto& stream : both)
    CHECK(eventually([&] {
      const auto health = boost::json::serialize(rocd.stream(stream).at("status").at("health"));
      return health.find("PipeWire's Pulse server does not run") != std::string::npos;
    }));
  INFO(rocd.log());
  CHECK(rocd.state_of("send") == "waiting");
  CHECK(rocd.state_of("receive") == "waiting");
  scene.session.restart();
  rocd.wait_for_streams(both);
}

TEST_CASE("a PipeWire that stands still is told of, and costs neither a child nor a device",
          "[e2e]") {
  Scene scene(loopback_config());
  auto& rocd = scene.rocd();
  const LoopbackTone sound(rocd);
  const auto children = std::pair(rocd.child_of("send"), rocd.child_of("receive"));
  const auto serial = rocd.endpoint("rocd.speaker").at("status").at("node_serial");
  for (const std::string daemon : {"pipewire", "pipewire-pulse"}) {
    INFO(daemon);
    scene.session.signal(daemon, SIGSTOP);
    const auto is_told = [&] {
      for (const auto& stream : both) {
        const auto health = rocd.stream(stream).at("status").at("health").as_object();
        if (health.at("overall") != "unhealthy") return false;
        const auto* message = health.if_contains("message");
        if (message == nullptr || message->as_string().find("does not answer") == std::string::npos)
          return false;
      }
      return true;
    };
    CHECK(eventually(is_told));
    const bool is_pipewire = daemon == "pipewire";
    CHECK(rocd.http().get("/system").at("pipewire").as_object().contains("message") == is_pipewire);
    CHECK(rocd.http().request("GET", "/readyz").status == (is_pipewire ? 503 : 200));
    CHECK(std::pair(rocd.child_of("send"), rocd.child_of("receive")) == children);
    scene.session.signal(daemon, SIGCONT);
    CHECK(sound.heard() == "heard");
    INFO(rocd.log());
    CHECK(eventually([&] { return !is_told(); }));
    rocd.wait_for_streams(both);
    CHECK(std::pair(rocd.child_of("send"), rocd.child_of("receive")) == children);
    CHECK(rocd.endpoint("rocd.speaker").at("status").at("node_serial") == serial);
    CHECK(rocd.http().request("GET", "/readyz").status == 200);
  }
}

TEST_CASE("the tone is back after the session manager was killed and started again", "[e2e]") {
  Scene scene(loopback_config());
  scene.rocd().wait_for_streams(both);
  scene.session.kill("wireplumber");
  scene.session.restart();
  scene.rocd().wait_for_streams(both);
  check_that_the_tone_arrives();
}

TEST_CASE("a rocd that is started before PipeWire runs its streams once PipeWire is there",
          "[e2e]") {
  Scene scene(std::nullopt);
  for (const std::string daemon : {"pipewire-pulse", "wireplumber", "pipewire"})
    scene.session.kill(daemon);
  for (const std::string socket : {"pulse/native", "pipewire-0", "pipewire-0-manager"})
    std::filesystem::remove(scene.session.directory() / socket);
  scene.write_config(loopback_config());
  scene.start_rocd();
  auto& rocd = scene.rocd();
  rocd.wait_for_streams(both, "waiting");
  CHECK(rocd.stream("send").at("status").at("message").as_string() != "");
  CHECK(rocd.http().request("GET", "/readyz").status == 503);
  scene.session.restart();
  rocd.wait_for_streams(both);
  check_that_the_tone_arrives();
}

// A link and a device in the same rounds, because each lasts 3 s.
TEST_CASE("what others remove eight times, each time when it has worked for 3 s, is back each time",
          "[e2e]") {
  Scene scene(
      "endpoints:\n"
      "  - { name: speaker, direction: output }\n"
      "  - { name: microphone, direction: input }\n"
      "  - { name: lonely, direction: output }\n"
      "streams:\n"
      "  - { name: local, source: speaker, destination: microphone }\n");
  auto& rocd = scene.rocd();
  rocd.wait_for_streams({"local"});
  const Player player("rocd.speaker", tone);
  const Listener microphone("rocd.microphone", source);
  REQUIRE(microphone.listen_for(tone, {.seconds = 1}) == "heard");
  const auto cable = [&] {
    return links_between(scene.session, "rocd.speaker", "rocd.microphone.feed");
  };
  const auto lonely = [&] {
    for (const auto& node : graph_nodes(scene.session))
      if (node.name == "rocd.lonely") return node.serial;
    return std::int64_t{-1};
  };
  REQUIRE(cable().size() == 2);
  std::ostringstream times;
  times << std::fixed << std::setprecision(1);
  for (int round = 0; round < 8; ++round) {
    INFO("round " << round << ", back until then after" << times.str());
    std::this_thread::sleep_for(3s);
    const auto channel = cable().front();
    const auto device = lonely();
    const auto begin = std::chrono::steady_clock::now();
    scene.session.run("pw-cli destroy " + std::to_string(channel.id) + " </dev/null");
    destroy_node(scene.session, "rocd.lonely");
    const auto are_back = [&] {
      const auto links = cable();
      const bool is_former = std::ranges::any_of(
          links, [&](const auto& link) { return link.serial == channel.serial; });
      return links.size() == 2 && !is_former && lonely() != -1 && lonely() != device;
    };
    REQUIRE(eventually(are_back, 5s));
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    times << ' ' << time.count();
  }
  WARN("a link and a device, removed when they have worked for 3 s, are back after" << times.str()
                                                                                    << " s");
  rocd.wait_for_streams({"local"});
  rocd.wait_for_endpoint("rocd.lonely");
  CHECK(microphone.listen_for(tone, {.seconds = 1}) == "heard");
}
