// That a stream whose device goes away reaches no other device, ever: neither is its sound heard
// anywhere else, nor does it carry anybody else's. What listens and what is played elsewhere is
// there all the time, and every link that is ever made is seen.
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <csignal>
#include <memory>
#include <optional>
#include <set>

#include "e2e/scene.hpp"

using namespace rocd::test;
using enum rocd::test::Listener::Tap;

namespace {

using Names = std::set<std::string>;

constexpr Tone tone{440, 660};
const std::vector<double> streamed{440, 660};
const std::vector<double> foreign{1010, 1430, 1790, 2110};
const std::vector<std::string> both{"send", "receive"};

// Devices of others, in use by others, that are the default ones: what a stream would fall back to.
class Neighbours {
 public:
  explicit Neighbours(const AudioSession& session) {
    make_sink(session, "other.speaker");
    make_source(session, "other.microphone");
    players_.emplace_back(std::make_unique<Player>("other.speaker", Tone{1010, 1430}));
    players_.emplace_back(std::make_unique<Player>("other.microphone.feed", Tone{1790, 2110}));
    listeners_.emplace_back(std::make_unique<Listener>("other.speaker", monitor));
    listeners_.emplace_back(std::make_unique<Listener>("other.microphone", source));
    REQUIRE(listeners_[0]->listen_for({1010, 1430}, {.seconds = 0.5}) == "heard");
    REQUIRE(listeners_[1]->listen_for({1790, 2110}, {.seconds = 0.5}) == "heard");
  }

  void check_that_they_heard_nothing() const {
    for (const auto& listener : listeners_) CHECK(listener->search(streamed) == "no trace");
  }
  // Long enough for anything that is on its way to arrive.
  void listen_on() const {
    for (const auto& listener : listeners_) CHECK(listener->record_more(1.5));
  }

 private:
  std::vector<std::unique_ptr<Player>> players_;
  std::vector<std::unique_ptr<Listener>> listeners_;
};

void make_default(const Rocd& rocd, const AudioSession& session, const std::string& device) {
  rocd.http().patch(std::string(rocd.endpoint(device).at("endpoint_uri").as_string()),
                    {{"is_default", true}});
  REQUIRE(eventually([&] { return default_sink(session) == device; }));
}

std::string node_of_child(const Rocd& rocd, const std::string& stream) {
  return "rocd.stream." + std::string(rocd.stream(stream).at("stream_uid").as_string());
}

// The serial is never used again: another one means that rocd made the device anew.
boost::json::value serial_of(const Rocd& rocd, const std::string& system_name) {
  const auto status = rocd.endpoint(system_name).at("status").as_object();
  const auto* serial = status.if_contains("node_serial");
  return serial == nullptr ? boost::json::value(nullptr) : *serial;
}

void destroy_and_wait_for_the_next(const Scene& scene, const Rocd& rocd, const std::string& node,
                                   const std::string& device) {
  const auto former = serial_of(rocd, device);
  destroy_node(scene.session, node);
  REQUIRE(eventually([&] {
    const auto now = serial_of(rocd, device);
    return (node != device || now != former) && has_node(scene.session, node);
  }));
  rocd.wait_for_streams(both);
}

// A stream whose own devices are there goes on as if nothing had happened.
void check_undisturbed(const Rocd& rocd, const std::string& stream) {
  INFO(boost::json::serialize(rocd.stream(stream).at("status")));
  CHECK(rocd.stream(stream).at("status").at("restarts") == 0);
}

struct Case {
  std::string destroyed;
  bool speaker_is_default;
};

}  // namespace

TEST_CASE("a stream whose virtual device is removed touches no other and is back with the device",
          "[e2e]") {
  const auto [destroyed, speaker_is_default] = GENERATE(
      Case{"rocd.speaker", false}, Case{"rocd.speaker", true}, Case{"rocd.microphone.feed", false},
      Case{"rocd.microphone.feed", true}, Case{"rocd.microphone", false});
  INFO(destroyed << (speaker_is_default ? ", rocd.speaker is the default" : ""));
  Scene scene(std::nullopt);
  const Neighbours neighbours(scene.session);
  LinkWitness witness;
  scene.write_config(loopback_config());
  scene.start_rocd();
  auto& rocd = scene.rocd();
  rocd.wait_for_streams(both);
  if (speaker_is_default) make_default(rocd, scene.session, "rocd.speaker");
  const Player player("rocd.speaker", tone);
  const Listener microphone("rocd.microphone", source);
  REQUIRE(microphone.listen_for(tone, {.seconds = 1}) == "heard");

  destroy_and_wait_for_the_next(
      scene, rocd, destroyed, destroyed == "rocd.microphone.feed" ? "rocd.microphone" : destroyed);
  CHECK(microphone.listen_for(tone, {.seconds = 1}) == "heard");
  check_undisturbed(rocd, destroyed == "rocd.speaker" ? "receive" : "send");

  neighbours.check_that_they_heard_nothing();
  CHECK(microphone.search(foreign) == "no trace");
  CHECK(witness.partners_of(node_of_child(rocd, "send")) == Names{"rocd.speaker"});
  CHECK(witness.partners_of(node_of_child(rocd, "receive")) == Names{"rocd.microphone.feed"});
}

TEST_CASE("a stream to a system device that is unplugged plays nowhere else until it is back",
          "[e2e]") {
  const bool speaker_is_default = GENERATE(false, true);
  INFO((speaker_is_default ? "rocd.speaker" : "the device") << " is the default");
  Scene scene(std::nullopt);
  const Neighbours neighbours(scene.session);
  LinkWitness witness;
  make_sink(scene.session, "usb.speaker", 4000);
  scene.write_config(loopback_config({{.destination = "system:usb.speaker"}}));
  scene.start_rocd();
  auto& rocd = scene.rocd();
  rocd.wait_for_streams(both);
  if (speaker_is_default) make_default(rocd, scene.session, "rocd.speaker");
  const Player player("rocd.speaker", tone);
  const Listener device("usb.speaker", monitor);
  REQUIRE(device.listen_for(tone, {.seconds = 1}) == "heard");

  destroy_node(scene.session, "usb.speaker");
  rocd.wait_for_streams({"receive"}, "waiting");
  CHECK(eventually([&] { return rocd.child_of("receive") == -1; }));
  neighbours.listen_on();
  CHECK(rocd.state_of("receive") == "waiting");
  CHECK(rocd.state_of("send") == "running");

  make_sink(scene.session, "usb.speaker", 4000);
  rocd.wait_for_streams(both);
  CHECK(device.listen_for(tone, {.seconds = 1}) == "heard");
  check_undisturbed(rocd, "send");
  neighbours.check_that_they_heard_nothing();
  CHECK(witness.partners_of(node_of_child(rocd, "receive")) == Names{"usb.speaker"});
}

TEST_CASE("a stream from a system device that is unplugged records nothing else until it is back",
          "[e2e]") {
  Scene scene(std::nullopt);
  const Neighbours neighbours(scene.session);
  LinkWitness witness;
  make_source(scene.session, "usb.microphone", 4000);
  scene.write_config(loopback_config({{.source = "system:usb.microphone"}}));
  scene.start_rocd();
  auto& rocd = scene.rocd();
  rocd.wait_for_streams(both);
  const Player local_player("rocd.speaker", {1790, 2110});
  const Player player("usb.microphone.feed", tone);
  const Listener microphone("rocd.microphone", source);
  REQUIRE(microphone.listen_for(tone, {.seconds = 1}) == "heard");

  destroy_node(scene.session, "usb.microphone");
  rocd.wait_for_streams({"send"}, "waiting");
  CHECK(eventually([&] { return rocd.child_of("send") == -1; }));
  neighbours.listen_on();
  CHECK(microphone.listen_for(silence, {.seconds = 1}) == "heard");
  CHECK(rocd.state_of("send") == "waiting");

  make_source(scene.session, "usb.microphone", 4000);
  rocd.wait_for_streams(both);
  CHECK(microphone.listen_for(tone, {.seconds = 1}) == "heard");
  neighbours.check_that_they_heard_nothing();
  CHECK(microphone.search(foreign) == "no trace");
  CHECK(witness.partners_of(node_of_child(rocd, "send")) == Names{"usb.microphone"});
}

TEST_CASE("two daemons with devices of the same names do not get at each other's audio", "[e2e]") {
  Scene scene(loopback_config());
  auto& first = scene.rocd();
  first.wait_for_streams(both);
  auto player = std::make_optional<Player>("rocd.speaker", tone);
  auto microphone = std::make_optional<Listener>("rocd.microphone", source);
  REQUIRE(microphone->listen_for(tone, {.seconds = 1}) == "heard");

  write_file(scene.path("second.yaml"), "http: { unix_socket: off }\n" + loopback_config());
  Rocd second({.config = scene.path("second.yaml"),
               .state = scene.path("second"),
               .log = scene.path("second.log")});
  second.wait_for_endpoint("rocd.speaker", "absent");
  second.wait_for_streams(both, "waiting");
  CHECK(eventually([&] {
    return second.endpoint("rocd.speaker").at("status").at("message").as_string() ==
           "another program has made a device called 'rocd.speaker': close it, or give one of the "
           "two another name";
  }));
  CHECK(microphone->listen_for(tone, {.seconds = 1}) == "heard");
  CHECK(second.state_of("send") == "waiting");
  check_undisturbed(first, "send");
  check_undisturbed(first, "receive");
  CHECK(rocd_nodes(scene.session).size() == 5);  // three of devices, two of children

  player.reset();
  microphone.reset();
  scene.kill_rocd();
  second.wait_for_streams(both);
  const Player other_player("rocd.speaker", {1010, 1430});
  const Listener other_microphone("rocd.microphone", source);
  CHECK(other_microphone.listen_for({1010, 1430}, {.seconds = 1}) == "heard");
  second.process().signal(SIGTERM);
  CHECK(second.process().wait() == "exit 0");
}

TEST_CASE("a stream waits while another program has a device of its device's name", "[e2e]") {
  Scene scene(loopback_config());
  auto& rocd = scene.rocd();
  rocd.wait_for_streams(both);
  std::int64_t own = -1;
  for (const auto& node : graph_nodes(scene.session))
    if (node.name == "rocd.speaker") own = node.id;
  make_sink(scene.session, "rocd.speaker");
  rocd.wait_for_streams({"send"}, "waiting");
  const auto status = rocd.stream("send").at("status").as_object();
  CHECK(status.at("message").as_string() ==
        "two devices are called 'rocd.speaker': its source and one of another program");
  CHECK(rocd.state_of("receive") == "running");
  check_undisturbed(rocd, "receive");

  const auto serial = serial_of(rocd, "rocd.speaker");
  for (const auto& node : graph_nodes(scene.session))
    if (node.name == "rocd.speaker" && node.id != own)
      scene.session.run("pw-cli destroy " + std::to_string(node.id) + " </dev/null");
  rocd.wait_for_streams(both);
  CHECK(serial_of(rocd, "rocd.speaker") == serial);
}
