// What --wait waits for.
#include "rocctl/wait.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <catch2/catch_test_macros.hpp>

#include "rocctl/event_reader.hpp"
#include "rocctl/fake_daemon.hpp"
#include "rocctl/program_run.hpp"
#include "rocctl/samples.hpp"

namespace rocctl::test {
namespace json = boost::json;

namespace {

const std::string music = "ssssss-ssssss-ssssss";
const std::string path = "/streams/" + music;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

json::value sending(const char* state, const char* health) {
  auto value = stream(music, "Music");
  auto& status = value.as_object()["status"].as_object();
  status["state"] = state;
  status["health"] = {{"overall", health}, {"message", "no receiver answers"}};
  return value;
}

json::value receiving(const char* state, const char* health, int sessions) {
  auto value = stream(music, "Music");
  value.as_object()["source"] = {{"connection_type", "external"}, {"media_uri", "rtp://0.0.0.0:5"}};
  auto& status = value.as_object()["status"].as_object();
  status["state"] = state;
  status["health"] = {{"overall", health}, {"message", "no sender yet"}, {"hint", "send to it"}};
  status["metrics"].as_object()["sessions"] = sessions;
  return value;
}

// `stream enable --wait` on one that is first starting, then as `later` has it.
Run wait_on(const std::vector<json::value>& later, const std::string& limit) {
  FakeDaemon daemon;
  const auto first = sending("starting", "inactive");
  daemon.answer("GET /peers/self/endpoints", {json_answer(json::array{})});
  daemon.answer("GET /streams", {json_answer(json::array{first})});
  daemon.answer("PATCH /streams/" + music, {json_answer(first)});
  auto envelopes = snapshot({{path, first}});
  for (const auto& each : later)
    envelopes.push_back(event(8, "stream.updated", path, nullptr, each));
  daemon.answer("GET /events?uri=" + path, {events_answer(envelopes)});
  auto run = rocctl({"stream", "enable", "Music", "--wait=" + limit, "--url", daemon.url()});
  UNSCOPED_INFO(run.out << run.err);
  return run;
}

}  // namespace

TEST_CASE("a stream is waited for until it runs and is healthy") {
  CHECK(judge_stream(sending("running", "healthy")) == Verdict::reached);
  CHECK(judge_stream(sending("running", "partially_healthy")) == Verdict::reached);
  for (const char* state : {"waiting", "starting", "backoff", "stopping", "stopped"})
    CHECK(judge_stream(sending(state, "healthy")) == Verdict::pending);
  CHECK(judge_stream(sending("running", "inactive")) == Verdict::pending);
  CHECK(judge_stream(sending("running", "unhealthy")) == Verdict::pending);
  CHECK(judge_stream(receiving("running", "healthy", 1)) == Verdict::reached);
  CHECK(judge_stream(receiving("running", "unhealthy", 1)) == Verdict::pending);
}

TEST_CASE("what will not change is not waited for") {
  CHECK(judge_stream(sending("failed", "unhealthy")) == Verdict::hopeless);
  auto off = sending("running", "healthy");
  off.as_object()["enabled"] = false;
  CHECK(judge_stream(off) == Verdict::hopeless);
}

TEST_CASE("a run that was over before the restart does not count") {
  const auto since = "2026-11-20T12:00:00.000Z";
  CHECK(judge_stream(sending("running", "healthy"), since) == Verdict::pending);
  CHECK(judge_stream(sending("failed", "unhealthy"), since) == Verdict::pending);
  CHECK(judge_stream(sending("running", "healthy"), "2026-11-20T11:00:00.000Z") ==
        Verdict::reached);
}

TEST_CASE("a stream that pauses is well, also when it pauses on after a restart") {
  const auto since = "2026-11-20T12:00:00.000Z";
  CHECK(judge_stream(sending("paused", "inactive")) == Verdict::reached);
  CHECK(judge_stream(sending("paused", "inactive"), since) == Verdict::reached);
}

TEST_CASE("a receiver is waited for until it listens, but not for its sender") {
  CHECK(judge_stream(receiving("starting", "inactive", 0)) == Verdict::pending);
  // Not before the daemon is sure: a sender that is there shows in that time.
  CHECK(judge_stream(receiving("running", "inactive", 0)) == Verdict::pending);
  CHECK(judge_stream(receiving("running", "unhealthy", 0)) == Verdict::reached);
  CHECK(judge_stream(receiving("backoff", "unhealthy", 0)) == Verdict::pending);
}

TEST_CASE("waiting for a receiver without a sender succeeds, and says so") {
  const auto run =
      wait_on({receiving("running", "inactive", 0), receiving("running", "unhealthy", 0)}, "25s");
  CHECK(run.exit == 0);
  CHECK(contains(run.out, "running"));
  CHECK(run.err == "stream 'Music' listens: running: no sender yet (send to it)\n");
  // The daemon is not sure yet, but the time is over.
  CHECK(wait_on({receiving("running", "inactive", 0)}, "100ms").exit == 0);
}

TEST_CASE("what is shown in the end is how the stream is then") {
  const auto run = wait_on({sending("backoff", "unhealthy")}, "200ms");
  CHECK(run.exit == 3);
  CHECK(contains(run.out, "backoff"));
  CHECK(contains(run.err, "is not healthy within 200ms: backoff: no receiver answers"));
  const auto failed = wait_on({sending("failed", "unhealthy")}, "1h");
  CHECK(failed.exit == 3);
  CHECK(contains(failed.err, "will not get healthy: failed: "));
}

TEST_CASE("changes are put together as the events tell them") {
  auto known = sending("starting", "inactive");
  known.as_object()["status"].as_object()["message"] = "waits for the tool";
  const json::value state = {{"status", {{"state", "running"}, {"pid", 5}}}};
  const json::value before = {
      {"status", {{"state", "starting"}, {"message", "waits for the tool"}, {"pid", nullptr}}}};
  known = apply_event(known, event(8, "stream.state", path, before, state));
  CHECK(known.at("status").at("state") == "running");
  CHECK(known.at("status").at("pid") == 5);
  CHECK(!known.at("status").as_object().contains("message"));  // it had one before, not now
  CHECK(known.at("status").at("health").at("overall") == "inactive");
  known = apply_event(
      known, event(9, "stream.health", path, {{"status", {{"health", {{"overall", "inactive"}}}}}},
                   {{"status", {{"health", {{"overall", "healthy"}}}}}}));
  CHECK(judge_stream(known) == Verdict::reached);
  CHECK(known.at("status").at("health") == json::object{{"overall", "healthy"}});
  CHECK(apply_event(known, event(10, "stream.deleted", path, known, nullptr)).is_null());
  CHECK(apply_event(nullptr, event(11, "sync", path, nullptr, known)) == known);
}

TEST_CASE("waiting goes on over a lost connection, and over lost events") {
  FakeDaemon daemon;
  const auto first = sending("starting", "inactive");
  daemon.answer("GET /peers/self/endpoints", {json_answer(json::array{})});
  daemon.answer("GET /streams", {json_answer(json::array{first})});
  daemon.answer("PATCH " + path, {json_answer(first)});
  auto lost = snapshot({{path, first}});
  lost.insert(lost.begin(), event(1, "reset", "/events", nullptr, nullptr));
  const json::value running = {
      {"status", {{"state", "running"}, {"health", {{"overall", "healthy"}}}}}};
  daemon.answer("GET /events?uri=" + path,
                {events_answer(snapshot({{path, first}}), false), events_answer(lost, false),
                 events_answer({event(9, "stream.state", path, nullptr, running)})});
  const auto run = rocctl({"stream", "enable", "Music", "--wait=25s", "--url", daemon.url()});
  INFO(run.out << run.err);
  CHECK(run.exit == 0);
  CHECK(contains(run.out, "running"));
  std::vector<std::string> ids;
  for (const auto& request : daemon.seen())
    if (request.line.starts_with("GET /events")) ids.push_back(request.last_event_id);
  CHECK(ids == std::vector<std::string>{"", "k3j9x0-7", "k3j9x0-7"});
}

TEST_CASE("what is removed while it is waited for is told") {
  FakeDaemon daemon;
  const auto first = sending("starting", "inactive");
  daemon.answer("GET /peers/self/endpoints", {json_answer(json::array{})});
  daemon.answer("GET /streams", {json_answer(json::array{first})});
  daemon.answer("PATCH " + path, {json_answer(first)});
  auto envelopes = snapshot({{path, first}});
  envelopes.push_back(event(8, "stream.deleted", path, first, nullptr));
  for (const auto& told : {envelopes, snapshot({})}) {
    daemon.answer("GET /events?uri=" + path, {events_answer(told)});
    const auto run = rocctl({"stream", "enable", "Music", "--wait=25s", "--url", daemon.url()});
    CHECK(run.exit == 1);
    CHECK(contains(run.err, path + " was removed meanwhile"));
  }
}

TEST_CASE("a daemon that goes away and stays away is told") {
  const auto first = sending("starting", "inactive");
  FakeDaemon daemon;
  daemon.answer("GET /peers/self/endpoints", {json_answer(json::array{})});
  daemon.answer("GET /streams", {json_answer(json::array{first})});
  daemon.answer("PATCH " + path, {json_answer(first)});
  daemon.answer("GET /events?uri=" + path, {{.hang_up = true}});
  const auto run = rocctl({"stream", "enable", "Music", "--wait=300ms", "--url", daemon.url()});
  CHECK(run.exit == 4);
  CHECK(contains(run.err, "closed the connection"));
}

TEST_CASE("a device is waited for until it is there") {
  FakeDaemon daemon;
  const auto there = endpoint("aaaaaa-aaaaaa-aaaaaa", "Den", "rocd.den");
  auto absent = there;
  absent.as_object()["status"] = {{"state", "absent"}, {"message", "waits for PipeWire"}};
  const std::string uri = "/peers/pppppp-pppppp-pppppp/endpoints/aaaaaa-aaaaaa-aaaaaa";
  daemon.answer("POST /peers/self/endpoints", {json_answer(absent, 201)});
  auto envelopes = snapshot({{uri, absent}});
  const auto add = [&](const std::string& wait) {
    daemon.answer("GET /events?uri=" + uri, {events_answer(envelopes)});
    return rocctl({"endpoint", "add", "Den", "-d", "input", wait, "--url", daemon.url()});
  };
  const auto late = add("--wait=50ms");
  CHECK(late.exit == 3);
  CHECK(contains(late.err, "endpoint 'Den' is not there within 50ms: waits for PipeWire"));
  CHECK(contains(late.err, "hint: rocctl doctor"));
  envelopes.push_back(event(8, "endpoint.state", uri, {{"status", absent.at("status")}},
                            {{"status", there.at("status")}}));
  const auto run = add("--wait");
  CHECK(run.exit == 0);
  CHECK(contains(run.out, "present"));
}

}  // namespace rocctl::test
