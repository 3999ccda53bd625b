// The configuration over REST: what is in force, where it came from, and overrides taken back.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <catch2/catch_test_macros.hpp>

#include "api/api_fixture.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

// The value of this key in the list at `pointer`, as JSON; empty: not there.
boost::json::object find(const Answer& answer, const std::string& pointer, const std::string& key) {
  const auto body = answer.json();
  for (const auto& value : body.at_pointer(pointer).as_array())
    if (value.at("key").as_string() == key) return value.as_object();
  return {};
}

using boost::json::object;

}  // namespace

TEST_CASE("Each value of the configuration is shown with its origin") {
  ApiFixture rocd;
  rocd.config.origins["log.level"] = {ConfigOrigin::Kind::environment, "ROCD_LOG_LEVEL"};
  rocd.config.origins["http.listen"] = {ConfigOrigin::Kind::command_line, "--listen"};
  const auto answer = rocd.ask("GET", "/system/config");
  REQUIRE(answer.status == 200);
  CHECK(answer.at("/file") == "/etc/rocd/rocd.yaml");
  CHECK(find(answer, "/values", "name") == object{{"key", "name"},
                                                  {"value", "studio"},
                                                  {"origin", "file"},
                                                  {"location", "rocd.yaml:1:7"}});
  CHECK(find(answer, "/values", "log.level") == object{{"key", "log.level"},
                                                       {"value", "info"},
                                                       {"origin", "environment"},
                                                       {"variable", "ROCD_LOG_LEVEL"}});
  CHECK(find(answer, "/values", "http.listen") == object{{"key", "http.listen"},
                                                         {"value", "127.0.0.1:4040"},
                                                         {"origin", "command_line"},
                                                         {"option", "--listen"}});
  CHECK(find(answer, "/values", "ports.range") ==
        object{{"key", "ports.range"}, {"value", "10000-10999"}, {"origin", "default"}});

  CHECK(answer.at("/endpoints/0/name") == "kitchen");
  CHECK(answer.at("/endpoints/0/location") == "rocd.yaml:3:5");
  CHECK(answer.at("/endpoints/0/endpoint_uri") ==
        "/peers/" + rocd.self.str() + "/endpoints/" + rocd.kitchen);
  CHECK(find(answer, "/endpoints/0/values", "display_name").at("location") == "rocd.yaml:5:19");
  CHECK(find(answer, "/endpoints/0/values", "volume") ==
        object{{"key", "volume"}, {"value", 1.0}, {"origin", "default"}});
  CHECK(answer.at("/streams/0/stream_uri") == "/streams/" + rocd.to_kitchen);
  CHECK(find(answer, "/streams/0/values", "source").at("value") == "kitchen");

  rocd.config.file.clear();
  CHECK(rocd.ask("GET", "/system/config").at("/file") == "null");
}

TEST_CASE("An override is shown with what it hides, and null takes it back") {
  ApiFixture rocd;
  const auto endpoint = "/peers/self/endpoints/" + rocd.kitchen;
  const auto stream = "/streams/" + rocd.to_kitchen;
  REQUIRE(rocd.ask("PATCH", endpoint, {.body = R"({"volume": 0.25, "is_default": true})"}).status ==
          200);
  REQUIRE(rocd.ask("PATCH", stream, {.body = R"({"enabled": false})"}).status == 200);
  REQUIRE(rocd.ask("PATCH", "/peers/self", {.body = R"({"display_name": "Attic"})"}).status == 200);
  auto config = rocd.ask("GET", "/system/config");
  CHECK(find(config, "/endpoints/0/values", "volume") ==
        object{{"key", "volume"},
               {"value", 0.25},
               {"origin", "override"},
               {"instead_of", object{{"value", 1.0}, {"origin", "default"}}}});
  CHECK(find(config, "/endpoints/0/values", "default").at("origin") == "override");
  CHECK(find(config, "/endpoints/0/values", "muted").at("origin") == "default");
  CHECK(find(config, "/streams/0/values", "enabled").at("value") == false);
  CHECK(find(config, "/streams/0/values", "enabled").at("origin") == "override");
  CHECK(find(config, "/values", "name").at("value") == "Attic");
  CHECK(find(config, "/values", "name").at("instead_of").at("value") == "studio");

  const auto volume = rocd.ask("PATCH", endpoint, {.body = R"({"volume": null})"});
  CHECK(volume.at("/volume") == "1.0");
  CHECK(volume.at("/is_default") == "true");
  CHECK(volume.at("/version") == "3");
  CHECK(rocd.ask("PATCH", stream, {.body = R"({"enabled": null})"}).at("/enabled") == "true");
  const auto peer = rocd.ask("PATCH", "/peers/self", {.body = R"({"display_name": null})"});
  CHECK(peer.at("/display_name") == "studio");
  CHECK(peer.at("/version") == "3");
  CHECK(rocd.store->load(StoredKind::peer).value().at(0).body.empty());
  config = rocd.ask("GET", "/system/config");
  CHECK(find(config, "/endpoints/0/values", "volume").at("origin") == "default");
  CHECK(find(config, "/endpoints/0/values", "default").at("origin") == "override");
  CHECK(find(config, "/streams/0/values", "enabled").at("origin") == "default");
  CHECK(find(config, "/values", "name").at("origin") == "file");
}

TEST_CASE("To replace a configured endpoint or stream without a member restores that one") {
  ApiFixture rocd;
  const auto endpoint = "/peers/self/endpoints/" + rocd.kitchen;
  rocd.ask("PATCH", endpoint, {.body = R"({"volume": 0.25, "muted": true})"});
  auto whole = rocd.ask("GET", endpoint).json().as_object();
  whole.erase("volume");
  const auto put = rocd.ask("PUT", endpoint, {.body = boost::json::serialize(whole)});
  CHECK(put.at("/volume") == "1.0");
  CHECK(put.at("/muted") == "true");
  CHECK(rocd.endpoints->overrides(*Uid::parse(rocd.kitchen)) == EndpointOverrides{{}, true, {}});
}

TEST_CASE("To read the configuration anew tells what it changed") {
  ApiFixture rocd;
  const auto kitchen = *Uid::parse(rocd.kitchen), to_kitchen = *Uid::parse(rocd.to_kitchen);
  rocd.reloaded = ReloadReport{"/etc/rocd/rocd.yaml",
                               {{}, {kitchen}, {}},
                               {{to_kitchen}, {}, {to_kitchen}},
                               {"log.level"},
                               {"http.listen", "state.dir"}};
  const auto answer = rocd.ask("POST", "/system/reload");
  CHECK(answer.status == 200);
  CHECK(rocd.reloads == 1);
  CHECK(answer.at("/file") == "/etc/rocd/rocd.yaml");
  CHECK(answer.at("/endpoints/added") == "[]");
  CHECK(answer.at("/endpoints/changed/0") ==
        "/peers/" + rocd.self.str() + "/endpoints/" + rocd.kitchen);
  CHECK(answer.at("/streams/added/0") == "/streams/" + rocd.to_kitchen);
  CHECK(answer.at("/streams/removed/0") == "/streams/" + rocd.to_kitchen);
  CHECK(answer.at("/values") == R"(["log.level"])");
  CHECK(answer.at("/restart_needed") == R"(["http.listen","state.dir"])");
}

TEST_CASE(
    "A configuration that cannot be taken over is a 422 with every place, and no file a 409") {
  ApiFixture rocd;
  auto error = make_error(ErrorCode::invalid_argument, "nothing was changed");
  error.fields = {{"rocd.yaml:12:5", "unknown key 'nme'"}, {"environment ROCD_NAME", "empty"}};
  rocd.reloaded = error;
  const auto wrong = rocd.ask("POST", "/system/reload");
  CHECK(wrong.status == 422);
  CHECK(wrong.at("/errors/0/path") == "rocd.yaml:12:5");
  CHECK(wrong.at("/errors/1/reason") == "empty");
  rocd.reloaded = make_error(ErrorCode::conflict, "there is no file", "write one");
  const auto none = rocd.ask("POST", "/system/reload");
  CHECK(none.status == 409);
  CHECK(none.at("/hint") == "write one");
  CHECK(rocd.ask("POST", "/system/reload", {.body = R"({"force": true})"}).status == 422);
  CHECK(rocd.ask("GET", "/system/reload").status == 405);
  CHECK(rocd.reloads == 2);
}
