// What is told of what happens, in its order, and what a new reader gets.
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>

#include "api/api_fixture.hpp"

namespace rocd::test {
namespace json = boost::json;
using namespace std::string_literals;
namespace {

// One open GET /events.
class Reader {
 public:
  explicit Reader(ApiFixture& fixture, const std::string& query = {}, Ask what = {}) {
    const auto answer = fixture.ask("GET", "/events" + query, std::move(what));
    REQUIRE(answer.status == 200);
    REQUIRE(answer.content_type == "text/event-stream");
    REQUIRE(answer.pull);
    source_ = answer.pull([this] { ++wakes; });
  }

  // All events that are there now.
  std::vector<json::object> read() {
    std::vector<json::object> events;
    while (const auto frame = source_->next()) {
      REQUIRE(frame->ends_with("\n\n"));
      std::string_view text = *frame;
      if (text.starts_with("id: ")) {
        last_id = text.substr(4, text.find('\n') - 4);
        text.remove_prefix(text.find('\n') + 1);
      }
      REQUIRE(text.starts_with("data: "));
      text.remove_prefix(6);
      REQUIRE(text.find('\n') == text.size() - 2);
      events.push_back(json::parse(text.substr(0, text.size() - 2)).as_object());
    }
    return events;
  }

  // "stream.state starting", …
  std::vector<std::string> story() {
    std::vector<std::string> lines;
    for (const auto& event : read()) {
      auto line = std::string(event.at("type").as_string());
      if (line == "stream.state")
        line += " " + std::string(event.at("post").at("status").at("state").as_string());
      lines.push_back(line);
    }
    return lines;
  }

  int wakes = 0;
  std::string last_id;

 private:
  std::unique_ptr<ChunkSource> source_;
};

std::string type_of(const json::object& event) {
  return std::string(event.at("type").as_string());
}

using Story = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(ApiFixture, "A new reader of events gets all resources as GET shows them") {
  const auto news = Reader(*this).read();
  REQUIRE(news.size() == 6);  // system, peer, two endpoints, one stream, synced
  for (std::size_t i = 0; i + 1 < news.size(); ++i) {
    CHECK(type_of(news[i]) == "sync");
    CHECK(news[i].at("pre").is_null());
    const std::string uri(news[i].at("uri").as_string());
    auto shown = ask("GET", uri).json();
    auto told = news[i].at("post");
    if (uri == "/system") {  // the moment at which it was asked
      for (auto* body : {&shown, &told}) body->as_object().erase("uptime_seconds");
      for (auto* body : {&shown, &told}) body->as_object().erase("started_at");
    }
    CHECK(told == shown);
  }
  CHECK(type_of(news.back()) == "synced");
}

TEST_CASE_METHOD(ApiFixture, "What /system repeats of others is right in each new snapshot") {
  const std::string unknown = "111111-111111-111111";
  store->set_aside(StoredKind::stream, unknown, "/sauce: unknown field");
  Reader(*this, "?uri=/system").read();  // from here on it could be kept
  ask("PATCH", "/peers/self", {.body = R"({"display_name": "Attic"})"});
  auto told = Reader(*this, "?uri=/system").read().at(0).at("post");
  CHECK(told.at("display_name") == "Attic");
  CHECK(told.at("unreadable").as_array().size() == 1);
  CHECK(ask("PUT", "/streams/" + unknown, {.body = sending_body()}).status == 201);
  told = Reader(*this, "?uri=/system").read().at(0).at("post");
  CHECK(told.at("unreadable").as_array().empty());
}

TEST_CASE_METHOD(ApiFixture, "The life of a stream is told in its order") {
  const auto body = sending_body(R"("enabled": false)");
  Reader reader(*this, "?types=stream.created,stream.updated,stream.deleted,stream.state");
  reader.read();
  const auto uid = ask("POST", "/streams", {.body = body}).at("/stream_uid");
  CHECK(reader.story() == Story{"stream.created"});
  ask("PATCH", "/streams/" + uid, {.body = R"({"enabled": true})"});
  CHECK(reader.story() == Story{"stream.updated", "stream.state starting"});
  ask("PATCH", "/streams/" + uid, {.body = R"({"display_name": "Louder"})"});
  CHECK(reader.story().front() == "stream.updated");
  ask("DELETE", "/streams/" + uid);
  CHECK(reader.story() == Story{"stream.deleted"});
  CHECK(reader.wakes > 3);
}

TEST_CASE_METHOD(ApiFixture, "An update tells the whole resource before and after") {
  const auto before = ask("GET", "/streams/" + to_kitchen).json();
  Reader reader(*this, "?types=stream.updated");
  reader.read();
  const auto after =
      ask("PATCH", "/streams/" + to_kitchen, {.body = R"({"enabled": false})"}).json();
  const auto news = reader.read();
  REQUIRE(news.size() == 1);
  CHECK(news[0].at("uri").as_string() == "/streams/" + to_kitchen);
  CHECK(news[0].at("pre").at("enabled") == true);
  CHECK(news[0].at("pre").at("version") == before.at("version"));
  CHECK(news[0].at("post").at("enabled") == false);
  CHECK(news[0].at("post").at("version") == after.at("version"));
}

TEST_CASE_METHOD(ApiFixture, "A request that changes nothing, or fails, tells nothing") {
  Reader reader(*this);
  reader.read();
  CHECK(ask("PATCH", "/streams/" + to_kitchen, {.body = R"({"enabled": true})"}).status == 200);
  CHECK(ask("POST", "/streams", {.body = "{}"}).status == 422);
  CHECK(ask("DELETE", "/streams/" + to_kitchen).status == 409);
  CHECK(reader.read().empty());
}

TEST_CASE_METHOD(ApiFixture,
                 "A state event holds the status before and after, and why a child ended") {
  Reader reader(*this, "?types=stream.state&uri=/streams/" + to_kitchen);
  reader.read();
  REQUIRE(spawner.alive().size() == 1);
  spawner.alive().front()->crash();
  settle();
  const auto news = reader.read();
  REQUIRE(!news.empty());
  CHECK(news[0].at("pre").at("status").at("state") == "starting");
  CHECK(news[0].at("post").at("status").at("state") == "backoff");
  CHECK(news[0].at("post").at("status").at("last_exit").at("signal") == "SIGSEGV");
  CHECK_FALSE(news[0].at("post").at("status").as_object().contains("metrics"));
}

TEST_CASE_METHOD(ApiFixture, "Devices that come, change, are used and go are told") {
  Reader reader(*this, "?types=endpoint.*");
  reader.read();
  const auto uid = make_endpoint("output");
  CHECK(reader.story() == Story{"endpoint.created", "endpoint.state"});
  ask("PATCH", "/peers/self/endpoints/" + uid, {.body = R"({"volume": 0.5})"});
  CHECK(reader.story().front() == "endpoint.updated");
  ask("DELETE", "/peers/self/endpoints/" + uid);
  CHECK(reader.story() == Story{"endpoint.deleted"});

  ask("PATCH", "/streams/" + to_kitchen, {.body = R"({"enabled": false})"});
  CHECK(reader.read().empty());
}

TEST_CASE_METHOD(ApiFixture, "A change of the peer's name, and the loss of PipeWire, are told") {
  Reader reader(*this, "?types=peer.*,daemon.*");
  reader.read();
  ask("PATCH", "/peers/self", {.body = R"({"display_name": "Attic"})"});
  driver.disconnect("gone");
  settle();
  driver.connect();
  settle();
  const auto news = reader.read();
  REQUIRE(news.size() == 3);
  CHECK(news[0].at("pre").at("display_name") == "studio");
  CHECK(news[0].at("post").at("display_name") == "Attic");
  CHECK(type_of(news[1]) == "daemon.pipewire");
  CHECK(news[1].at("uri") == "/system");
  CHECK(news[1].at("post").at("pipewire").at("connected") == false);
  CHECK(news[2].at("post").at("pipewire").at("connected") == true);
}

TEST_CASE_METHOD(ApiFixture, "Who comes back gets what it missed, by header or by query") {
  Reader first(*this);
  first.read();
  ask("PATCH", "/peers/self", {.body = R"({"display_name": "Attic"})"});
  Reader by_header(*this, "", {.last_event_id = first.last_id});
  CHECK(by_header.story() == Story{"peer.updated"});
  Reader by_query(*this, "?last_event_id=" + first.last_id);
  CHECK(by_query.story() == Story{"peer.updated"});
  Reader of_another_run(*this, "", {.last_event_id = "another-1"});
  const auto story = of_another_run.story();
  CHECK(story.front() == "reset");
  CHECK(story.back() == "synced");
}

TEST_CASE_METHOD(ApiFixture, "Wrong choices of events are told with their parameters") {
  const auto answer = ask("GET", "/events?types=stream.stat&uri=streams");
  CHECK(answer.status == 422);
  CHECK(answer.at("/errors/0/path") == "?types");
  CHECK(answer.at("/errors/1/path") == "?uri");
  for (const auto* uri : {"/nope", "/stream", "/streams/a/b", "/peers/self/streams",
                          "/peers/self/endpoints/a/b", "/system/log", "//", "/streams//"}) {
    INFO(uri);
    CHECK(ask("GET", std::string("/events?uri=") + uri).at("/errors/0/path") == "?uri");
  }
  const auto uid = self.str();
  for (const auto& uri : {std::string("/"), "/streams/"s, "/streams/" + to_kitchen, "/system"s,
                          "/peers"s, "/peers/self"s, "/peers/" + uid, "/peers/self/endpoints"s,
                          "/peers/self/endpoints/" + kitchen, ""s}) {
    INFO(uri);
    CHECK(ask("GET", "/events?uri=" + uri + "&types=").status == 200);  // no type: all
  }
  CHECK(ask("GET", "/events?tpyes=*").at("/errors/0/path") == "?tpyes");
  CHECK(ask("POST", "/events").status == 405);
}

TEST_CASE_METHOD(ApiFixture, "A WebSocket of another version, or without a key, is refused") {
  const auto old =
      ask("GET", "/events", {.websocket = HttpRequest::Upgrade{"dGhlIHNhbXBsZSBub25jZQ==", "8"}});
  CHECK(old.status == 426);
  CHECK(old.header("Sec-WebSocket-Version") == "13");
  for (const auto* key : {"", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=A",
                          "dGhlIHNhbXBsZSBub25j!Q==", "dGhlIHNhbXBsZSBub25jZQ==, x"}) {
    CAPTURE(key);
    CHECK(ask("GET", "/events", {.websocket = HttpRequest::Upgrade{key, "13"}}).status == 400);
  }
  const auto good =
      ask("GET", "/events", {.websocket = HttpRequest::Upgrade{"dGhlIHNhbXBsZSBub25jZQ==", "13"}});
  CHECK(good.status == 101);
  CHECK(good.websocket);
  const auto source = good.pull([] {});
  const auto first = source->next();
  REQUIRE(first);
  CHECK(type_of(json::parse(*first).as_object()) == "sync");  // the bare envelope
}

TEST_CASE_METHOD(ApiFixture, "Nobody is told of metrics that nobody listens to") {
  CHECK_FALSE(events.is_heard());
  {
    Reader reader(*this);
    CHECK(events.is_heard());
  }
  CHECK_FALSE(events.is_heard());
}

}  // namespace rocd::test
