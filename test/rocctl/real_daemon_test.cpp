// The program against the real rocd, without PipeWire: what it sends is what rocd understands.
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <sstream>

#include "rocctl/json_access.hpp"
#include "rocctl/program_run.hpp"
#include "rocctl/yaml.hpp"

namespace rocctl::test {
namespace json = boost::json;

namespace {

constexpr const char* config = R"(
name: studio
tools: { roc_send: /nonexistent/roc-send, roc_recv: /nonexistent/roc-recv }
endpoints:
  - { name: kitchen, direction: output, display_name: Kitchen speakers }
streams:
  - name: to-kitchen
    source: kitchen
    destination: { media: rtp://127.0.0.1:10001 }
)";

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Run ask(const Rocd& rocd, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--url", rocd.url()});
  auto run = rocctl(arguments);
  UNSCOPED_INFO(run.out << run.err);
  return run;
}

}  // namespace

TEST_CASE("a device and a stream from their making to their end, against rocd itself") {
  const Rocd rocd(config);
  auto run = ask(rocd, {"endpoint", "add", "Den", "--direction", "input", "-o", "json"});
  REQUIRE(run.exit == 0);
  CHECK(json::parse(run.out).at("system_name").as_string().starts_with("rocd."));
  CHECK(ask(rocd, {"endpoint", "set", "Den", "--volume", "-6dB", "--name", "Study"}).exit == 0);
  run = ask(rocd, {"endpoint", "ls"});
  CHECK(contains(run.out, "Study"));
  CHECK(contains(run.out, "-6.0 dB (0.50)"));

  run = ask(rocd, {"connect", "rtp+rs8m://127.0.0.1:0", "Study", "--name", "Radio", "--profile",
                   "robust", "-o", "json"});
  REQUIRE(run.exit == 0);
  CHECK(json::parse(run.out).at("settings").at("profile") == "robust");
  CHECK(ask(rocd, {"stream", "show", "Radio"}).exit == 0);
  CHECK(ask(rocd, {"stream", "log", "Radio"}).exit == 0);
  CHECK(ask(rocd, {"stream", "restart", "Radio"}).exit == 0);
  CHECK(ask(rocd, {"stream", "enable", "Radio", "--wait=1ms"}).exit == 3);
  run = ask(rocd, {"stream", "set", "Radio", "--source", "rtp://127.0.0.1:0", "--control", "none",
                   "--profile", "low", "-o", "json"});
  REQUIRE(run.exit == 0);
  CHECK(json::parse(run.out).at("source") ==
        json::parse(R"({"connection_type": "external", "media_uri": "rtp://127.0.0.1:0"})"));
  CHECK(ask(rocd, {"stream", "disable", "Radio"}).exit == 0);
  const auto names = ask(rocd, {"stream", "ls", "-o", "name"}).out;
  CHECK((names == "to-kitchen\nRadio\n" || names == "Radio\nto-kitchen\n"));

  run = ask(rocd, {"endpoint", "rm", "Study"});
  CHECK(run.exit == 5);                                            // Radio uses it
  CHECK(ask(rocd, {"stream", "rm", "Radio", "radio"}).exit == 0);  // both mean the same
  CHECK(ask(rocd, {"endpoint", "rm", "Study"}).exit == 0);
  CHECK(json::parse(ask(rocd, {"stream", "ls", "-o", "json"}).out).as_array().size() == 1);
}

TEST_CASE("a stream shown as JSON or YAML can be added again") {
  const std::string format = GENERATE("json", "yaml");
  const Rocd rocd(config);
  const auto shown = ask(rocd, {"stream", "show", "to-kitchen", "-o", format});
  REQUIRE(shown.exit == 0);
  const auto add = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"stream", "add", "--file", "-", "-o", "json"};
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {"--url", rocd.url()});
    return rocctl(words, {}, shown.out);
  };
  const auto original = parse_document(shown.out).value().as_object();
  CHECK(add({"--dry-run"}).exit == 0);
  const auto added = add({});
  INFO(added.err);
  REQUIRE(added.exit == 0);
  const auto copy = json::parse(added.out).as_object();
  CHECK(copy.at("stream_uid") != original.at("stream_uid"));
  CHECK(copy.at("destination") == original.at("destination"));
  CHECK(json::parse(ask(rocd, {"stream", "ls", "-o", "json"}).out).as_array().size() == 2);
}

TEST_CASE("what rocd refuses is told with the field, the reason and the exit code") {
  const Rocd rocd(config);
  auto run = ask(rocd, {"connect", "kitchen", "rtp://127.0.0.1:10001", "--io-latency", "1s",
                        "--target-latency", "1s"});
  CHECK(run.exit == 1);
  CHECK(contains(run.err, "(422)"));
  CHECK(contains(run.err, "  /settings/"));
  run = ask(rocd, {"stream", "rm", "to-kitchen"});
  CHECK(run.exit == 5);
  CHECK(contains(run.err, "rocd.yaml"));
}

TEST_CASE("rocd without PipeWire and tools is found to be sick") {
  const Rocd rocd(config);
  const auto status = ask(rocd, {"status"});
  CHECK(status.exit == 3);
  CHECK(contains(status.out, "studio"));
  CHECK(contains(status.out, "not connected"));
  const auto doctor = ask(rocd, {"doctor"});
  CHECK(doctor.exit == 3);
  CHECK(contains(doctor.out, "problem  pipewire"));
}

TEST_CASE("events tell of what another rocctl does, against rocd itself") {
  const Rocd rocd(config);
  const auto run = bash(R"(
    exec 3< <(exec rocctl events -o json --types 'endpoint.*')
    reader=$!
    while read -r line <&3; do
      printf '%s\n' "$line"
      case $line in
        *'"type":"synced"'*) rocctl endpoint add Den --direction input >/dev/null ;;
        *'"type":"endpoint.created"'*) rocctl endpoint rm Den >/dev/null ;;
        *'"type":"endpoint.deleted"'*) break ;;
      esac
    done
    kill $reader)",
                        {"ROCCTL_URL=" + rocd.url()});
  INFO(run.out << run.err);
  CHECK(run.exit == 0);
  std::vector<std::string> told;
  std::istringstream in(run.out);
  for (std::string line; std::getline(in, line);) {
    const auto envelope = json::parse(line);
    const auto type = std::string(envelope.at("type").as_string());
    if (type != "synced" && type != "endpoint.state")
      told.push_back(type + " " + text_at(envelope, "/post/display_name") +
                     text_at(envelope, "/pre/display_name"));
  }
  CHECK(told == std::vector<std::string>{"sync Kitchen speakers", "endpoint.created Den",
                                         "endpoint.deleted Den"});
}

TEST_CASE("the socket of the session is found without --url") {
  const Rocd rocd(config);
  CHECK(rocctl({"stream", "ls", "--url", "unix:" + rocd.socket()}).exit == 0);
  const auto found = rocctl({"stream", "ls"}, {"XDG_RUNTIME_DIR=" + rocd.directory().string()});
  CHECK(found.exit == 0);
  CHECK(contains(found.out, "to-kitchen"));
}

}  // namespace rocctl::test
