// Streams over REST: what works. What does not is in wrong_request_test.cpp.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>

#include "api/api_fixture.hpp"
#include "model/validate.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

// Collects what a source writes, as a connection would.
class Collector final : public StreamWriter {
 public:
  bool write(std::shared_ptr<const std::string> chunk) override {
    text += *chunk;
    return !closed;
  }
  void close() override { closed = true; }

  std::string text;
  bool closed = false;
};

}  // namespace

TEST_CASE("A stream is created, read, changed, replaced and deleted") {
  ApiFixture rocd;
  const auto body = rocd.sending_body(R"("display_name": "Music", "settings": {"profile": "low"})");
  const auto created = rocd.ask("POST", "/streams", {.body = body});
  REQUIRE(created.status == 201);
  const auto uri = created.at("/stream_uri");
  CHECK(created.header("Location") == uri);
  CHECK(uri == "/streams/" + created.at("/stream_uid"));
  CHECK(created.header("ETag").starts_with("\"1-"));
  CHECK(created.at("/origin") == "api");
  CHECK(created.at("/settings/profile") == "low");
  CHECK(created.at("/settings/target_latency") == "auto");
  CHECK(created.at("/source/endpoint_uri").starts_with("/peers/" + rocd.self.str() + "/"));

  const auto read = rocd.ask("GET", uri);
  CHECK(read.status == 200);
  CHECK(read.at("/display_name") == "Music");
  CHECK(rocd.ask("HEAD", uri).status == 200);

  const auto patched =
      rocd.ask("PATCH", uri,
               {.body = R"({"display_name": "Louder", "settings": {"profile": null}})",
                .content_type = "application/merge-patch+json"});
  CHECK(patched.status == 200);
  CHECK(patched.at("/display_name") == "Louder");
  CHECK(patched.at("/settings/profile") == "balanced");
  CHECK(patched.at("/version") == "2");

  // GET, edit, PUT.
  auto edited = rocd.ask("GET", uri).json().as_object();
  edited["enabled"] = false;
  const auto put = rocd.ask("PUT", uri, {.body = boost::json::serialize(edited)});
  CHECK(put.status == 200);
  CHECK(put.at("/enabled") == "false");
  CHECK(put.at("/display_name") == "Louder");
  CHECK(put.at("/version") == "3");

  CHECK(rocd.ask("GET", "/streams").json().as_array().size() == 2);
  CHECK(rocd.ask("DELETE", uri).status == 204);
  CHECK(rocd.ask("DELETE", uri).status == 404);
  CHECK(rocd.ask("GET", uri).status == 404);
  CHECK(rocd.ask("GET", "/streams").json().as_array().size() == 1);
}

TEST_CASE("PUT with a uid of the client's choice creates, and again is no second stream") {
  ApiFixture rocd;
  const auto body = rocd.sending_body();
  const std::string uri = "/streams/abc123-def456-ghi789";
  const auto created = rocd.ask("PUT", uri, {.body = body, .if_none_match = "*"});
  CHECK(created.status == 201);
  CHECK(created.header("Location") == uri);
  CHECK(created.at("/stream_uid") == "abc123-def456-ghi789");
  const auto again = rocd.ask("PUT", uri, {.body = body});
  CHECK(again.status == 200);
  CHECK(rocd.ask("GET", "/streams").json().as_array().size() == 2);
  CHECK(rocd.ask("PUT", uri, {.body = body, .if_none_match = "*"}).status == 412);
}

TEST_CASE("Two clients that change one stream: the second is told") {
  ApiFixture rocd;
  const auto uri = rocd.ask("POST", "/streams", {.body = rocd.sending_body()}).at("/stream_uri");
  const std::string etag(rocd.ask("GET", uri).header("ETag"));
  CHECK(rocd.ask("PATCH", uri, {.body = R"({"display_name": "one"})", .if_match = etag}).status ==
        200);
  const auto second =
      rocd.ask("PATCH", uri, {.body = R"({"display_name": "two"})", .if_match = etag});
  CHECK(second.status == 412);
  CHECK(second.at("/error_code") == "precondition_failed");
  CHECK(rocd.ask("GET", uri).at("/display_name") == "one");
  CHECK(rocd.ask("DELETE", uri, {.if_match = etag}).status == 412);
  CHECK(rocd.ask("DELETE", uri, {.if_match = "\"2\""}).status == 204);
}

TEST_CASE("A poller gets 304 until the status changes, and a status that changed is no conflict") {
  ApiFixture rocd;
  rocd.engine.refuse("roc-send is not there");
  rocd.settle();
  const auto uri = rocd.ask("POST", "/streams", {.body = rocd.sending_body()}).at("/stream_uri");
  const auto before = rocd.ask("GET", uri);
  const std::string etag(before.header("ETag"));
  CHECK(rocd.ask("GET", uri, {.if_none_match = etag}).status == 304);
  const std::string list(rocd.ask("GET", "/streams").header("ETag"));
  CHECK(rocd.ask("GET", "/streams", {.if_none_match = list}).status == 304);

  rocd.engine.refuse("");
  rocd.settle();
  const auto after = rocd.ask("GET", uri, {.if_none_match = etag});
  CHECK(after.status == 200);
  CHECK(after.at("/status/state") != before.at("/status/state"));
  CHECK(after.at("/version") == before.at("/version"));
  CHECK(rocd.ask("GET", "/streams", {.if_none_match = list}).status == 200);
  CHECK(rocd.ask("PATCH", uri, {.body = R"({"display_name": "x"})", .if_match = etag}).status ==
        200);
}

TEST_CASE("A configured stream can be switched off and on") {
  ApiFixture rocd;
  const auto uri = "/streams/" + rocd.to_kitchen;
  CHECK(rocd.ask("GET", uri).at("/origin") == "config");
  CHECK(rocd.ask("PATCH", uri, {.body = R"({"enabled": false})"}).at("/enabled") == "false");
  CHECK(rocd.ask("PATCH", uri, {.body = R"({"enabled": true})"}).status == 200);
}

TEST_CASE("Restart is accepted and answers with the stream") {
  ApiFixture rocd;
  const auto answer = rocd.ask("POST", "/streams/" + rocd.to_kitchen + "/restart");
  CHECK(answer.status == 202);
  CHECK(answer.at("/stream_uid") == rocd.to_kitchen);
}

TEST_CASE("Restart with If-Match is of that version only") {
  ApiFixture rocd;
  const auto uri = "/streams/" + rocd.to_kitchen;
  const std::string tag(rocd.ask("GET", uri).header("ETag"));
  rocd.ask("PATCH", uri, {.body = R"({"enabled": false})"});
  CHECK(rocd.ask("POST", uri + "/restart", {.if_match = tag}).status == 412);
  const std::string current(rocd.ask("GET", uri).header("ETag"));
  CHECK(rocd.ask("POST", uri + "/restart", {.if_match = current}).status == 202);
}

TEST_CASE("The log of a stream has its last lines") {
  ApiFixture rocd;
  const auto uri = "/streams/" + rocd.to_kitchen + "/log";
  for (const auto* line : {"one", "two", "three \xFF"}) rocd.print(line);
  const auto all = rocd.ask("GET", uri);
  REQUIRE(all.status == 200);
  CHECK(all.at("/stream_uri") == "/streams/" + rocd.to_kitchen);
  CHECK(all.at("/dropped_bytes") == "0");
  CHECK(all.json().at("lines").as_array().size() == 3);
  CHECK(all.at("/lines/0/number") == "1");
  CHECK(all.at("/lines/0/channel") == "stderr");
  CHECK(all.at("/lines/2/text") == "three \uFFFD");
  const auto last = rocd.ask("GET", uri + "?lines=1");
  CHECK(last.json().at("lines").as_array().size() == 1);
  CHECK(last.at("/lines/0/number") == "3");
  CHECK(rocd.ask("GET", uri + "?lines=0").json().at("lines").as_array().empty());
}

TEST_CASE("Following a log gives what there is and then each line, until the stream is deleted") {
  ApiFixture rocd;
  const auto made = rocd.ask("POST", "/streams", {.body = rocd.sending_body()});
  const auto uri = made.at("/stream_uri") + "/log?follow";
  rocd.print("one");
  rocd.print("two");

  const auto collector = std::make_shared<Collector>();
  const auto answer = rocd.ask("GET", uri + "&lines=1");
  REQUIRE(answer.stream);
  CHECK(answer.content_type == "text/event-stream");
  auto source = answer.stream(collector);
  CHECK(collector->text.starts_with("id: 2\nevent: line\ndata: {\"number\":2,"));
  collector->text.clear();
  rocd.print("three");
  CHECK(collector->text.starts_with("id: 3\nevent: line\ndata: {\"number\":3,"));
  CHECK(collector->text.ends_with("\"text\":\"three\"}\n\n"));

  SECTION("who comes back gets what it missed") {
    const auto later = std::make_shared<Collector>();
    const auto resumed = rocd.ask("GET", uri, {.last_event_id = "2"});
    const auto kept = resumed.stream(later);
    CHECK(later->text.starts_with("id: 3\n"));
  }
  SECTION("deleting the stream ends it") {
    CHECK(rocd.ask("DELETE", made.at("/stream_uri")).status == 204);
    CHECK(collector->closed);
  }
  SECTION("who is gone gets nothing more") {
    source.reset();
    collector->text.clear();
    rocd.print("four");
    CHECK(collector->text.empty());
  }
}

TEST_CASE("Beyond the limit a stream is refused, until another one is deleted") {
  ApiFixture rocd;
  // Not all from one device, which would have to tell of each.
  std::string body;
  Answer first;
  std::vector<StreamSpec> specs;
  for (int device = 0; device < 32; ++device) {
    body = rocd.sending_body(R"("enabled": false)");
    first = rocd.ask("POST", "/streams", {.body = body});
    REQUIRE(first.status == 201);
    specs.push_back(rocd.streams->find(*Uid::parse(first.at("/stream_uid")))->spec);
    specs.back().uid = {};
  }
  while (rocd.streams->uids().size() < limits::max_streams)
    REQUIRE(rocd.streams->create(specs[rocd.streams->uids().size() % specs.size()]).has_value());
  const auto refused = rocd.ask("POST", "/streams", {.body = body});
  CHECK(refused.status == 409);
  CHECK(refused.at("/detail").starts_with("there are 1024 streams"));
  CHECK(refused.at("/hint").starts_with("delete streams"));
  CHECK(rocd.streams->uids().size() == limits::max_streams);
  CHECK(rocd.ask("GET", "/constraints").at("/streams/count/max") == "1024.0");
  CHECK(rocd.ask("DELETE", first.at("/stream_uri")).status == 204);
  rocd.settle();
  CHECK(rocd.ask("POST", "/streams", {.body = body}).status == 201);
}
