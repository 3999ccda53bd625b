// Events as people and programs get them.
#include "rocctl/events.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "rocctl/client.hpp"
#include "rocctl/fake_daemon.hpp"
#include "rocctl/program_run.hpp"
#include "rocctl/samples.hpp"
#include "rocctl/yaml.hpp"

namespace rocctl::test {
namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

const std::string path = "/streams/ssssss-ssssss-ssssss";

json::value status(const json::value& members) {
  return {{"status", members}};
}

std::string text(const std::string& type, const json::value& pre, const json::value& post) {
  return event_text(event(8, type, path, pre, post));
}

bool contains(const std::string& all, std::string_view part) {
  return all.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an event is a line that says what became of what") {
  EventLines lines({});
  const auto music = stream("ssssss-ssssss-ssssss", "Music to kitchen");
  const auto line = lines.line(event(7, "sync", path, nullptr, music));
  CHECK(line.substr(local_time("2026-11-20T12:00:01.250Z").size()) ==
        "  sync              Music to kitchen          running, healthy\n");
  const auto change = lines.line(event(8, "stream.state", path, status({{"state", "starting"}}),
                                       status({{"state", "running"}})));
  CHECK(contains(change, "  stream.state      Music to kitchen          starting -> running\n"));
  CHECK(contains(lines.line(event(9, "stream.deleted", path, music, nullptr)),
                 "  stream.deleted    Music to kitchen\n"));
  // Its name is forgotten with it.
  CHECK(contains(lines.line(event(10, "stream.metrics", path, nullptr, nullptr)), path));
  CHECK(contains(lines.line(event(11, "daemon.stopping", "/system", nullptr, nullptr)),
                 "  daemon.stopping   rocd                      rocd ends\n"));
  EventLines colourful({.colour = true});
  CHECK(contains(colourful.line(event(8, "stream.state", path, status({{"state", "starting"}}),
                                      status({{"state", "failed"}}))),
                 "\033[31mstarting -> failed\033[0m"));
}

TEST_CASE("what each type says") {
  CHECK(text("stream.state", status({{"state", "running"}}),
             status({{"state", "backoff"}, {"message", "the tool ended"}})) ==
        "running -> backoff: the tool ended");
  CHECK(text("stream.state", status({{"state", "starting"}}),
             status({{"state", "starting"}, {"message", "waits for its device"}})) ==
        "starting: waits for its device");
  CHECK(text("stream.health", status({{"health", {{"overall", "healthy"}}}}),
             status({{"health",
                      {{"overall", "unhealthy"}, {"message", "no sender yet"}, {"hint", "x"}}}})) ==
        "healthy -> unhealthy: no sender yet");
  CHECK(text("stream.metrics", nullptr,
             status({{"metrics",
                      {{"e2e_latency_ms", 203.6},
                       {"jitter_ms", 2.1},
                       {"loss_ratio", 0.031},
                       {"sessions", 1},
                       {"rss_bytes", 11400000}}}})) ==
        "latency 203.6 ms, jitter 2.1 ms, loss 3.1 %, 1 session, 11.4 MB");
  CHECK(text("endpoint.state", status({{"state", "present"}, {"in_use_by", json::array{}}}),
             status({{"state", "present"}, {"in_use_by", json::array{"/streams/x"}}})) ==
        "present, in use by 1 stream");
  CHECK(text("daemon.pipewire", {{"pipewire", {{"connected", true}}}},
             {{"pipewire", {{"connected", true}, {"message", "PipeWire does not answer"}}}}) ==
        "PipeWire does not answer");
  CHECK(text("daemon.pipewire", {{"pipewire", {{"connected", true}}}},
             {{"pipewire", {{"connected", false}}}}) == "not connected");
  CHECK(text("daemon.tools", nullptr, {{"tools", system().at("tools")}}) ==
        "roc-send 0.4.0, roc-recv 0.4.0");
  CHECK(text("daemon.tools", nullptr, {{"engine", {{"id", "roc-cli"}, {"usable", false}}}}) ==
        "none can be used: rocctl status tells why");
  CHECK(text("daemon.tools", nullptr, {{"engine", {{"id", "roc-cli"}, {"usable", true}}}}) ==
        "looked at anew: rocctl status shows them");
  const json::value bad = {{"writable", false}, {"message", "disk full"}, {"hint", "make room"}};
  CHECK(text("daemon.state", {{"state", {{"writable", true}}}}, {{"state", bad}}) ==
        "the state cannot be written: disk full; make room");
  CHECK(text("daemon.state", {{"state", bad}}, {{"state", {{"writable", true}}}}) ==
        "the state can be written again");
  CHECK(text("synced", nullptr, nullptr) == "that is all there is; what follows are changes");
  CHECK(text("reset", nullptr, nullptr) == "events were lost; once more all there is");
  CHECK(text("sync", nullptr, system()) == "rocd 0.1.0, PipeWire connected");
}

TEST_CASE("an update tells which members changed, but not all of many") {
  const auto before = endpoint("aaaaaa-aaaaaa-aaaaaa", "Kitchen", "rocd.kitchen");
  auto after = before;
  after.as_object()["volume"] = 1.0;
  after.as_object()["muted"] = true;
  after.as_object()["version"] = 4;
  CHECK(text("endpoint.updated", before, after) == "volume 0.25 -> 1.0, muted false -> true");
  auto stream_before = stream("ssssss-ssssss-ssssss", "Music");
  auto stream_after = stream_before;
  auto& settings = stream_after.as_object()["settings"].as_object();
  for (const char* key : {"profile", "target_latency", "io_latency", "packet_length", "fec"})
    settings[key] = "new";
  settings.erase("restart");
  CHECK(text("stream.updated", stream_before, stream_after) ==
        "settings.profile balanced -> new, settings.target_latency auto -> new, "
        "settings.io_latency auto -> new, settings.packet_length auto -> new and 2 more");
}

TEST_CASE("times are this computer's, and what is no time stays") {
  CHECK(local_time("2026-11-20T12:00:01.250Z").size() == 8);
  CHECK(local_time("yesterday") == "yesterday");
  FakeDaemon daemon;
  const Answer told{.body = "data: {\"time\": \"2026-11-20T12:00:01Z\"}\n\n",
                    .content_type = "text/event-stream"};
  for (const auto& [zone, time] : {std::pair{"TZ=UTC0", "12:00:01"}, {"TZ=JST-9", "21:00:01"}}) {
    daemon.answer("GET /events", {told, problem_answer(403, "enough")});
    CHECK(rocctl({"events", "--url", daemon.url()}, {zone}).out.starts_with(time));
  }
}

TEST_CASE("events go on where they were when the connection was lost, and that is said once") {
  FakeDaemon daemon;
  const auto music = stream("ssssss-ssssss-ssssss", "Music");
  daemon.answer("GET /events?types=stream.*,daemon.pipewire&uri=/streams",
                {events_answer(snapshot({{path, music}}), false),
                 {.hang_up = true},
                 {.hang_up = true},
                 events_answer({event(8, "stream.deleted", path, music, nullptr)}, false),
                 problem_answer(403, "no more")});
  const auto run = rocctl({"events", "--types", "stream.*,daemon.pipewire", "--uri", "/streams",
                           "-o", "json", "--url", daemon.url()});
  INFO(run.out << run.err);
  CHECK(run.exit == 1);  // in the end it is refused
  std::istringstream in(run.out);
  std::vector<std::string> types;
  for (std::string line; std::getline(in, line);)
    types.emplace_back(json::parse(line).at("type").as_string());
  CHECK(types == std::vector<std::string>{"sync", "synced", "stream.deleted"});
  CHECK(run.err == daemon.url() + " closed the connection; trying again\n" + daemon.url() +
                       " closed the connection; trying again\nrocctl: no more (403)\n");
  std::vector<std::string> ids;
  for (const auto& request : daemon.seen()) ids.push_back(request.last_event_id);
  CHECK(ids == std::vector<std::string>{"", "k3j9x0-7", "k3j9x0-7", "k3j9x0-7", "k3j9x0-8"});
}

TEST_CASE("with YAML each event is a document") {
  FakeDaemon daemon;
  const auto first = event(8, "daemon.stopping", "/system", nullptr, nullptr);
  daemon.answer("GET /events", {events_answer({first, first}, false), problem_answer(403, "end")});
  const auto run = rocctl({"events", "-o", "yaml", "--url", daemon.url()});
  CHECK(run.out.starts_with("---\n"));
  const auto second = run.out.find("---\n", 4);
  REQUIRE(second != std::string::npos);
  CHECK(parse_document(run.out.substr(4, second - 4)).value() == first);
}

TEST_CASE("events of a daemon that is not there, and what is refused") {
  std::string url;
  {
    const FakeDaemon gone;
    url = gone.url();
  }
  CHECK(rocctl({"events", "--url", url}).exit == 4);
  FakeDaemon daemon;
  daemon.answer("GET /events?types=a%26b%20c",
                {{.status = 422,
                  .body = R"({"detail": "the events cannot be chosen so", "errors":
                             [{"path": "?types", "reason": "there is no event type"}]})",
                  .content_type = "application/problem+json"}});
  const auto refused = rocctl({"events", "--types", "a&b c", "--url", daemon.url()});
  CHECK(refused.exit == 1);
  CHECK(contains(refused.err, "?types: there is no event type"));
}

TEST_CASE("a daemon that falls silent is told with the time that was waited for it") {
  FakeDaemon daemon;
  daemon.answer("GET /events", {events_answer(snapshot({}))});
  const Client client(parse_target(daemon.url()).value(), 10s);
  const auto ending =
      client.follow({.path = "/events", .silence = 200ms}, [](std::string_view) { return true; });
  REQUIRE(ending.has_error());
  CHECK(ending.error().exit == Exit::unreachable);
  CHECK(contains(ending.error().message, "says nothing for 200ms"));
}

}  // namespace rocctl::test
