// A configuration that is edited while audio flows: what did not change is not heard to change.
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <csignal>

#include "e2e/scene.hpp"

using namespace rocd::test;
using Catch::Matchers::ContainsSubstring;
using enum rocd::test::Listener::Tap;

namespace {

constexpr Tone tone{440, 660};
// A child that is restarted is silent for longer: its receiver keeps 120 ms of audio alone.
constexpr double restart_ms = 100;

// The loopback "send" and "receive", which stay, and beside them what a test edits.
class EditedConfig {
 public:
  EditedConfig() : loopback_(loopback_config()), ports_(free_udp_ports(2)) {}

  // `other`: the profile of the stream of that name; `third`: whether there is one of that name.
  [[nodiscard]] std::string text(const std::string& other, bool third) const {
    const std::string head = "endpoints:\n";
    std::string all = loopback_;
    all.insert(all.find(head) + head.size(), "  - { name: spare, direction: output }\n");
    all += stream("other", ports_[0], other);
    if (third) all += stream("third", ports_[1], "balanced");
    return all;
  }

 private:
  static std::string stream(const std::string& name, std::uint16_t port,
                            const std::string& profile) {
    return "  - name: " + name +
           "\n    source: spare\n    destination: { media: \"rtp://127.0.0.1:" +
           std::to_string(port) + "\" }\n    profile: " + profile + "\n";
  }

  std::string loopback_;
  std::vector<std::uint16_t> ports_;
};

// Everything that a reload could change of what there is.
std::string everything(const Rocd& rocd) {
  const auto streams = rocd.http().get("/streams");
  const auto endpoints = rocd.http().get("/peers/self/endpoints");
  std::string all;
  for (const auto& stream : streams.as_array())
    all += boost::json::serialize(stream.at("stream_uri")) +
           boost::json::serialize(stream.at("version")) +
           boost::json::serialize(stream.at("settings")) +
           boost::json::serialize(stream.at("status").at("pid")) + "\n";
  for (const auto& endpoint : endpoints.as_array())
    if (endpoint.at("origin").as_string() == "config")
      all += boost::json::serialize(endpoint) + "\n";
  return all + boost::json::serialize(rocd.http().get("/system/config"));
}

std::string stream_uri(const Rocd& rocd, const std::string& name) {
  return std::string(rocd.stream(name).at("stream_uri").as_string());
}

}  // namespace

TEST_CASE("a tone goes on without a gap while other streams are changed and added", "[e2e]") {
  const EditedConfig edited;
  Scene scene(edited.text("balanced", false));
  auto& rocd = scene.rocd();
  rocd.wait_for_streams({"send", "receive", "other"});
  const Player player("rocd.speaker", tone);
  const Listener microphone("rocd.microphone", source);
  REQUIRE(microphone.listen_for(tone) == "heard");
  const int send = rocd.child_of("send"), receive = rocd.child_of("receive");

  // A busy machine makes gaps of its own: one round without any shows that a reload makes none.
  double silence_ms = restart_ms;
  for (int round = 0; round < 5 && silence_ms >= restart_ms; ++round) {
    const double begin = microphone.position();
    const int former = rocd.child_of("other");
    scene.write_config(edited.text(round % 2 == 0 ? "robust" : "low", false));
    rocd.process().signal(SIGHUP);
    REQUIRE(eventually([&] {
      const int now = rocd.child_of("other");
      return now > 0 && now != former;
    }));
    scene.write_config(edited.text(round % 2 == 0 ? "robust" : "low", true));
    const auto report = rocd.http().request("POST", "/system/reload");
    INFO(report.body);
    REQUIRE(report.status == 200);
    const auto streams = report.json().at("streams");
    CHECK(streams.at("added").as_array().size() == 1);
    CHECK(streams.at("changed").as_array().empty());
    rocd.wait_for_streams({"other", "third"});
    REQUIRE(microphone.record_more(1));
    silence_ms = microphone.longest_silence_ms(begin, microphone.position());
  }
  CHECK(silence_ms < restart_ms);
  CHECK(rocd.child_of("send") == send);
  CHECK(rocd.child_of("receive") == receive);
  CHECK(rocd.stream("send").at("version") == 1);
  CHECK(rocd.stream("receive").at("status").at("restarts") == 0);
  CHECK(rocd.stream("other").at("version").to_number<int>() >= 2);

  const double begin = microphone.position();
  REQUIRE(rocd.http().request("POST", stream_uri(rocd, "receive") + "/restart").status == 202);
  REQUIRE(eventually([&] { return rocd.child_of("receive") != receive; }));
  REQUIRE(microphone.listen_for(tone, {.seconds = 1}) == "heard");
  CHECK(microphone.longest_silence_ms(begin, microphone.position()) > restart_ms);
}

TEST_CASE("a configuration with a mistake changes nothing, and the mistake has its place",
          "[e2e]") {
  const EditedConfig edited;
  Scene scene(edited.text("balanced", false));
  auto& rocd = scene.rocd();
  rocd.wait_for_streams({"send", "receive", "other"});
  const auto before = everything(rocd);
  scene.write_config(edited.text("loud", true));
  const auto refused = rocd.http().request("POST", "/system/reload");
  CHECK(refused.status == 422);
  INFO(refused.body);
  const auto errors = refused.json().at("errors");
  REQUIRE(errors.as_array().size() == 1);
  const std::string place(errors.at(0).at("path").as_string());
  CHECK_THAT(place, ContainsSubstring(scene.config().string() + ":"));
  CHECK_THAT(std::string(errors.at(0).at("reason").as_string()), ContainsSubstring("'loud'"));

  const auto said = [&] {
    const auto log = rocd.log();
    return log.find(place, log.find("SIGHUP: reading")) != std::string::npos;
  };
  REQUIRE(rocd.log().find("SIGHUP") == std::string::npos);
  rocd.process().signal(SIGHUP);
  CHECK(eventually(said));
  CHECK(everything(rocd) == before);
}

TEST_CASE("an endpoint of the configuration changes its volume in place, and its shape anew",
          "[e2e]") {
  const auto config = [](const std::string& more) {
    return "endpoints:\n  - { name: speaker, direction: output" + more + " }\n";
  };
  Scene scene(config(""));
  auto& rocd = scene.rocd();
  rocd.wait_for_endpoint("rocd.speaker");
  const auto serial = [&] {
    return rocd.endpoint("rocd.speaker").at("status").at("node_serial").to_number<int>();
  };
  const auto reload = [&](const std::string& more) {
    scene.write_config(config(more));
    const auto report = rocd.http().request("POST", "/system/reload");
    INFO(report.body);
    CHECK(report.status == 200);
    rocd.wait_for_endpoint("rocd.speaker");
  };
  const int first = serial();
  reload(", volume: 0.5");
  CHECK(rocd.endpoint("rocd.speaker").at("volume") == 0.5);
  CHECK(serial() == first);
  reload(", volume: 0.5, channels: 1");
  CHECK(eventually([&] { return has_node(scene.session, "rocd.speaker") && serial() != first; }));
  CHECK(rocd.endpoint("rocd.speaker").at("channels") == 1);

  scene.write_config("name: empty\n");
  rocd.process().signal(SIGHUP);
  CHECK(eventually([&] { return !has_node(scene.session, "rocd.speaker"); }));
}
