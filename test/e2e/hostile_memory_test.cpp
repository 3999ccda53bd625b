// How much memory a hostile client can make rocd use: what docs/security.md allows a connection,
// and as many connections as there may be.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "e2e/besieged.hpp"

using namespace rocd::test;

namespace {

constexpr std::size_t kib = 1024;
// docs/security.md
constexpr std::size_t head_bytes = 16 * kib, body_bytes = 256 * kib, small_body_bytes = 16 * kib,
                      large_bodies_bytes = 32 * kib * kib;
constexpr std::size_t connections_per_address = 64, connections = 1280;

// A head as it is read, with room to read more at once, and as it is understood. The allocator's
// own is in it; what the kernel keeps in sockets is not rocd's.
constexpr std::size_t connection_bytes = 4 * head_bytes;

// A shadow of all memory, and freed memory that is kept back, say nothing about rocd.
bool memory_means_something() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;
#else
  return true;
#endif
}

std::string post(const std::string& more, const std::string& body) {
  return "POST /streams HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + more +
         "\r\n" + body;
}

std::string sized(const std::string& body) {
  return post("Content-Length: " + std::to_string(body.size()) + "\r\n", body);
}

// 127.0.0.2 and on: the well-behaved client has 127.0.0.1.
std::string address(std::size_t number) {
  return "127.0.0." + std::to_string(2 + number);
}

}  // namespace

TEST_CASE("Hostile: 20,000 requests leave nothing behind", "[e2e][hostile]") {
  const std::vector<std::string> requests{
      sized(std::string(30'000, '[')),
      sized("{\"display_name\": \"" + std::string(30'000, 'x') + "\"}"),
      sized("[" + std::string(5000, ' ') + "1e99999]"),
      post("Content-Length: 1\r\nContent-Length: 2\r\n", ""),
      post("Transfer-Encoding: chunked\r\n", "1;" + std::string(40'000, 'x')),
      post("Content-Length: 99999999\r\n", ""),
      get("/" + std::string(8000, 'a')),
      get("/%ff"),
      get("/x", "X: " + std::string(20'000, 'x') + "\r\n"),
      get("/streams", "Origin: http://" + std::string(5000, 'e') + ".example\r\n"),
      get("/streams", "Authorization: Bearer " + std::string(10'000, 'e') + "\r\n"),
      "GET /healthz HTTP/1.1\r\nHost: " + std::string(10'000, 'e') + ".example\r\n\r\n",
      std::string(3000, '\x80') + "\r\n\r\n",
      "BREW /pot HTTP/1.1\r\nHost: localhost\r\n\r\n",
      get("/openapi.json"),
      get("/events", "Upgrade: websocket\r\nConnection: upgrade\r\n"),
  };
  Besieged rocd;
  constexpr std::size_t at_once = 8;
  const auto attack = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; i += at_once) {
      std::vector<RawConnection> open;
      for (std::size_t k = 0; k < at_once; ++k) {
        open.push_back(rocd.connect({.address = "127.0.0.2"}));
        open.back().send(requests[(i + k) % requests.size()]);
      }
      for (auto& connection : open) REQUIRE(connection.answer());
    }
  };
  attack(2000);
  const auto before = rocd.memory_bytes();
  attack(20'000);
  const auto after = rocd.memory_bytes();
  CAPTURE(before, after, rocd.memory_bytes("VmHWM"));
  CHECK(rocd.serves_the_others());
  if (memory_means_something()) CHECK(after < before + at_once * (connection_bytes + body_bytes));
  CHECK(rocd.log_lines("") < 100);
}

TEST_CASE("Hostile: half requests of full size in all connections", "[e2e][hostile]") {
  allow_descriptors(2 * connections);
  Besieged rocd;
  const auto before = rocd.memory_bytes();
  const auto half = [](std::size_t bytes) {
    return post("X: " + std::string(head_bytes - 300, 'x') +
                    "\r\nContent-Length: " + std::to_string(bytes) + "\r\n",
                std::string(bytes - 1, ' '));
  };
  // As many large ones as may be, and small ones in all other connections.
  const auto large = half(body_bytes), small = half(small_body_bytes);
  constexpr std::size_t large_count = large_bodies_bytes / body_bytes;
  std::vector<RawConnection> open;
  while (open.size() < connections - 1) {  // the well-behaved client has one
    open.push_back(rocd.connect({.address = address(open.size() / connections_per_address)}));
    REQUIRE(open.back().send(open.size() <= large_count ? large : small));
    if (open.size() % 64 == 0) REQUIRE(rocd.serves_the_others());
  }
  // All of it has arrived: the bound is not met by being quick.
  CHECK(eventually([&] { return rocd.metric("process_open_fds") > connections; }));
  const auto bodies = large_bodies_bytes + (connections - large_count) * small_body_bytes;
  CHECK(eventually([&] { return rocd.memory_bytes() > before + bodies; }));
  const auto most = rocd.memory_bytes("VmHWM");
  CAPTURE(before, most, bodies, connections * connection_bytes);
  if (memory_means_something()) CHECK(most < before + bodies + connections * connection_bytes);

  open.pop_back();
  auto refused = rocd.connect({.address = "127.0.0.100"});
  refused.send(large);
  const auto answer = refused.answer();
  REQUIRE(answer);
  CHECK(answer->status == 503);
  open.clear();
  CHECK(eventually([&] { return rocd.metric("process_open_fds") < 100; }));
  CHECK(rocd.serves_the_others());
}

TEST_CASE("Hostile: readers of large answers that read nothing", "[e2e][hostile]") {
  Besieged rocd;
  auto first = rocd.connect();
  first.send(get("/openapi.yaml"));
  const auto answer = first.answer();
  REQUIRE(answer);
  const auto before = rocd.memory_bytes();
  std::string requests;
  while (requests.size() < 8000) requests += get("/openapi.yaml");
  std::vector<RawConnection> open;
  for (std::size_t i = 0; i < connections_per_address * 4; ++i) {
    open.push_back(
        rocd.connect({.address = address(i / connections_per_address), .receive_buffer = 4096}));
    REQUIRE(open.back().send(requests));
  }
  CHECK(eventually([&] { return rocd.metric("process_open_fds") > open.size(); }));
  for (int i = 0; i < 100; ++i) REQUIRE(rocd.serves_the_others());
  const auto most = rocd.memory_bytes("VmHWM");
  CAPTURE(before, most, answer->body.size());
  if (memory_means_something()) CHECK(most < before + open.size() * connection_bytes);
}

TEST_CASE("Hostile: readers of events that read nothing, while one reads", "[e2e][hostile]") {
  Besieged rocd;
  const auto before = rocd.memory_bytes();
  std::vector<RawConnection> open;
  for (std::size_t i = 0; i < connections_per_address; ++i) {
    open.push_back(rocd.connect({.address = "127.0.0.2", .receive_buffer = 4096}));
    open.back().send(get("/events"));
  }
  auto good = rocd.connect();
  good.send(get("/events?types=peer.*"));
  REQUIRE(good.read_bytes(1));
  constexpr std::size_t changes = 1500;
  std::string last;
  for (std::size_t i = 0; i < changes; ++i) {
    last = std::to_string(i) + std::string(50, 'n');
    REQUIRE(rocd.rocd()
                .http()
                .request("PATCH", "/peers/self", boost::json::object{{"display_name", last}})
                .status == 200);
  }
  CHECK(eventually([&] {
    good.read_bytes(good.input().size() + 1, 20ms);
    return good.input().find(last) != std::string::npos;
  }));
  std::size_t heard = 0;
  for (auto at = good.input().find("\"peer.updated\""); at != std::string::npos;
       at = good.input().find("\"peer.updated\"", at + 1))
    ++heard;
  CHECK(heard >= changes);
  const auto most = rocd.memory_bytes("VmHWM");
  const auto event_bytes = good.input().size() / heard;
  CAPTURE(before, most, event_bytes);
  // 4,096 events are kept for all, and nothing for each.
  if (memory_means_something())
    CHECK(most < before + 4096 * 2 * event_bytes + open.size() * connection_bytes);
}
