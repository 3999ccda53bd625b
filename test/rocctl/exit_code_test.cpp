// The program against a daemon that answers what it is told: exit codes, requests, messages.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>

#include "rocctl/fake_daemon.hpp"
#include "rocctl/program_run.hpp"
#include "rocctl/samples.hpp"
#include "rocctl/yaml.hpp"

namespace rocctl::test {
namespace json = boost::json;

namespace {

const std::string kitchen = "aaaaaa-aaaaaa-aaaaaa";
const std::string music = "ssssss-ssssss-ssssss";

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

void fill(FakeDaemon& daemon) {
  const json::array endpoints{endpoint(kitchen, "Kitchen", "rocd.kitchen"),
                              endpoint("bbbbbb-bbbbbb-bbbbbb", "Mic", "rocd.mic")};
  daemon.answer("GET /peers", {json_answer(json::array{peer()})});
  daemon.answer("GET /peers/self", {json_answer(peer())});
  daemon.answer("GET /peers/self/endpoints", {json_answer(endpoints)});
  daemon.answer("GET /peers/pppppp-pppppp-pppppp/endpoints", {json_answer(endpoints)});
  daemon.answer("GET /streams", {json_answer(json::array{stream(music, "Music")})});
  daemon.answer("GET /streams/" + music, {json_answer(stream(music, "Music"))});
  daemon.answer("GET /system", {json_answer(system())});
  daemon.answer("GET /system/config", {json_answer({{"values", json::array{}}})});
  daemon.answer("GET /readyz", {json_answer(ready())});
}

Run ask(const FakeDaemon& daemon, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--url", daemon.url()});
  auto run = rocctl(arguments);
  UNSCOPED_INFO(run.out << run.err);
  return run;
}

json::value with_health(json::value stream, const char* state, const char* overall,
                        const char* since = "2026-11-20T12:00:00.000Z") {
  auto& status = stream.as_object()["status"].as_object();
  status["state"] = state;
  status["since"] = since;
  status["health"] = {{"overall", overall}, {"message", "no sender yet"}};
  return stream;
}

}  // namespace

TEST_CASE("0: lists in every format") {
  FakeDaemon daemon;
  fill(daemon);
  for (const auto& words : std::vector<std::vector<std::string>>{{"stream", "ls"},
                                                                 {"endpoint", "ls"},
                                                                 {"endpoint", "show", "Mic"},
                                                                 {"stream", "show", "Music"},
                                                                 {"status"},
                                                                 {"doctor"}}) {
    const auto table = ask(daemon, words);
    CHECK(table.exit == 0);
    CHECK(!table.out.empty());
    CHECK(!contains(table.out, "\033"));
    auto with_json = words;
    with_json.insert(with_json.end(), {"-o", "json"});
    const auto answer = ask(daemon, with_json);
    CHECK(answer.exit == 0);
    boost::system::error_code error;
    CHECK(json::parse(answer.out, error).is_structured());
    CHECK(!error);
    CHECK(answer.err.empty());
    with_json.back() = "yaml";
    const auto yaml = ask(daemon, with_json);
    CHECK(yaml.exit == 0);
    CHECK(parse_document(yaml.out).value() == json::parse(answer.out));
    with_json.back() = "name";
    const auto names = ask(daemon, with_json);
    CHECK(names.exit == 0);
    CHECK(names.err.empty());
  }
}

TEST_CASE("1: what is not there, and what the daemon refuses") {
  FakeDaemon daemon;
  fill(daemon);
  const auto missing = ask(daemon, {"stream", "show", "Musik"});
  CHECK(missing.exit == 1);
  CHECK(missing.out.empty());
  CHECK(contains(missing.err, "there is no stream 'Musik'\nhint: did you mean 'Music'?"));

  daemon.answer("POST /streams", {{.status = 422,
                                   .body = R"({"detail": "the stream is not valid", "errors":
                             [{"path": "/source", "reason": "no such endpoint"}]})",
                                   .content_type = "application/problem+json"}});
  const auto refused = ask(daemon, {"connect", "kitchen", "rtp://10.0.0.1:5000"});
  CHECK(refused.exit == 1);
  CHECK(contains(refused.err, "the stream is not valid (422)\n  /source: no such endpoint\n"));

  daemon.answer("GET /streams", {{.body = "<html>", .content_type = "text/html"}});
  CHECK(ask(daemon, {"stream", "ls"}).exit == 1);
}

TEST_CASE("1: output that cannot be written, with the reason") {
  FakeDaemon daemon;
  fill(daemon);
  const auto lost = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--url", daemon.url()});
    return rocctl(words, {}, "", "/dev/full");
  };
  for (const auto& run : {lost({"stream", "ls"}), lost({"stream", "ls", "-o", "json"}),
                          lost({"doctor"}), lost({"--help"})}) {
    CHECK(run.exit == 1);
    CHECK(run.err == "rocctl: cannot write the output: No space left on device\n");
  }
}

TEST_CASE("2: wrong command lines, each with what is wrong") {
  struct Wrong {
    std::vector<std::string> words;
    std::string message;
  };
  for (const auto& [words, message] : std::vector<Wrong>{
           {{}, "A subcommand is required"},
           {{"strem", "ls"}, "there is no command 'strem', did you mean 'stream'?"},
           {{"stream", "lst"}, "there is no command 'lst', did you mean 'ls'?"},
           {{"endpoint", "frobnicate"}, "expected one of ls, show, add, set, rm"},
           {{"stream", "show"}, "STREAM is required"},
           {{"stream", "ls", "--frobnicate"}, "--frobnicate"},
           {{"stream", "ls", "-o", "xml"}, "xml not in {table,json,yaml,name}"},
           {{"stream", "log", "x", "-n", "501"}, "501 not in range"},
           {{"stream", "add", "kitchen"}, "SOURCE and DESTINATION is required"},
           {{"status", "--wait=soon"}, "'soon' is not a duration"},
           {{"stream", "enable", "x", "--wait", "20s"},
            "'20s' was not expected, did you mean '--wait=20s'?"},
           {{"status", "--color", "sometimes"}, "sometimes not in {auto,always,never}"},
           {{"stream", "log", "x", "-o", "name"}, "'stream log' shows nothing that has a name"},
           {{"events", "-o", "name"}, "'events' shows nothing that has a name"},
           {{"config", "check", "a", "b"}, "not expected: b"},
           {{"log", "--level", "loud"}, "loud not in {trace,debug,info,warning,error,critical}"},
           {{"doctor", "--tone", "--profile", "fast"}, "fast not in {low,balanced,robust}"},
           {{"completion", "fish"}, "fish not in {bash,zsh}"},
           {{"status", "--timeout", "5"}, "'5' is not a duration"},
           {{"status", "--url", "https://a"}, "rocd speaks plain HTTP"},
           {{"connect", "a", "rtp://b:1", "--profile", "fast"},
            "fast not in {low,balanced,robust}"},
           {{"connect", "rtp://a:1", "rtp://b:2"}, "both addresses"},
           {{"connect", "a", "b", "--repair", "rs8m://c:1"}, "go with an address"},
           {{"connect", "rtp://a:1", "b", "--control", "rtp://c:1"}, "expected rtcp"},
           {{"stream", "add", "--file", "-", "--name", "x"}, "--file holds the whole stream"},
           {{"endpoint", "set", "x"}, "there is nothing to set"},
           {{"endpoint", "set", "x", "--volume", "-3"}, "'-3' is no volume"},
           {{"endpoint", "set", "x", "--mute", "--unmute"}, "--mute excludes --unmute"},
           {{"endpoint", "add", "x", "--direction", "up"}, "up not in {output,input}"},
           {{"endpoint", "add", "x"}, "--direction is required"}}) {
    const auto run = rocctl(words);
    INFO(message << "\n" << run.err);
    CHECK(run.exit == 2);
    CHECK(run.out.empty());
    CHECK(run.err.starts_with("rocctl: "));
    CHECK(contains(run.err, message));
  }
}

TEST_CASE("3: unhealthy, and not healthy in time") {
  FakeDaemon daemon;
  fill(daemon);
  const auto sick = with_health(stream(music, "Music"), "running", "unhealthy");
  daemon.answer("GET /streams", {json_answer(json::array{sick})});
  daemon.answer("GET /streams/" + music, {json_answer(sick)});
  CHECK(ask(daemon, {"status"}).exit == 3);
  CHECK(ask(daemon, {"doctor"}).exit == 3);
  daemon.answer("PATCH /streams/" + music, {json_answer(sick)});
  daemon.answer("GET /events?uri=/streams/" + music,
                {events_answer(snapshot({{"/streams/" + music, sick}}))});
  const auto late = ask(daemon, {"stream", "enable", "Music", "--wait=50ms"});
  CHECK(late.exit == 3);
  CHECK(contains(late.out, music));
  CHECK(contains(late.err, "stream 'Music' is not healthy within 50ms: running: no sender yet"));
  CHECK(contains(late.err, "rocctl stream log " + music));

  daemon.answer("GET /readyz",
                {{.status = 503,
                  .body = R"({"detail": "not ready; PipeWire is not connected", "ready": false,
                              "checks": []})",
                  .content_type = "application/problem+json"}});
  const auto status = ask(daemon, {"status"});
  CHECK(status.exit == 3);
  CHECK(contains(status.err, "PipeWire is not connected"));
}

TEST_CASE("3: a daemon that does not answer in time") {
  FakeDaemon daemon;
  daemon.answer("GET /streams", {{.silent = true}});
  const auto run = ask(daemon, {"stream", "ls", "--timeout", "100ms"});
  CHECK(run.exit == 3);
  CHECK(contains(run.err, "does not answer within 100 ms"));
}

TEST_CASE("4: no daemon") {
  std::string url;
  {
    const FakeDaemon gone;
    url = gone.url();
  }
  const auto run = rocctl({"status"}, {"ROCCTL_URL=" + url});
  CHECK(run.exit == 4);
  CHECK(contains(run.err, "no daemon at " + url + ": Connection refused"));
  CHECK(contains(run.err, "hint: start it with 'rocd'"));
  const auto socket = rocctl({"stream", "ls", "--url", "unix:/nonexistent/rocd.sock"});
  CHECK(socket.exit == 4);
  CHECK(contains(socket.err, "unix:/nonexistent/rocd.sock"));
}

TEST_CASE("4: doctor without a daemon looks itself") {
  std::string url;
  {
    const FakeDaemon gone;
    url = gone.url();
  }
  const auto run = rocctl({"doctor", "--url", url, "-o", "json"}, {"PATH=/nonexistent"});
  CHECK(run.exit == 4);
  const auto found = json::parse(run.out);
  CHECK(found.at("reachable") == false);
  CHECK(found.at("ok") == false);
  CHECK(contains(run.out, "is free"));
  CHECK(contains(run.out, "start it: rocd --listen"));
  CHECK(contains(run.out, "pipewire-0 does not exist"));
  CHECK(contains(run.out, "not in PATH"));

  FakeDaemon stranger;  // listens, but is no rocd
  stranger.answer("GET /system", {{.body = "<html>", .content_type = "text/html"}});
  const auto taken = ask(stranger, {"doctor"});
  CHECK(taken.exit == 4);
  CHECK(contains(taken.out, "is taken by test_rocctl ("));
}

TEST_CASE("3: a tone that cannot be tried is a problem, and nothing is made") {
  FakeDaemon daemon;
  fill(daemon);
  auto without = system();
  without.as_object()["pipewire"] = {{"connected", false}, {"version", nullptr}};
  daemon.answer("GET /system", {json_answer(without)});
  auto run = ask(daemon, {"doctor", "--tone"});
  CHECK(run.exit == 3);
  CHECK(contains(run.out, "not tried: rocd has no PipeWire"));
  daemon.answer("GET /system", {json_answer(system())});
  run = rocctl({"doctor", "--tone", "-o", "json", "--url", daemon.url()}, {"PATH=/nonexistent"});
  CHECK(run.exit == 3);
  CHECK(contains(run.out, "pw-record is not in PATH"));
  CHECK(json::parse(run.out).at("tone").is_null());
  daemon.answer("POST /peers/self/endpoints", {problem_answer(503, "PipeWire is away")});
  if (!contains(ask(daemon, {"doctor", "--tone"}).out, "is not in PATH"))
    CHECK(contains(ask(daemon, {"doctor", "--tone"}).out, "PipeWire is away (503)"));
}

TEST_CASE("5: conflicts") {
  FakeDaemon daemon;
  fill(daemon);
  daemon.answer("DELETE /streams/" + music,
                {problem_answer(409, "it belongs to the configuration file, rocd.yaml:12:5")});
  const auto run = ask(daemon, {"stream", "rm", "Music"});
  CHECK(run.exit == 5);
  CHECK(contains(run.err, "rocd.yaml:12:5 (409)"));
}

TEST_CASE("a restart is not over while the former run is still shown") {
  FakeDaemon daemon;
  fill(daemon);
  const auto before = stream(music, "Music");
  const auto after = with_health(before, "running", "healthy", "2026-11-20T12:00:01.000Z");
  const auto path = "/streams/" + music;
  auto envelopes = snapshot({{path, before}});
  envelopes.push_back(event(8, "stream.updated", path, before, after));
  daemon.answer("POST " + path + "/restart", {json_answer(before, 202)});
  daemon.answer("GET /events?uri=" + path, {events_answer(envelopes)});
  const auto run = ask(daemon, {"stream", "restart", "Music", "--wait=20s", "-o", "json"});
  CHECK(run.exit == 0);
  CHECK(json::parse(run.out).at("status").at("since") == "2026-11-20T12:00:01.000Z");
}

TEST_CASE("connect derives addresses, says so, and --dry-run sends nothing") {
  FakeDaemon daemon;
  fill(daemon);
  const auto run = ask(daemon, {"connect", "kitchen", "rtp+rs8m://10.0.0.1:5000", "--profile",
                                "low", "--target-latency", "60ms", "--name", "Test", "--dry-run"});
  CHECK(run.exit == 0);
  CHECK(contains(run.err, "rs8m://10.0.0.1:5001 selected automatically"));
  CHECK(contains(run.err, "rtcp://10.0.0.1:5002 selected automatically"));
  CHECK(json::parse(run.out) == json::parse(R"({
    "display_name": "Test",
    "source": {"connection_type": "endpoint",
               "endpoint_uri": "/peers/pppppp-pppppp-pppppp/endpoints/aaaaaa-aaaaaa-aaaaaa"},
    "destination": {"connection_type": "external", "media_uri": "rtp+rs8m://10.0.0.1:5000",
                    "repair_uri": "rs8m://10.0.0.1:5001", "control_uri": "rtcp://10.0.0.1:5002"},
    "settings": {"profile": "low", "target_latency": "60ms"}})"));
  for (const auto& request : daemon.seen()) CHECK(request.line.starts_with("GET "));
}

TEST_CASE("what is sent is what was asked for") {
  FakeDaemon daemon;
  fill(daemon);
  const auto made = endpoint(kitchen, "Kitchen", "rocd.kitchen");
  daemon.answer("POST /peers/self/endpoints", {json_answer(made, 201)});
  daemon.answer("PATCH /peers/pppppp-pppppp-pppppp/endpoints/" + kitchen, {json_answer(made)});
  daemon.answer("POST /streams", {json_answer(stream(music, "Music"), 201)});
  const auto sent = [&](std::vector<std::string> words) {
    CHECK(ask(daemon, std::move(words)).exit == 0);
    const auto seen = daemon.seen();
    for (auto each = seen.rbegin(); each != seen.rend(); ++each)
      if (!each->body.empty()) return json::parse(each->body);
    return json::value();
  };
  CHECK(sent({"endpoint", "add", "Den", "-d", "input", "--channels", "1", "--rate", "44100",
              "--mute", "--system-name", "rocd.den"}) ==
        json::parse(R"({"display_name": "Den", "stream_direction": "input", "channels": 1,
                        "sample_rate": 44100, "muted": true, "system_name": "rocd.den"})"));
  CHECK(sent({"endpoint", "set", "kitchen", "--volume", "0.5", "--unmute", "--no-default"}) ==
        json::parse(R"({"volume": 0.5, "muted": false, "is_default": false})"));
  CHECK(sent({"connect", "rtp://0.0.0.0:0", "Mic", "--control", "none", "--disabled"}) ==
        json::parse(R"({"enabled": false,
          "source": {"connection_type": "external", "media_uri": "rtp://0.0.0.0:0"},
          "destination": {"connection_type": "endpoint",
            "endpoint_uri": "/peers/pppppp-pppppp-pppppp/endpoints/bbbbbb-bbbbbb-bbbbbb"}})"));
}

TEST_CASE("a log, and a log that goes on") {
  FakeDaemon daemon;
  fill(daemon);
  const json::value line = {{"number", 1},
                            {"time", "2026-11-20T12:00:00.000Z"},
                            {"channel", "stderr"},
                            {"text", "pump: starting\033[2J"}};
  daemon.answer(
      "GET /streams/" + music + "/log?lines=5",
      {json_answer(
          {{"stream_uri", "/streams/x"}, {"lines", json::array{line}}, {"dropped_bytes", 2000}})});
  const auto once = ask(daemon, {"stream", "log", "Music", "-n", "5"});
  CHECK(once.exit == 0);
  CHECK(once.out == "2026-11-20T12:00:00.000Z pump: starting?[2J\n");
  CHECK(once.err == "older output is lost: 2 kB\n");

  const auto event = "id: 1\nevent: line\ndata: " + json::serialize(line) + "\n\n";
  daemon.answer("GET /streams/" + music + "/log?lines=100&follow",
                {{.body = event + ": ping\n\n" + event, .content_type = "text/event-stream"}});
  const auto followed = ask(daemon, {"stream", "log", "Music", "--follow"});
  CHECK(followed.exit == 0);
  CHECK(followed.out == once.out + once.out);
  const auto lines = ask(daemon, {"stream", "log", "Music", "--follow", "-o", "json"});
  CHECK(json::parse(lines.out.substr(0, lines.out.find('\n'))) == line);
}

TEST_CASE("the token of the environment is sent") {
  FakeDaemon daemon;
  fill(daemon);
  CHECK(rocctl({"stream", "ls"}, {"ROCCTL_URL=" + daemon.url(), "ROCCTL_TOKEN=secret"}).exit == 0);
  CHECK(daemon.seen().front().authorization == "Bearer secret");
}

TEST_CASE("help is there at every level, with examples, and tells the version") {
  for (const auto& words : std::vector<std::vector<std::string>>{{},
                                                                 {"status"},
                                                                 {"doctor"},
                                                                 {"events"},
                                                                 {"log"},
                                                                 {"config"},
                                                                 {"config", "check"},
                                                                 {"config", "show"},
                                                                 {"reload"},
                                                                 {"completion"},
                                                                 {"connect"},
                                                                 {"endpoint"},
                                                                 {"endpoint", "ls"},
                                                                 {"endpoint", "show"},
                                                                 {"endpoint", "add"},
                                                                 {"endpoint", "set"},
                                                                 {"endpoint", "rm"},
                                                                 {"stream"},
                                                                 {"stream", "ls"},
                                                                 {"stream", "show"},
                                                                 {"stream", "add"},
                                                                 {"stream", "set"},
                                                                 {"stream", "enable"},
                                                                 {"stream", "disable"},
                                                                 {"stream", "restart"},
                                                                 {"stream", "log"},
                                                                 {"stream", "rm"}}) {
    auto with_help = words;
    with_help.emplace_back("--help");
    const auto run = rocctl(with_help);
    CHECK(run.exit == 0);
    CHECK(run.err.empty());
    CHECK(contains(run.out, "Examples:\n  "));
  }
  CHECK(rocctl({"--version"}).out.starts_with("rocctl 0."));
}

}  // namespace rocctl::test
