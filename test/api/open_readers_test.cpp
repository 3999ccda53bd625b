// What becomes of open streams of events and log lines when the rules change under them.
#include "api/open_readers.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "api/api_fixture.hpp"
#include "base/log.hpp"

namespace rocd::test {
namespace {

constexpr auto page = "https://audio.example.org";

std::string token(unsigned char seed) {
  std::array<unsigned char, kTokenBytes> bytes{};
  bytes.fill(seed);
  return token_text(bytes);
}

class Written final : public StreamWriter {
 public:
  bool write(std::shared_ptr<const std::string> chunk) override {
    text += *chunk;
    return !closed;
  }
  void close() override { closed = true; }

  std::string text;
  bool closed = false;
};

// An open response of either kind, as a connection holds it.
class Stream {
 public:
  Stream(ApiFixture& fixture, const std::string& target, Ask what)
      : answer_(fixture.ask("GET", target, std::move(what))) {
    REQUIRE((answer_.status == 200 || answer_.status == 101));
    REQUIRE(answer_.is_open_ended());
  }
  void open() {
    if (answer_.pull) {
      chunks_ = answer_.pull([this] { ++wakes; });
    } else {
      source_ = answer_.stream(written_);
    }
  }
  // Takes what is there; false: the connection would end now.
  bool goes_on() {
    if (!chunks_) return !written_->closed;
    while (chunks_->next()) ++read;
    return !chunks_->ended();
  }
  void close() {
    chunks_.reset();
    source_.reset();
  }

  int wakes = 0;
  int read = 0;

 private:
  Answer answer_;
  std::shared_ptr<Written> written_ = std::make_shared<Written>();
  std::unique_ptr<ChunkSource> chunks_;
  std::shared_ptr<void> source_;
};

// Two admins with tokens of their own.
struct TwoCallers : ApiFixture {
  TwoCallers() {
    config.http.tokens = {{"alice", Role::admin, TokenHash::of(token(1))},
                          {"bob", Role::admin, TokenHash::of(token(2))}};
    config.http.allowed_origins = {page};
    config.http.allowed_hosts = {"rocd.example.org"};
    settle();
  }
  static Ask with(unsigned char seed) {
    return {.body = {}, .authorization = "Bearer " + token(seed)};
  }
};

}  // namespace

TEST_CASE_METHOD(TwoCallers, "A stream ends when its token is revoked, and those of others go on") {
  const std::string target =
      GENERATE(as<std::string>{}, "/events", "/events (WebSocket)", "/system/log?follow", "log");
  const auto how = GENERATE(as<std::string>{}, "removed", "lowered", "replaced");
  CAPTURE(target, how);
  const auto ask_as = [&](unsigned char seed) {
    auto what = with(seed);
    if (target.ends_with("(WebSocket)"))
      what.websocket = {.key = "dGhlIHNhbXBsZSBub25jZQ==", .version = "13"};
    return what;
  };
  const auto path = target == "log" ? "/streams/" + to_kitchen + "/log?follow"
                                    : target.substr(0, target.find(' '));
  Stream alice(*this, path, ask_as(1)), bob(*this, path, ask_as(2));
  alice.open();
  bob.open();
  CHECK(alice.goes_on());
  CHECK(bob.goes_on());
  api->review_readers();
  CHECK(alice.goes_on());
  const int wakes = alice.wakes, read = alice.read;

  auto& tokens = config.http.tokens;
  if (how == "removed") tokens.erase(tokens.begin());
  if (how == "lowered") tokens[0].role = Role::operator_;
  if (how == "replaced") tokens[0].hash = TokenHash::of(token(3));
  events.publish(EventType::daemon_stopping, "/system", nullptr, nullptr, Now::read().wall);
  print("a line");
  log("test").error("a line");
  settle();
  const int woken = alice.wakes;
  api->review_readers();
  CHECK_FALSE(alice.goes_on());
  CHECK(alice.read == read);  // not even what it has not read yet
  if (target != "log") CHECK(alice.wakes > std::max(woken, wakes));
  CHECK(bob.goes_on());
}

TEST_CASE_METHOD(TwoCallers, "A stream that was answered and not yet opened is ended, too") {
  const auto path = GENERATE(as<std::string>{}, "/events", "log");
  Stream alice(*this, path == "log" ? "/streams/" + to_kitchen + "/log?follow" : path, with(1));
  config.http.tokens.erase(config.http.tokens.begin());
  api->review_readers();
  alice.open();
  CHECK_FALSE(alice.goes_on());
  CHECK(alice.read == 0);
}

TEST_CASE_METHOD(TwoCallers, "A stream that has closed is not told of anything") {
  for (const auto& path : {std::string("/events"), "/streams/" + to_kitchen + "/log?follow"}) {
    Stream alice(*this, path, with(1));
    alice.open();
    alice.close();
    config.http.tokens.clear();
    config.http.listen_host = "192.0.2.1";
    api->review_readers();
    CHECK(alice.wakes == 0);
    CHECK(alice.goes_on());
    config.http.listen_host = "127.0.0.1";
    config.http.tokens = {{"alice", Role::admin, TokenHash::of(token(1))}};
  }
}

TEST_CASE_METHOD(TwoCallers,
                 "A larger role, another name and a token of somebody else end nothing") {
  config.http.tokens[0].role = Role::viewer;
  Stream alice(*this, "/events", with(1)), local(*this, "/events", {.local = true});
  alice.open();
  local.open();
  config.http.tokens[0].name = "alice-phone";
  config.http.tokens[0].role = Role::admin;
  config.http.tokens.pop_back();
  api->review_readers();
  CHECK(alice.goes_on());
  config.http.tokens.clear();
  config.http.listen_host = "192.0.2.1";
  api->review_readers();
  CHECK_FALSE(alice.goes_on());
  CHECK(local.goes_on());
}

TEST_CASE_METHOD(TwoCallers,
                 "A page whose origin, or whose host, is no longer allowed gets no more") {
  auto of_page = with(1);
  of_page.origin = page;
  auto of_host = with(1);
  of_host.host = "rocd.example.org";
  Stream by_origin(*this, "/events", of_page), by_host(*this, "/events", of_host),
      other(*this, "/events", with(1));
  for (auto* stream : {&by_origin, &by_host, &other}) stream->open();
  config.http.allowed_origins.clear();
  api->review_readers();
  CHECK_FALSE(by_origin.goes_on());
  CHECK(by_host.goes_on());
  config.http.allowed_hosts.clear();
  api->review_readers();
  CHECK_FALSE(by_host.goes_on());
  CHECK(other.goes_on());
}

TEST_CASE_METHOD(TwoCallers, "When the first token is made, who came without one is ended") {
  const auto tokens = std::exchange(config.http.tokens, {});
  Stream nobody(*this, "/events", {});
  nobody.open();
  CHECK(nobody.goes_on());
  config.http.tokens = tokens;
  api->review_readers();
  CHECK_FALSE(nobody.goes_on());
}

}  // namespace rocd::test
