#include "config/values.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "config/settings.hpp"
#include "config_support.hpp"

using namespace rocd;
using namespace rocd::test;
using Kind = ConfigOrigin::Kind;

namespace {

// "VALUE from KIND PLACE" of one key.
std::string told(const std::vector<ConfigValue>& values, const std::string& key) {
  static const char* const kinds[] = {"default", "file", "environment", "command line", "stored"};
  for (const auto& value : values)
    if (value.key == key)
      return boost::json::serialize(value.value) + " from " +
             kinds[static_cast<int>(value.origin.kind)] +
             (value.origin.place.empty() ? "" : " " + value.origin.place);
  return "no such key";
}

}  // namespace

TEST_CASE("each scalar tells what it is and where it came from last") {
  const auto [config, errors] = parse(
      "name: studio\n"
      "http:\n  listen: \"[::1]:0\"\n  unix_socket: off\n"
      "tools: { allow_extra_args: true }\n"
      "log: { level: debug }\n",
      {{"ROCD_LOG_LEVEL", "warn"}, {"ROCD_PORTS_RANGE", "5-6"}, {"HOME", "/h"}});
  REQUIRE(lines(errors).empty());
  const auto values = setting_values(config);
  CHECK(told(values, "name") == "\"studio\" from file rocd.yaml:1:7");
  CHECK(told(values, "http.listen") == "\"[::1]:0\" from file rocd.yaml:3:11");
  CHECK(told(values, "http.unix_socket") == "\"off\" from file rocd.yaml:4:16");
  CHECK(told(values, "tools.allow_extra_args") == "true from file rocd.yaml:5:28");
  CHECK(told(values, "log.level") == "\"warn\" from environment ROCD_LOG_LEVEL");
  CHECK(told(values, "ports.range") == "\"5-6\" from environment ROCD_PORTS_RANGE");
  CHECK(told(values, "log.format") == "\"text\" from default");
  CHECK(told(values, "state.dir") == "\"/h/.local/state/rocd\" from default");
  CHECK(told(values, "audio.driver") == "\"pipewire\" from default");
}

TEST_CASE("the socket of events is shown as it is in force, as that of the API is") {
  const auto shown = [](const std::string& yaml, const Variables& variables = {}) {
    return told(setting_values(parse(yaml, variables).config), "events.socket");
  };
  CHECK(shown("http: { unix_socket: /r/a.sock }") == "\"/r/a-events.sock\" from default");
  CHECK(shown("", {{"XDG_RUNTIME_DIR", "/r"}}) == "\"/r/rocd-events.sock\" from default");
  CHECK(shown("http: { unix_socket: off }\nevents: { socket: auto }") ==
        "\"off\" from file rocd.yaml:2:19");
  CHECK(shown("events: { socket: /r/e }") == "\"/r/e\" from file rocd.yaml:1:19");
}

TEST_CASE("settings are shown in the order of the example") {
  std::ifstream file(std::filesystem::path(ROCD_SOURCE_DIR) / "config/rocd.yaml");
  std::vector<std::string> example, shown;
  std::string section;
  for (std::string line; std::getline(file, line) && !line.starts_with("endpoints:");) {
    if (line.starts_with("# name:")) line.erase(0, 2);
    const auto key = line.substr(0, line.find(':'));
    if (line.find(':') == std::string::npos || key.find('#') != std::string::npos) continue;
    if (!key.starts_with(' ') && key != "name")
      section = key;
    else
      example.push_back(key == "name" ? key : section + "." + key.substr(2));
  }
  for (const auto& setting : settings()) shown.push_back(setting.path());
  CHECK(shown == example);
}

TEST_CASE("what is shown of a scalar is what the file would say") {
  const FakeEnvironment environment({{"HOME", "/h"}, {"XDG_RUNTIME_DIR", "/r"}});
  const auto given = parse_config(
      "name: n\nhttp: { listen: 127.0.0.2:81, unix_socket: /s }\naudio: { remote: pw-1 }\n"
      "tools: { roc_send: /a, roc_recv: b, allow_extra_args: true }\nports: { range: 1-2 }\n"
      "state: { dir: /d }\nlog: { level: error, format: json }\n",
      "rocd.yaml", environment);
  REQUIRE(lines(given.errors).empty());
  Config again;
  for (const auto& setting : settings()) {
    INFO(setting.path());
    if (setting.set == nullptr) continue;
    const auto shown = setting.show(given.config);
    const auto text =
        shown.is_string() ? std::string(shown.as_string()) : boost::json::serialize(shown);
    REQUIRE(setting.set(again, text, environment).has_value());
    CHECK(setting.show(again) == shown);
  }
}

TEST_CASE("a scalar that can be taken over while rocd runs changes nothing else") {
  const auto given = parse(
                         "name: n\ntools: { allow_extra_args: true }\nports: { range: 1-2 }\n"
                         "http:\n  tokens: [ { name: a, role: viewer, sha256: " +
                         TokenHash::of("a").hex() +
                         " } ]\n  allowed_origins: [ \"https://a\" ]\n  allowed_hosts: [ a ]\n"
                         "log: { level: error, format: json }\n")
                         .config;
  std::set<std::string> live;
  for (const auto& setting : settings()) {
    if (setting.take == nullptr) continue;
    INFO(setting.path());
    live.insert(setting.path());
    Config config = parse("").config;
    const auto before = config;
    setting.take(config, given);
    for (const auto& other : settings())
      CHECK(other.show(config) == other.show(&other == &setting ? given : before));
  }
  CHECK(live == std::set<std::string>{"name", "http.tokens", "http.allowed_origins",
                                      "http.allowed_hosts", "tools.allow_extra_args", "ports.range",
                                      "log.level", "log.format"});
}

TEST_CASE("a token is shown with its name and role, and without its hash") {
  const auto hash = TokenHash::of("a").hex();
  const auto values = setting_values(
      parse("http:\n  tokens: [ { name: a, role: viewer, sha256: " + hash + " } ]\n").config);
  CHECK(told(values, "http.tokens") ==
        R"([{"name":"a","role":"viewer"}] from file rocd.yaml:2:11)");
  for (const auto& value : values)
    CHECK(boost::json::serialize(value.value).find(hash) == std::string::npos);
}

TEST_CASE("each value of an entry tells where it stands, and what was left out is a default") {
  const auto [config, errors] = parse(R"(
endpoints:
  - { name: a, direction: output, volume: 0.5 }
  - { name: b, direction: input, display_name: B }
streams:
  - name: s
    source: a
    destination: { media: "rtp://h:1" }
    target_latency: 300ms
  - { name: t, source: "system:x", destination: b, enabled: false, extra_args: [--x=1] }
)");
  REQUIRE(lines(errors).empty());
  const auto a = entry_values(config.endpoints[0]);
  CHECK(told(a, "direction") == "\"output\" from file rocd.yaml:3:27");
  CHECK(told(a, "volume") == "5E-1 from file rocd.yaml:3:43");
  CHECK(told(a, "muted") == "false from default");
  CHECK(told(a, "default") == "false from default");
  CHECK(told(a, "display_name") == "\"a\" from default");
  CHECK(told(entry_values(config.endpoints[1]), "display_name") ==
        "\"B\" from file rocd.yaml:4:48");

  const auto s = entry_values(config.streams[0]);
  CHECK(told(s, "source") == "\"a\" from file rocd.yaml:7:13");
  CHECK(told(s, "destination") == R"({"media":"rtp://h:1"} from file rocd.yaml:8:18)");
  CHECK(config.streams[0].origins.at("destination.media").place == "rocd.yaml:8:27");
  CHECK(told(s, "target_latency") == "\"300ms\" from file rocd.yaml:9:21");
  CHECK(told(s, "io_latency") == "\"auto\" from default");
  CHECK(told(s, "fec") == "\"auto\" from default");
  CHECK(told(s, "enabled") == "true from default");
  CHECK(told(s, "extra_args") == "[] from default");
  const auto t = entry_values(config.streams[1]);
  CHECK(told(t, "source") == "\"system:x\" from file rocd.yaml:10:24");
  CHECK(told(t, "enabled") == "false from file rocd.yaml:10:61");
  CHECK(told(t, "extra_args") == R"(["--x=1"] from file rocd.yaml:10:80)");
}
