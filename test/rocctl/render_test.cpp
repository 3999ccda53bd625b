// What people see.
#include "rocctl/render.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>

#include "rocctl/checks.hpp"
#include "rocctl/failure.hpp"
#include "rocctl/json_access.hpp"
#include "rocctl/samples.hpp"
#include "rocctl/sse.hpp"

namespace rocctl::test {
namespace json = boost::json;

namespace {
bool contains(const std::string& text, std::string_view part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}
}  // namespace

TEST_CASE("numbers carry units") {
  CHECK(format_milliseconds(203.64) == "203.6 ms");
  CHECK(format_milliseconds(std::nullopt) == "-");
  CHECK(format_volume(1) == "0.0 dB (1.00)");
  CHECK(format_volume(0.25) == "-12.0 dB (0.25)");
  CHECK(format_volume(0) == "-inf dB (0.00)");
  CHECK(format_seconds(59) == "59 s");
  CHECK(format_seconds(61) == "1 min 1 s");
  CHECK(format_seconds(3700) == "1 h 1 min");
  CHECK(format_seconds(90000) == "1 d 1 h");
  CHECK(format_bytes(11400000) == "11.4 MB");
}

TEST_CASE("a list of endpoints") {
  const auto text =
      render_endpoints({endpoint("aaaaaa-aaaaaa-aaaaaa", "Kitchen", "rocd.kitchen")}, {});
  CHECK(text ==
        "UID                   NAME     SYSTEM NAME   KIND     DIRECTION  CHANNELS      RATE  "
        "         VOLUME  STATE    STREAMS\n"
        "aaaaaa-aaaaaa-aaaaaa  Kitchen  rocd.kitchen  virtual  output            2  48000 Hz  "
        "-12.0 dB (0.25)  present        1\n");
  CHECK(render_endpoints({}, {}) == "no endpoints\n");
}

TEST_CASE("a list of streams names the endpoints") {
  const auto names = endpoint_names({endpoint("aaaaaa-aaaaaa-aaaaaa", "Kitchen", "rocd.kitchen")});
  const auto text = render_streams({stream("ssssss-ssssss-ssssss", "Music")}, names, {});
  CHECK(text ==
        "UID                   NAME   SOURCE   DESTINATION                    STATE    HEALTH    "
        "LATENCY   LOSS  RESTARTS\n"
        "ssssss-ssssss-ssssss  Music  Kitchen  rtp+rs8m://192.168.1.20:10001  running  healthy  "
        "203.6 ms  3.1 %         1\n");
  CHECK(render_streams({}, names, {}) == "no streams\n");
}

TEST_CASE("one stream in full") {
  const auto text = render_stream(stream("ssssss-ssssss-ssssss", "Music"), {}, {});
  for (const char* part : {"192.168.1.20:10002", "rtcp://192.168.1.20:10003", "200.0 ms (auto)",
                           "roc-cli/0.4.0", "4242", "11.4 MB", "2.1 ms", "balanced"})
    CHECK(contains(text, part));
}

TEST_CASE("a stream is well when it is off, or runs and is healthy") {
  auto value = stream("ssssss-ssssss-ssssss", "Music");
  CHECK(is_well(value));
  auto& status = value.as_object()["status"].as_object();
  status["health"] = {{"overall", "partially_healthy"}};
  CHECK(is_well(value));
  status["health"] = {
      {"overall", "unhealthy"}, {"message", "no sender yet"}, {"hint", "send to it"}};
  CHECK(!is_well(value));
  CHECK(trouble_of(value) == "running: no sender yet (send to it)");
  value.as_object()["enabled"] = false;
  CHECK(is_well(value));
}

TEST_CASE("what is wrong with a stream is said once") {
  auto value = stream("ssssss-ssssss-ssssss", "Music");
  auto& status = value.as_object()["status"].as_object();
  status["state"] = "backoff";
  status["message"] = "the tool ended";
  status["health"] = {{"overall", "unhealthy"},
                      {"message", "it ends again and again: the tool ended"},
                      {"hint", "see the stream's log"}};
  CHECK(trouble_of(value) ==
        "backoff: it ends again and again: the tool ended (see the stream's log)");
  status["health"].as_object()["message"] = "no receiver answers";
  CHECK(trouble_of(value) == "backoff: the tool ended; no receiver answers (see the stream's log)");
}

TEST_CASE("the status tells peer, PipeWire, tools and streams") {
  auto sick = stream("tttttt-tttttt-tttttt", "Radio");
  sick.as_object()["status"].as_object()["state"] = "backoff";
  const json::value parts =
      json::object{{"peer", peer()},
                   {"system", system()},
                   {"ready", ready()},
                   {"endpoints", json::array()},
                   {"streams", json::array{stream("ssssss-ssssss-ssssss", "Music"), sick}}};
  const auto text = render_status(parts, {});
  for (const char* part :
       {"studio (pppppp-pppppp-pppppp)", "0.1.0, up 1 h 1 min", "connected, 1.4.2",
        "0.4.0, FEC: rs8m ldpc\n", "0.4.0, FEC: none (roc-recv cannot correct errors)",
        "2: 1 backoff, 1 running", "! Radio: backoff"})
    CHECK(contains(text, part));
}

TEST_CASE("the checks of a daemon tell what is wrong and what to do") {
  auto sick = system();
  sick.as_object()["pipewire"] = {{"connected", false}, {"version", nullptr}};
  const auto not_ready = json::parse(
      R"({"ready": false, "checks": [{"name": "state", "ok": false, "message": "disk full"}]})");
  const auto checks = daemon_checks(sick, not_ready, json::array());
  CHECK(!all_good(checks));
  const auto text = render_checks(checks, {});
  CHECK(contains(text, "problem  pipewire"));
  CHECK(contains(text, "-> start it: systemctl --user start pipewire"));
  sick.as_object()["pipewire"] = {{"connected", true},
                                  {"version", "1.4.2"},
                                  {"message", "PipeWire does not answer"},
                                  {"hint", "restart it: systemctl --user restart pipewire"}};
  const auto silent = render_checks(daemon_checks(sick, ready(), json::array()), {});
  CHECK(contains(silent, "PipeWire does not answer"));
  CHECK(contains(silent, "systemctl --user restart pipewire"));
  CHECK(contains(text, "warning  roc-recv"));
  CHECK(contains(text, "OpenFEC"));
  CHECK(contains(text, "ready: state"));
  CHECK(all_good(daemon_checks(system(), ready(), json::array())));
  CHECK(checks_json(checks, true).at("ok") == false);
}

TEST_CASE("two streams that want one port are found") {
  auto one = stream("ssssss-ssssss-ssssss", "One");
  one.as_object()["source"] = {{"connection_type", "external"}};
  auto two = one;
  two.as_object()["display_name"] = "Two";
  const auto text = render_checks(daemon_checks(system(), ready(), json::array{one, two}), {});
  CHECK(contains(text, "UDP 10001 is wanted by 'One' and 'Two'"));
}

TEST_CASE("the sums of the checks are as good as what they sum up") {
  auto receiving = stream("ssssss-ssssss-ssssss", "One");
  receiving.as_object()["source"] = {{"connection_type", "external"}};
  auto sick = receiving;
  sick.as_object()["display_name"] = "Two";
  auto& status = sick.as_object()["status"].as_object();
  status["state"] = "backoff";
  status["resolved"].as_object()["media_uri"] = "rtp://0.0.0.0:10009";
  auto text = render_checks(daemon_checks(system(), ready(), json::array{sick}), {});
  CHECK(contains(text, "problem  streams   0 of 1 as they should be"));
  CHECK(contains(text, "ok       ports     no stream receives"));
  CHECK(!contains(text, "10009"));
  text = render_checks(daemon_checks(system(), ready(), json::array{receiving, sick}), {});
  CHECK(contains(text, "problem  streams   1 of 2 as they should be"));
  CHECK(contains(text, "ok       ports     UDP 10001 (One)"));
  text = render_checks(daemon_checks(system(), ready(), json::array{receiving}), {});
  CHECK(contains(text, "ok       streams   1 of 1 as they should be"));
}

TEST_CASE("a problem of the daemon is told with fields and hint") {
  const auto failure = failure_of(
      422, "application/problem+json",
      R"({"title": "Unprocessable Content", "detail": "the stream is not valid", "hint": "try rtp",
          "errors": [{"path": "/destination/media_uri", "reason": "unknown scheme"}]})");
  CHECK(failure.exit == Exit::error);
  CHECK(describe(failure) ==
        "rocctl: the stream is not valid (422)\n"
        "  /destination/media_uri: unknown scheme\n"
        "hint: try rtp\n");
  CHECK(failure_of(409, "application/problem+json", "{}").exit == Exit::conflict);
  CHECK(failure_of(412, "application/problem+json", "{}").exit == Exit::conflict);
  CHECK(failure_of(404, "application/problem+json", "{}").exit == Exit::error);
  CHECK(contains(failure_of(502, "text/html", "<html>").message, "502"));
  CHECK(contains(failure_of(500, "application/json", "{broken").message, "500"));
}

TEST_CASE("pretty JSON is the same JSON") {
  const auto value = json::parse(
      R"({"a": 1.0, "b": [], "c": {}, "d": [1, 2], "e": [{"f": null}], "g": "\"", "h": 1e-9,
          "i": -12.25, "j": 1e300})");
  CHECK(json::parse(pretty(value)) == value);
  CHECK(pretty(json::object{{"a", 1.0}}) == "{\n  \"a\": 1.0\n}\n");
}

TEST_CASE("events are read however they are cut") {
  const std::string bytes =
      ": comment\n\nid: 7\nevent: line\ndata: one\n\nevent: line\r\ndata: a\r\ndata: b\r\n\r\n";
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    EventParser parser;
    std::vector<ServerEvent> events;
    for (std::size_t at = 0; at < bytes.size(); at += size)
      parser.feed(std::string_view(bytes).substr(at, size),
                  [&](const ServerEvent& event) { events.push_back(event); });
    REQUIRE(events.size() == 2);
    CHECK(events[0].id == "7");
    CHECK(events[0].type == "line");
    CHECK(events[0].data == "one");
    CHECK(events[1].data == "a\nb");
  }
}

}  // namespace rocctl::test
