// The daemon itself over REST, and the contract that it serves.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "api/api_fixture.hpp"
#include "api/document.hpp"
#include "base/version.hpp"

using namespace rocd;
using namespace rocd::test;

TEST_CASE("The system says what it is and what it found") {
  ApiFixture rocd;
  const auto answer = rocd.ask("GET", "/system");
  CHECK(answer.status == 200);
  CHECK(answer.header("Cache-Control") == "no-store");
  CHECK(answer.at("/version") == version());
  CHECK(answer.at("/peer_uid") == rocd.self.str());
  CHECK(answer.at("/pipewire/connected") == "true");
  CHECK(answer.at("/pipewire/version") == "fake-1.0");
  CHECK(answer.at("/engine/id") == "fake/1");
  CHECK(answer.at("/tools/0/name") == "roc-send");
  CHECK(answer.at("/tools/0/fec/0") == "rs8m");
  CHECK(answer.at("/config_file") == "/etc/rocd/rocd.yaml");
  rocd.driver.disconnect();
  CHECK(rocd.ask("GET", "/system").at("/pipewire/version") == "null");
  rocd.driver.connect();
  rocd.driver.fall_silent();
  rocd.settle();
  CHECK(rocd.ask("GET", "/system").at("/pipewire/connected") == "true");
  CHECK(rocd.ask("GET", "/system").at("/pipewire/message") == "the sound system does not answer");
  CHECK(rocd.ask("GET", "/readyz").at("/checks/1/message") == "PipeWire does not answer");
  CHECK(rocd.ask("GET", "/metrics").body.find("rocd_pipewire_connected 0") != std::string::npos);
  rocd.driver.answer_again();
  rocd.driver.set_session_manager(false);
  rocd.settle();
  const auto told = rocd.ask("GET", "/system");
  CHECK(told.at("/pipewire/message") == no_session_manager);
  CHECK(told.at("/pipewire/hint").find("start wireplumber") != std::string::npos);
  const auto unmanaged = rocd.ask("GET", "/readyz");
  CHECK(unmanaged.status == 503);
  CHECK(unmanaged.at("/checks/1/message") == no_session_manager);
  rocd.driver.set_session_manager(true);
  rocd.settle();
  CHECK(rocd.ask("GET", "/readyz").status == 200);
}

TEST_CASE("The system names what is stored and cannot be read, until it is replaced") {
  ApiFixture rocd;
  CHECK(rocd.ask("GET", "/system").at("/unreadable") == "[]");
  rocd.store->set_aside(StoredKind::stream, "111111-111111-111111", "/sauce: unknown field");
  const auto told = rocd.ask("GET", "/system").at("/unreadable");
  CHECK(told ==
        R"([{"kind":"stream","uid":"111111-111111-111111","reason":"/sauce: unknown field"}])");
  CHECK(rocd.ask("GET", "/streams/111111-111111-111111").status == 404);
  const auto put = rocd.ask("PUT", "/streams/111111-111111-111111", {.body = rocd.sending_body()});
  CHECK(put.status == 201);
  CHECK(rocd.ask("GET", "/system").at("/unreadable") == "[]");
}

TEST_CASE("Alive is always, ready is with state, PipeWire and tools") {
  ApiFixture rocd;
  CHECK(rocd.ask("GET", "/healthz").at("/alive") == "true");
  const auto ready = rocd.ask("GET", "/readyz");
  CHECK(ready.status == 200);
  CHECK(ready.json().at("checks").as_array().size() == 3);

  rocd.driver.disconnect();
  auto info = rocd.engine.info();
  info.tools.at(0).usable = false;  // one of two is enough
  info.tools.at(0).problem = "'/opt/secret/roc-send' was not found";
  rocd.engine.set_info(info);
  const auto not_ready = rocd.ask("GET", "/readyz");
  CHECK(not_ready.status == 503);
  CHECK(not_ready.header("Retry-After") == "1");
  CHECK(not_ready.at("/checks/0/ok") == "true");
  CHECK(not_ready.at("/checks/1/message") == "PipeWire is not connected");
  // Strangers read it, too: no paths of the configuration.
  CHECK(not_ready.at("/checks/2/message") == "roc-send cannot be used; GET /system says why");
  CHECK(not_ready.at("/detail") ==
        "not ready; PipeWire is not connected; roc-send cannot be used; GET /system says why");
  CHECK(not_ready.body.find("secret") == std::string::npos);
  CHECK(rocd.ask("GET", "/healthz").status == 200);
}

TEST_CASE("A missing tool, or tools that are still looked at, are not ready") {
  ApiFixture rocd;
  auto info = rocd.engine.info();
  info.tools.at(1).usable = false;
  info.tools.at(1).problem = "not found";
  rocd.engine.set_info(info);
  auto answer = rocd.ask("GET", "/readyz");
  CHECK(answer.status == 503);
  CHECK(answer.at("/detail") == "not ready; roc-recv cannot be used; GET /system says why");
  info.probed = false;
  rocd.engine.set_info(info);
  answer = rocd.ask("GET", "/readyz");
  CHECK(answer.status == 503);
  CHECK(answer.at("/detail") == "not ready; the tools are still being looked at");
}

TEST_CASE("The contract is served as YAML and as JSON") {
  ApiFixture rocd;
  const auto yaml = rocd.ask("GET", "/openapi.yaml");
  CHECK(yaml.content_type == "application/yaml");
  CHECK(yaml.body == openapi_yaml());
  const auto json = rocd.ask("GET", "/openapi.json");
  CHECK(json.json() == openapi_json());
  CHECK(rocd.ask("GET", "/openapi.json", {.if_none_match = std::string(json.header("ETag"))})
            .status == 304);
}

TEST_CASE("Every route is in the contract, with its query, and the contract has no other") {
  ApiFixture rocd;
  std::set<std::string> made, written;
  for (const auto& route : rocd.api->router().routes()) {
    std::string name(to_string(route.method));
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    made.insert(name + " " + route.pattern);
    for (const auto& query : route.query) made.insert(name + " " + route.pattern + "?" + query);
    if (route.body != BodyKind::none) made.insert(name + " " + route.pattern + " body");
  }
  for (const auto& path : openapi_json().at("paths").as_object()) {
    for (const auto& method : path.value().as_object()) {
      if (method.key() == "parameters") continue;
      const auto name = std::string(method.key()) + " " + std::string(path.key());
      written.insert(name);
      const auto& operation = method.value().as_object();
      if (operation.contains("requestBody")) written.insert(name + " body");
      if (!operation.contains("parameters")) continue;
      for (const auto& parameter : operation.at("parameters").as_array()) {
        const auto& object = parameter.as_object();
        if (!object.contains("in") || object.at("in").as_string() != "query") continue;
        written.insert(name + "?" + std::string(object.at("name").as_string()));
      }
    }
  }
  CHECK(made == written);
}

TEST_CASE("A request for another host or from another site is refused everywhere") {
  ApiFixture rocd;
  for (const auto* path : {"/streams", "/healthz", "/docs", "/nothing"}) {
    CHECK(rocd.ask("GET", path, {.host = "evil.example:4040"}).status == 403);
    CHECK(rocd.ask("GET", path, {.origin = "https://evil.example"}).status == 403);
  }
  CHECK(rocd.ask("GET", "/streams", {.origin = "http://localhost:4040"}).status == 200);
}
