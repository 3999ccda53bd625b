// Clients that take their time, places and descriptors, or go in the middle: each is ended within
// the limits of docs/security.md, and the others are served. What needs more than half a minute (a
// pause of 120 s between requests) is shown by test/api/http_server_test.cpp with a shorter one.
#include <boost/json/object.hpp>
#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "e2e/besieged.hpp"

using namespace rocd::test;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t connections_per_address = 64, connections = 1280;  // docs/security.md
constexpr Milliseconds request_timeout = 30s;
constexpr auto too_many = "too many connections";

// A client that sends `first` at once and then a byte of `rest` whenever it is asked to.
struct Slow {
  std::string name;
  std::string first, rest;
  int status;  // 0: closed without an answer

  std::optional<RawConnection> connection = {};
  std::size_t sent = 0;
  bool ended = false;
  Milliseconds lived = 0ms;
};

std::vector<RawConnection> connect_many(const Besieged& rocd, std::size_t count,
                                        const std::string& address) {
  std::vector<RawConnection> list;
  for (std::size_t i = 0; i < count; ++i) list.push_back(rocd.connect({.address = address}));
  return list;
}

bool is_served(RawConnection& connection) {
  if (!connection.send(get())) return false;
  const auto answer = connection.answer();
  return answer && answer->status == 200;
}

}  // namespace

TEST_CASE("Hostile: who is slow has half a minute", "[e2e][hostile]") {
  Besieged rocd;
  const std::string post = "POST /streams HTTP/1.1\r\nHost: localhost\r\n";
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  const std::string endless(4000, 'x');
  std::vector<Slow> attackers;
  attackers.push_back({"says nothing", "", "", 0});
  attackers.push_back({"half a line", "GET /hea", "", 408});
  attackers.push_back({"slow line", "GET /", endless, 408});
  attackers.push_back({"slow fields", post + "X-A: b\r\n", endless, 408});
  attackers.push_back({"slow empty lines", "\r\n", std::string(4000, '\n'), 0});
  attackers.push_back({"no end of the head", post, "", 408});
  attackers.push_back({"half a body", post + "Content-Length: 4000\r\n\r\nhalf", "", 408});
  attackers.push_back({"slow body", post + "Content-Length: 4000\r\n\r\n", endless, 408});
  attackers.push_back({"slow chunks", chunked + "fa0\r\n", endless, 408});
  attackers.push_back({"slow size of a chunk", chunked, std::string(4000, '0'), 408});
  attackers.push_back({"slow trailers", chunked + "0\r\nX: ", endless, 408});
  const auto begin = Clock::now();
  const auto passed = [&] {
    return std::chrono::duration_cast<Milliseconds>(Clock::now() - begin);
  };
  for (auto& attacker : attackers) {
    attacker.connection.emplace(rocd.connect({.address = "127.0.0.2"}));
    attacker.connection->send(attacker.first);
  }
  std::size_t open = attackers.size();
  auto slowest = 0ms;
  while (open > 0 && passed() < 2 * request_timeout) {
    for (auto& attacker : attackers) {
      if (attacker.ended) continue;
      if (attacker.sent < attacker.rest.size())
        attacker.connection->send(attacker.rest.substr(attacker.sent++, 1));
      if (!attacker.connection->closes(1ms)) continue;
      attacker.ended = true;
      attacker.lived = passed();
      --open;
    }
    const auto asked = passed();
    REQUIRE(rocd.serves_the_others());
    slowest = std::max(slowest, passed() - asked);
    std::this_thread::sleep_for(100ms);  // the pace of the attack
  }
  CHECK(slowest < 5s);
  for (auto& attacker : attackers) {
    CAPTURE(attacker.name, attacker.lived.count(), attacker.connection->input());
    CHECK(attacker.ended);
    CHECK(attacker.lived >= request_timeout - 1s);
    CHECK(attacker.lived < request_timeout + 10s);
    const auto answer = attacker.connection->answer(0ms);
    CHECK((answer ? answer->status : 0) == attacker.status);
  }
}

TEST_CASE("Hostile: who takes nothing of an answer has half a minute", "[e2e][hostile]") {
  Besieged rocd;
  const auto before = rocd.metric("process_open_fds");
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += get("/openapi.yaml");
  std::vector<RawConnection> open;
  for (int i = 0; i < 8; ++i) {
    open.push_back(rocd.connect({.address = "127.0.0.2", .receive_buffer = 4096}));
    (void)open.back().send_now(requests);
  }
  const auto begin = Clock::now();
  REQUIRE(eventually([&] { return rocd.metric("process_open_fds") >= before + 8; }));
  CHECK(eventually(
      [&] {
        REQUIRE(rocd.serves_the_others());
        return rocd.metric("process_open_fds") <= before;
      },
      3 * request_timeout, 200ms));
  CHECK(Clock::now() - begin < 2 * request_timeout);
}

TEST_CASE("Hostile: half-open connections", "[e2e][hostile]") {
  Besieged rocd;
  SECTION("a request, and no more than that, is answered") {
    auto client = rocd.connect();
    client.send(get());
    client.shut_down_write();
    const auto answer = client.answer();
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(client.closes());
  }
  SECTION("so are ten") {
    auto client = rocd.connect();
    std::string requests;
    for (int i = 0; i < 10; ++i) requests += get("/openapi.yaml");
    client.send(requests);
    client.shut_down_write();
    for (int i = 0; i < 10; ++i) CHECK(client.answer());
    CHECK(client.closes());
  }
  SECTION("half a request is nothing, and does not wait for the other half") {
    for (const std::string half :
         {"", "G", "GET /healthz HTTP/1.1\r\nHost: local", "GET /healthz HTTP/1.1\r\nHost: a\r\n",
          "POST /streams HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{",
          "POST /streams HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
          "chunked\r\n\r\n2\r\n{"}) {
      CAPTURE(half);
      auto client = rocd.connect();
      client.send(half);
      client.shut_down_write();
      CHECK(client.closes(20s));
      CHECK(client.input().empty());
    }
  }
  SECTION("whoever has said all it wants to say is no reader of events") {
    auto client = rocd.connect();
    client.send(get("/events"));
    client.shut_down_write();
    CHECK(client.closes(20s));
  }
  CHECK(rocd.serves_the_others());
}

TEST_CASE("Hostile: clients that go in the middle", "[e2e][hostile]") {
  Besieged rocd;
  const auto before = rocd.metric("process_open_fds");
  const std::string post = "POST /streams HTTP/1.1\r\nHost: localhost\r\n";
  const std::string websocket =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  for (int round = 0; round < 50; ++round) {
    for (const auto& bytes :
         {std::string(), std::string("GET /hea"), get(), get("/openapi.yaml"), get("/events"),
          get("/events", websocket), get("/%ff"), post + "Content-Length: 10\r\n\r\nabc",
          post + "Expect: 100-continue\r\nContent-Length: 10\r\n\r\n"}) {
      auto client = rocd.connect({.address = "127.0.0.2"});
      client.send(bytes);
      if (round % 2 == 0) (void)client.read_bytes(1, bytes.ends_with("\r\n\r\n") ? 1s : 0ms);
      client.reset();
    }
    REQUIRE(rocd.serves_the_others());
  }
  CHECK(eventually([&] { return rocd.metric("process_open_fds") <= before; }));
}

TEST_CASE("Hostile: all connections of an address", "[e2e][hostile]") {
  Besieged rocd;
  constexpr std::size_t extra = 500;
  auto held = connect_many(rocd, connections_per_address, "127.0.0.2");
  for (auto& connection : held) REQUIRE(is_served(connection));
  std::size_t told = 0, closed = 0;
  for (std::size_t i = 0; i < extra; ++i) {
    auto connection = rocd.connect({.address = "127.0.0.2"});
    const auto answer = connection.answer();
    told += answer && answer->status == 429 ? 1 : 0;
    closed += connection.closes() ? 1 : 0;
  }
  CHECK(told > 0);
  CHECK(closed == extra);
  CHECK(rocd.serves_the_others());
  auto local = RawConnection::unix_socket(rocd.unix_socket());
  CHECK(is_served(local));
  auto neighbour = rocd.connect({.address = "127.0.0.3"});
  CHECK(is_served(neighbour));
  CHECK(rocd.metric("rocd_http_requests_total{method=\"other\",route=\"none\",code=\"429\"}") ==
        extra);
  CHECK(rocd.log_lines(too_many) >= 1);
  CHECK(rocd.log_lines(too_many) <= 10);  // one in ten seconds
  for (auto& connection : held) REQUIRE(is_served(connection));
  held.clear();
  CHECK(eventually([&] {
    auto next = rocd.connect({.address = "127.0.0.2"});
    return is_served(next);
  }));
}

TEST_CASE("Hostile: all connections that there are", "[e2e][hostile]") {
  allow_descriptors(2 * connections);
  Besieged rocd;
  std::vector<std::vector<RawConnection>> held;
  for (std::size_t i = 0; i < connections / connections_per_address; ++i)
    held.push_back(connect_many(rocd, connections_per_address - (i == 0 ? 1 : 0),
                                "127.0.1." + std::to_string(1 + i)));
  CHECK(eventually([&] { return rocd.metric("process_open_fds") > connections; }));
  auto late = rocd.connect({.address = "127.0.0.3"});
  const auto answer = late.answer();
  REQUIRE(answer);
  CHECK(answer->status == 503);
  CHECK(answer->head.find("Retry-After: ") != std::string::npos);
  CHECK(rocd.serves_the_others());
  auto local = RawConnection::unix_socket(rocd.unix_socket());
  CHECK(is_served(local));
  held.pop_back();
  CHECK(eventually([&] {
    auto next = rocd.connect({.address = "127.0.0.3"});
    return is_served(next);
  }));
}

TEST_CASE("Hostile: descriptors that are scarce are left for rocd's own needs", "[e2e][hostile]") {
  constexpr std::size_t descriptors = 256;
  const auto limit = "--nofile=" + std::to_string(descriptors);
  Besieged rocd({}, {"prlimit", limit});
  std::vector<std::vector<RawConnection>> held;
  for (int i = 0; i < 6; ++i)
    held.push_back(connect_many(rocd, connections_per_address, "127.0.1." + std::to_string(1 + i)));
  // Not all are told why at once.
  CHECK(eventually([&] {
    auto late = rocd.connect({.address = "127.0.0.3"});
    const auto answer = late.answer();
    return answer && answer->status == 503;
  }));
  CHECK(rocd.serves_the_others());
  auto local = RawConnection::unix_socket(rocd.unix_socket());
  CHECK(is_served(local));
  CHECK(rocd.metric("process_open_fds") < descriptors * 3 / 4);
  CHECK(rocd.log_lines("cannot accept") == 0);
}
