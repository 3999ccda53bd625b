// WebSocket and pulled server-sent events over real sockets.
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <list>

#include "api/http_test_client.hpp"

namespace rocd::test {
namespace {

// What the connections pull from. Used in the server's thread only, but for `open`.
class Feed {
 public:
  HttpResponse operator()(const HttpRequest& request) {
    HttpResponse response;
    response.content_type = "text/event-stream";
    response.websocket = request.websocket.has_value();
    response.pull = [this](std::function<void()> wake) {
      return std::make_unique<Source>(*this, std::move(wake));
    };
    return response;
  }

  void say(const std::string& text) {
    said_.push_back(std::make_shared<const std::string>(text));
    for (const auto& wake : wakes_) wake();
  }
  void end() {
    ended_ = true;
    for (const auto& wake : wakes_) wake();
  }

  std::atomic<int> open = 0;

 private:
  class Source final : public ChunkSource {
   public:
    Source(Feed& feed, std::function<void()> wake) : feed_(feed) {
      self_ = feed.wakes_.insert(feed.wakes_.end(), std::move(wake));
      ++feed.open;
    }
    ~Source() override {
      feed_.wakes_.erase(self_);
      --feed_.open;
    }
    std::shared_ptr<const std::string> next() override {
      return position_ < feed_.said_.size() ? feed_.said_[position_++] : nullptr;
    }
    bool ended() const override { return feed_.ended_; }

   private:
    Feed& feed_;
    std::list<std::function<void()>>::iterator self_;
    std::size_t position_ = 0;
  };

  std::vector<std::shared_ptr<const std::string>> said_;
  std::list<std::function<void()>> wakes_;
  bool ended_ = false;
};

// The example of RFC 6455, 1.2.
constexpr std::string_view handshake =
    "GET /events HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, "
    "Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

// A frame as a server sends it: unmasked (RFC 6455, 5.2).
std::string frame(int opcode, const std::string& payload) {
  return std::string(1, static_cast<char>(0x80 | opcode)) +
         std::string(1, static_cast<char>(payload.size())) + payload;
}

// As a client does: masked, here with zeros.
std::string masked(int opcode, const std::string& payload) {
  return std::string(1, static_cast<char>(0x80 | opcode)) +
         std::string(1, static_cast<char>(0x80 | payload.size())) + std::string(4, '\0') + payload;
}

constexpr int text = 1, close_frame = 8, ping = 9, pong = 10;

RawClient open(ServerThread& server) {
  auto client = server.client();
  client.send(handshake);
  REQUIRE(client.read_until("\r\n\r\n"));
  REQUIRE(client.input().starts_with("HTTP/1.1 101 "));
  return client;
}

}  // namespace

TEST_CASE("A WebSocket is opened as the RFC says, and gets each chunk as a text message") {
  Feed feed;
  ServerThread server(std::ref(feed));
  auto client = open(server);
  CHECK(client.input().find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") !=
        std::string::npos);
  server.run([&] { feed.say("one"); });
  CHECK(client.read_until(frame(text, "one")));
  server.run([&] {
    feed.say("two");
    feed.say("three");
  });
  CHECK(client.read_until(frame(text, "two") + frame(text, "three")));

  SECTION("pings are answered") {
    client.send(masked(ping, "hello"));
    CHECK(client.read_until(frame(pong, "hello")));
  }
  SECTION("what the client says is ignored") {
    client.send(masked(text, "what?"));
    server.run([&] { feed.say("four"); });
    CHECK(client.read_until(frame(text, "four")));
  }
  SECTION("the client closes") {
    client.send(masked(close_frame, "\x03\xE8"));
    CHECK(client.read_until(frame(close_frame, "\x03\xE8")));
    CHECK(client.closed_by_peer());
    client.close();
    CHECK(eventually([&] { return feed.open == 0 && server.connections() == 0; }));
  }
  SECTION("the client goes without a word") {
    client.reset();
    CHECK(eventually([&] { return feed.open == 0 && server.connections() == 0; }));
  }
  SECTION("the client sends a frame that is not masked") {
    client.send(frame(text, "bare"));
    CHECK(client.closed_by_peer());
    client.close();
    CHECK(eventually([&] { return feed.open == 0; }));
  }
  SECTION("the client sends more than anybody would") {
    const std::string junk(100, 'j');
    for (int i = 0; i < 100; ++i)
      client.send(std::string(1, i == 0 ? '\x01' : '\0') + masked(0, junk).substr(1));
    CHECK(client.closed_by_peer());
    client.close();
    CHECK(eventually([&] { return feed.open == 0; }));
  }
  SECTION("the source ends") {
    server.run([&] { feed.end(); });
    CHECK(client.read_until("\x88\x02\x03\xE9"));  // going away
  }
  SECTION("the server shuts down") {
    CHECK(server.shutdown() < 1s);
    CHECK(client.read_until("\x88\x02\x03\xE9"));
    CHECK(client.closed_by_peer());
  }
  SECTION("the server goes without shutdown, and lets go of the source") {
    server.destroy();
    CHECK(feed.open == 0);
    CHECK(client.closed_by_peer());
  }
}

TEST_CASE("A WebSocket that was closed, but whose client keeps the connection, ends too") {
  HttpLimits limits;
  limits.heartbeat = 100ms;
  Feed feed;
  ServerThread server(std::ref(feed), limits);
  auto client = open(server);
  client.send(masked(close_frame, "\x03\xE8"));
  CHECK(eventually([&] { return feed.open == 0 && server.connections() == 0; }));
}

TEST_CASE("A WebSocket whose client answers no ping ends") {
  HttpLimits limits;
  limits.heartbeat = 20ms;
  Feed feed;
  ServerThread server(std::ref(feed), limits);
  auto client = open(server);
  CHECK(client.read_until(frame(ping, "")));
  CHECK(client.closed_by_peer());
  CHECK(eventually([&] { return feed.open == 0; }));
}

TEST_CASE("A reader that does not read is dropped in time, and holds nobody up") {
  HttpLimits limits;
  limits.write_timeout = 200ms;
  limits.heartbeat = 100ms;
  Feed feed;
  ServerThread server(std::ref(feed), limits);
  auto stuck_socket = connect_tcp(server.port(), 4096);
  stuck_socket.send(handshake);
  REQUIRE(stuck_socket.read_until("\r\n\r\n"));
  auto stuck_events = connect_tcp(server.port(), 4096);
  stuck_events.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  REQUIRE(stuck_events.read_until("\r\n\r\n"));
  auto quick = server.client();
  quick.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  REQUIRE(eventually([&] { return feed.open == 3; }));
  const std::string block(100'000, 'x');
  server.run([&] {
    for (int i = 0; i < 200; ++i) feed.say(block);
    feed.say("last");
  });
  CHECK(quick.read_until("last", 20s));
  CHECK(eventually([&] { return feed.open == 1; }));
}

TEST_CASE("A pulled response of HTTP/1.0 has no chunks, and ends with its source") {
  Feed feed;
  ServerThread server(std::ref(feed));
  auto client = server.client();
  client.send("GET / HTTP/1.0\r\n\r\n");
  server.run([&] { feed.say("data: a\n\n"); });
  CHECK(client.read_until("\r\n\r\ndata: a\n\n"));
  server.run([&] { feed.end(); });
  CHECK(client.closed_by_peer());
}

}  // namespace rocd::test
