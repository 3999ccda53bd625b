// The configuration in force, reloads and the daemon's log, as people see them.
#include "rocctl/render_config.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>

#include "rocctl/fake_daemon.hpp"
#include "rocctl/program_run.hpp"
#include "rocctl/render.hpp"

namespace rocctl::test {
namespace json = boost::json;

namespace {

json::value config() {
  return json::parse(R"({
    "file": "/etc/rocd/rocd.yaml", "loaded_at": "2026-11-20T12:00:00.000Z",
    "values": [
      {"key": "name", "value": "studio", "origin": "file", "location": "rocd.yaml:1:7"},
      {"key": "http.listen", "value": "127.0.0.1:0", "origin": "command_line", "option": "--listen"},
      {"key": "log.level", "value": "debug", "origin": "environment", "variable": "ROCD_LOG_LEVEL"},
      {"key": "log.format", "value": "text", "origin": "default"}],
    "endpoints": [{"name": "kitchen", "location": "rocd.yaml:3:5", "endpoint_uri": "/peers/x",
      "values": [
        {"key": "direction", "value": "output", "origin": "file", "location": "rocd.yaml:4:16"},
        {"key": "volume", "value": 0.25, "origin": "override",
         "instead_of": {"value": 1.0, "origin": "default"}},
        {"key": "channels", "value": 2, "origin": "default"}]}],
    "streams": []})");
}

}  // namespace

TEST_CASE("each value of the configuration stands with where it comes from") {
  CHECK(render_config(config(), config_rows(config(), false), {}) ==
        "file  /etc/rocd/rocd.yaml\n"
        "KEY                          VALUE        ORIGIN\n"
        "name                         studio       rocd.yaml:1:7\n"
        "http.listen                  127.0.0.1:0  --listen\n"
        "log.level                    debug        ROCD_LOG_LEVEL\n"
        "log.format                   text         default\n"
        "endpoints.kitchen.direction  output       rocd.yaml:4:16\n"
        "endpoints.kitchen.volume     0.25         changed at run time, instead of 1.0 (default)\n"
        "endpoints.kitchen.channels   2            default\n");
  std::string keys;
  for (const auto& row : config_rows(config(), true)) keys += row.key + " ";
  CHECK(keys == "name http.listen log.level endpoints.kitchen.direction endpoints.kitchen.volume ");
}

TEST_CASE("config show takes every format") {
  FakeDaemon daemon;
  daemon.answer("GET /system/config", {json_answer(config())});
  const auto show = [&](const std::string& format) {
    return rocctl({"config", "show", "--changed", "-o", format, "--url", daemon.url()});
  };
  CHECK(json::parse(show("json").out) == config());
  CHECK(show("name").out.starts_with("name\nhttp.listen\n"));
  CHECK(show("yaml").out.starts_with("file: /etc/rocd/rocd.yaml\n"));
  CHECK(show("table").out.find("log.format") == std::string::npos);
}

TEST_CASE("a reload tells what it changed") {
  const auto report = json::parse(R"({"file": "/etc/rocd/rocd.yaml",
    "endpoints": {"added": ["kitchen", "den"], "changed": [], "removed": []},
    "streams": {"added": [], "changed": ["music"], "removed": ["old"]},
    "values": ["log.level"], "restart_needed": ["http.listen"]})");
  CHECK(render_reload(report, {}) ==
        "file                     /etc/rocd/rocd.yaml\n"
        "endpoints added          kitchen, den\n"
        "streams changed          music\n"
        "streams removed          old\n"
        "values changed           log.level\n"
        "after a restart of rocd  http.listen\n");
  FakeDaemon daemon;
  daemon.answer("POST /system/reload", {json_answer(report)});
  const auto run = rocctl({"reload", "-o", "name", "--url", daemon.url()});
  CHECK(run.exit == 0);
  CHECK(run.out == "kitchen\nden\nmusic\nold\n");
  const json::value nothing = {{"file", nullptr}, {"endpoints", json::object()}};
  CHECK(render_reload(nothing, {}) == "file     none: built-in defaults\nchanges  none\n");
}

TEST_CASE("mistakes that a reload finds are told with their places") {
  FakeDaemon daemon;
  daemon.answer("POST /system/reload",
                {{.status = 422,
                  .body = R"({"detail": "the configuration has mistakes", "errors":
                    [{"path": "rocd.yaml:3:11", "reason": "unknown key 'nam'"}]})",
                  .content_type = "application/problem+json"}});
  const auto run = rocctl({"reload", "--url", daemon.url()});
  CHECK(run.exit == 1);
  CHECK(run.err ==
        "rocctl: the configuration has mistakes (422)\n  rocd.yaml:3:11: unknown key 'nam'\n");
}

TEST_CASE("the daemon's log, once and going on") {
  const json::value line = {{"number", 7},
                            {"time", "2026-11-20T12:00:00.000Z"},
                            {"level", "warning"},
                            {"logger", "stream"},
                            {"text", "it is\033[2J late"}};
  CHECK(render_log_line(line, {}) ==
        "2026-11-20T12:00:00.000Z warning  stream    it is?[2J late\n");
  CHECK(render_log_line(line, {.colour = true}).find("\033[33mwarning \033[0m") !=
        std::string::npos);
  FakeDaemon daemon;
  daemon.answer("GET /system/log?lines=5&level=warning",
                {json_answer({{"lines", json::array{line}}, {"dropped_bytes", 0}})});
  auto run = rocctl({"log", "-n", "5", "--level", "warning", "--url", daemon.url()});
  CHECK(run.exit == 0);
  CHECK(run.out == render_log_line(line, {}));
  daemon.answer("GET /system/log?lines=100&follow",
                {{.body = "id: 7\nevent: line\ndata: " + json::serialize(line) + "\n\n",
                  .content_type = "text/event-stream"}});
  run = rocctl({"log", "--follow", "-o", "json", "--url", daemon.url()});
  CHECK(json::parse(run.out) == line);
  CHECK(rocctl({"log", "-o", "name", "--url", daemon.url()}).exit == 2);
}

}  // namespace rocctl::test
