// Peers and endpoints over REST: what works. What does not is in wrong_request_test.cpp.
#include <sqlite3.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>

#include "api/api_fixture.hpp"

using namespace rocd;
using namespace rocd::test;

TEST_CASE("self is an alias of the local uid in every path") {
  ApiFixture rocd;
  for (const std::string rest : {"", "/endpoints"}) {
    CHECK(rocd.ask("GET", "/peers/self" + rest).json() ==
          rocd.ask("GET", "/peers/" + rocd.self.str() + rest).json());
  }
  CHECK(rocd.ask("GET", "/peers/self/endpoints/" + rocd.kitchen).at("/endpoint_uri") ==
        "/peers/" + rocd.self.str() + "/endpoints/" + rocd.kitchen);
}

TEST_CASE("The local peer is listed and can be renamed, durably") {
  ApiFixture rocd;
  const auto list = rocd.ask("GET", "/peers").json().as_array();
  REQUIRE(list.size() == 1);
  CHECK(list.at(0).at("peer_uid").as_string() == rocd.self.str());

  const auto patched = rocd.ask("PATCH", "/peers/self", {.body = R"({"display_name": "Attic"})"});
  CHECK(patched.status == 200);
  CHECK(patched.at("/display_name") == "Attic");
  CHECK(patched.at("/version") == "2");
  auto whole = rocd.ask("GET", "/peers/self").json().as_object();
  whole["display_name"] = "Cellar";
  const auto put =
      rocd.ask("PUT", "/peers/self", {.body = boost::json::serialize(whole), .if_match = "\"2\""});
  CHECK(put.status == 200);
  CHECK(rocd.peer.display_name == "Cellar");
  const auto stored = rocd.store->load(StoredKind::peer).value();
  REQUIRE(stored.size() == 1);
  CHECK(stored.front().version == 3);
  CHECK(stored.front().body.at("display_name").as_string() == "Cellar");
}

TEST_CASE("A virtual device is created, read, changed, replaced and deleted") {
  ApiFixture rocd;
  const auto created = rocd.ask(
      "POST", "/peers/self/endpoints",
      {.body = R"({"stream_direction": "output", "display_name": "Attic", "channels": 1})"});
  REQUIRE(created.status == 201);
  const auto uri = created.at("/endpoint_uri");
  CHECK(created.header("Location") == uri);
  CHECK(created.header("ETag").starts_with("\"1-"));
  CHECK(created.at("/endpoint_type") == "streaming_device");
  CHECK(created.at("/driver") == "pipewire");
  CHECK(created.at("/origin") == "api");
  CHECK(created.at("/channels") == "1");

  const auto read = rocd.ask("GET", uri);
  CHECK(read.at("/status/state") == "present");
  CHECK(read.at("/system_name").starts_with("rocd."));

  const auto patched = rocd.ask("PATCH", uri, {.body = R"({"volume": 0.5, "muted": true})"});
  CHECK(patched.status == 200);
  CHECK(patched.at("/volume") == "0.5");
  CHECK(patched.at("/muted") == "true");
  CHECK(patched.at("/display_name") == "Attic");

  auto edited = rocd.ask("GET", uri).json().as_object();
  edited["display_name"] = "Roof";
  const auto put = rocd.ask("PUT", uri, {.body = boost::json::serialize(edited)});
  CHECK(put.status == 200);
  CHECK(put.at("/display_name") == "Roof");
  CHECK(put.at("/muted") == "true");

  CHECK(rocd.ask("DELETE", uri, {.if_match = "\"1\""}).status == 412);
  CHECK(rocd.ask("DELETE", uri).status == 204);
  CHECK(rocd.ask("DELETE", uri).status == 404);
}

TEST_CASE("Volume and mute of configured and of system devices may change") {
  ApiFixture rocd;
  for (const auto& uid : {rocd.kitchen, rocd.speakers}) {
    const auto uri = "/peers/self/endpoints/" + uid;
    CHECK(rocd.ask("PATCH", uri, {.body = R"({"volume": 0.25})"}).status == 200);
    CHECK(rocd.ask("GET", uri).at("/volume") == "0.25");
  }
}

TEST_CASE("A system device that is away cannot be changed now, but later") {
  ApiFixture rocd;
  const auto uri = "/peers/self/endpoints/" + rocd.speakers;
  // It is remembered as long as a stream wants it.
  const auto body_of_stream =
      R"({"source": {"connection_type": "external"}, "destination": {"connection_type": "endpoint",
          "endpoint_uri": ")" +
      uri + "\"}}";
  REQUIRE(rocd.ask("POST", "/streams", {.body = body_of_stream}).status == 201);
  rocd.driver.disconnect();
  rocd.settle();
  const auto patched = rocd.ask("PATCH", uri, {.body = R"({"volume": 0.25})"});
  CHECK(patched.status == 503);
  CHECK(patched.header("Retry-After") == "1");
  CHECK(patched.at("/detail") == "'Speakers' is absent: PipeWire is away: the test took it away");
  auto body = rocd.ask("GET", uri).json().as_object();
  body["muted"] = true;
  CHECK(rocd.ask("PUT", uri, {.body = boost::json::serialize(body)}).status == 503);
}

TEST_CASE("What cannot be stored is not done, and an error of the system") {
  ApiFixture rocd;
  const auto uri = "/peers/self/endpoints/" + rocd.make_endpoint("output");
  const auto before = rocd.ask("GET", "/peers/self/endpoints").json();
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open((rocd.dir.path() / "state.db").c_str(), &database) == SQLITE_OK);
  REQUIRE(sqlite3_exec(database, "DROP TABLE item", nullptr, nullptr, nullptr) == SQLITE_OK);
  REQUIRE(sqlite3_close(database) == SQLITE_OK);
  const auto refused = rocd.ask("PATCH", uri, {.body = R"({"display_name": "Attic"})"});
  CHECK(refused.status == 500);
  CHECK(refused.at("/error_code") == "io_error");
  CHECK(rocd.ask("GET", "/peers/self/endpoints").json() == before);
}

TEST_CASE("Endpoints are listed in the order of their uids, with who uses them") {
  ApiFixture rocd;
  rocd.make_endpoint("output");
  rocd.make_endpoint("input");
  std::string last;
  const auto list = rocd.ask("GET", "/peers/self/endpoints").json().as_array();
  CHECK(list.size() == 4);
  for (const auto& each : list) {
    const std::string uid(each.at("endpoint_uid").as_string());
    CHECK(last < uid);
    last = uid;
  }
  CHECK(rocd.ask("GET", "/peers/self/endpoints/" + rocd.kitchen).at("/status/in_use_by/0") ==
        "/streams/" + rocd.to_kitchen);
}
