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

// Of whom the configuration holds the hash.
struct Caller {
  std::string name, token, hash;
};
const Caller alice{"alice", "rocd_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE",
                   "2e15d389a64c2f83e3869d5bc5d7787da0039e06ca5c3ac455ef69c4f40e523a"};
const Caller bob{"bob", "rocd_AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI",
                 "ab7c97d071a97162aa34d3539a00bf1deef275551786f4e2704f8ba0184cc833"};
constexpr auto another_hash = "40873e7017c4f28abdde188220bf39dc33affdf36883366b0f79aa71f014095b";

std::string token_entry(const Caller& caller, const std::string& role) {
  return "{ name: " + caller.name + ", role: " + role + ", sha256: " + caller.hash + " }";
}

// curl as `caller` at something that does not end.
class OpenReader {
 public:
  OpenReader(const TempDirectory& directory, const Rocd& rocd, const Caller& caller,
             const std::string& name, const std::string& path,
             const std::vector<std::string>& arguments = {})
      : told_(directory.path() / (caller.name + name)) {
    std::vector<std::string> argv{"curl", "-sNi", "-H", "Authorization: Bearer " + caller.token};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    argv.push_back(rocd.http().url() + path);
    process_ = std::make_unique<Process>(
        Process::Options{.argv = argv, .output = told_, .errors = directory.path() / "curl.txt"});
  }
  [[nodiscard]] std::string told() const { return read_file(told_); }
  [[nodiscard]] bool ends() { return process_->wait().has_value(); }
  [[nodiscard]] bool runs() { return process_->running(); }

 private:
  std::filesystem::path told_;
  std::unique_ptr<Process> process_;
};

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

TEST_CASE("a reload ends what is open for a revoked token at once, and nothing else", "[e2e]") {
  const TempDirectory directory;
  const auto path = [&](const std::string& name) { return (directory.path() / name).string(); };
  const auto write_config = [&](const std::string& tokens) {
    write_file(path("rocd.yaml"), "http: { unix_socket: " + path("rocd.sock") + ", tokens: [" +
                                      tokens + "] }\nevents: { socket: off }\naudio: { remote: " +
                                      path("no-pipewire") + " }\n");
  };
  write_config(token_entry(alice, "admin") + ", " + token_entry(bob, "admin"));
  Rocd rocd({.config = path("rocd.yaml"), .state = path("state"), .log = path("log")});
  const std::vector<std::string> websocket{
      "-H", "Connection: Upgrade",       "-H", "Upgrade: websocket",
      "-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="};
  const auto open = [&](const Caller& caller) {
    std::vector<std::unique_ptr<OpenReader>> readers;
    const auto add = [&](const auto&... what) {
      readers.push_back(std::make_unique<OpenReader>(directory, rocd, caller, what...));
    };
    add("-events", "/events?types=daemon.*");
    add("-websocket", "/events?types=daemon.*", websocket);
    add("-log", "/system/log?follow");
    return readers;
  };
  const auto alices = open(alice), bobs = open(bob);
  const std::vector<std::string> first{"synced", "synced", "REST API on"};
  for (const auto* readers : {&alices, &bobs})
    for (std::size_t i = 0; i < first.size(); ++i) {
      INFO((*readers)[i]->told());
      REQUIRE(
          eventually([&] { return (*readers)[i]->told().find(first[i]) != std::string::npos; }));
    }

  // Replaced: the same name, the same role.
  write_config(token_entry({alice.name, "", another_hash}, "admin") + ", " +
               token_entry(bob, "admin"));
  rocd.process().signal(SIGHUP);
  for (const auto& reader : alices) CHECK(reader->ends());
  CHECK(eventually([&] {
    return bobs[0]->told().find("daemon.reloaded") != std::string::npos &&
           bobs[1]->told().find("daemon.reloaded") != std::string::npos &&
           bobs[2]->told().find("new values of http.tokens") != std::string::npos;
  }));
  for (const auto& reader : alices) {
    CHECK_THAT(reader->told(), !ContainsSubstring("daemon.reloaded"));
    CHECK_THAT(reader->told(), !ContainsSubstring("http.tokens"));
  }
  OpenReader again(directory, rocd, alice, "-again", "/events");
  CHECK(again.ends());
  CHECK_THAT(again.told(), ContainsSubstring("401 Unauthorized"));

  // Lowered, and by the other way to read the configuration anew.
  for (const auto& reader : bobs) CHECK(reader->runs());
  write_config(token_entry(bob, "viewer"));
  const auto report = run_program({"curl", "-s", "--unix-socket", path("rocd.sock"), "-X", "POST",
                                   "http://localhost/system/reload"});
  CHECK_THAT(report.output, ContainsSubstring(R"("values":["http.tokens"])"));
  for (const auto& secret : {bob.hash, std::string(another_hash)})
    CHECK_THAT(report.output + rocd.log(), !ContainsSubstring(secret));
  for (const auto& reader : bobs) CHECK(reader->ends());
}
