// WebSocket on /events: handshakes that are none, and frames that no client may send (RFC 6455, 5).
#include <catch2/catch_test_macros.hpp>

#include "e2e/besieged.hpp"

using namespace rocd::test;
using namespace std::string_literals;

namespace {

constexpr int continuation = 0, text = 1, binary = 2, close_frame = 8, ping = 9, pong = 10;

struct Frame {
  int opcode = text;
  std::string payload = {};
  bool masked = true;
  bool final = true;
  int reserved = 0;  // the three bits
  std::optional<std::uint64_t> claimed_length = {};
  bool long_length = false;  // eight bytes, whatever the length

  [[nodiscard]] std::string bytes() const {
    const auto length = claimed_length.value_or(payload.size());
    const bool eight = long_length || length > 65'535;
    const std::uint64_t code = eight ? 127 : length > 125 ? 126 : length;
    std::string result;
    result += static_cast<char>((final ? 0x80 : 0) | reserved << 4 | opcode);
    result += static_cast<char>((masked ? 0x80U : 0U) | code);
    const int length_bytes = code == 127 ? 8 : code == 126 ? 2 : 0;
    for (int i = length_bytes - 1; i >= 0; --i) result += static_cast<char>(length >> (8 * i));
    const std::string mask = "\x11\x22\x33\x44";
    if (masked) result += mask;
    for (std::size_t i = 0; i < payload.size(); ++i)
      result += static_cast<char>(payload[i] ^ (masked ? mask[i % 4] : 0));
    return result;
  }
};

std::string handshake(const std::string& key = "dGhlIHNhbXBsZSBub25jZQ==",
                      const std::string& version = "13") {
  return get("/events", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: " +
                            version + "\r\nSec-WebSocket-Key: " + key + "\r\n");
}

// Reads the frames of the server up to the one that closes, and gives its code (RFC 6455, 7.4.1);
// 0: it closes without one.
int close_code(RawConnection& connection) {
  auto& input = connection.input();
  for (;;) {
    if (!connection.read_bytes(2)) return 0;
    const auto opcode = static_cast<unsigned char>(input[0]) & 0x0fU;
    const auto code = static_cast<unsigned char>(input[1]) & 0x7fU;
    const std::size_t head = code == 127 ? 10 : code == 126 ? 4 : 2;
    if (!connection.read_bytes(head)) return 0;
    std::size_t length = head == 2 ? code : 0;
    for (std::size_t i = 2; i < head; ++i)
      length = length << 8U | static_cast<unsigned char>(input[i]);
    if (!connection.read_bytes(head + length)) return 0;
    const auto payload = input.substr(head, length);
    input.erase(0, head + length);
    if (opcode != close_frame) continue;
    if (payload.size() < 2) return 1005;
    return static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
  }
}

struct HostileFrames {
  std::string name;
  std::string bytes;
  int code;
};

}  // namespace

TEST_CASE("Hostile: handshakes of WebSocket that are none", "[e2e][hostile]") {
  Besieged rocd;
  const std::string upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  const std::string version = "Sec-WebSocket-Version: 13\r\n";
  const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  rocd.suffer({
      stays("no key", get("/events", upgrade + version), 400),
      stays("empty key", handshake(""), 400),
      stays("short key", handshake("dGhlIHNhbXBsZQ=="), 400),
      stays("long key", handshake(std::string(8192, 'A')), 400),
      stays("two keys", get("/events", upgrade + version + key + key), 400),
      stays("key that is not base64", handshake("!!!!!!!!!!!!!!!!!!!!!!!!"), 400),
      stays("no version", get("/events", upgrade + key), 426),
      stays("old version", handshake("dGhlIHNhbXBsZSBub25jZQ==", "8"), 426),
      stays("version that is none", handshake("dGhlIHNhbXBsZSBub25jZQ==", "13, 8"), 426),
      stays("not GET",
            "POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n" + upgrade +
                version + key + "\r\n",
            405),
      stays("where there is none", get("/streams", upgrade + version + key), 200),
      stays("nowhere", get("/nothing", upgrade + version + key), 404),
  });
  auto old = rocd.connect();  // HTTP/1.0 cannot upgrade (RFC 9110, 7.8): it gets events
  old.send("GET /events HTTP/1.0\r\nHost: localhost\r\n" + upgrade + version + key + "\r\n");
  const auto answer = old.answer();
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->head.find("Content-Type: text/event-stream") != std::string::npos);
}

TEST_CASE("Hostile: frames of WebSocket", "[e2e][hostile]") {
  Besieged rocd;
  const std::string nothing;
  const std::vector<HostileFrames> table{
      {"not masked", Frame{.payload = "bare", .masked = false}.bytes(), 1002},
      {"reserved bit", Frame{.payload = "a", .reserved = 4}.bytes(), 1002},
      {"all reserved bits", Frame{.payload = "a", .reserved = 7}.bytes(), 1002},
      {"reserved opcode", Frame{.opcode = 3, .payload = "a"}.bytes(), 1002},
      {"reserved opcode of control", Frame{.opcode = 15}.bytes(), 1002},
      {"continuation of nothing", Frame{.opcode = continuation, .payload = "a"}.bytes(), 1002},
      {"message in a message",
       Frame{.payload = "a", .final = false}.bytes() + Frame{.payload = "b"}.bytes(), 1002},
      {"ping in pieces", Frame{.opcode = ping, .payload = "a", .final = false}.bytes(), 1002},
      {"ping of 126 bytes", Frame{.opcode = ping, .payload = std::string(126, 'a')}.bytes(), 1002},
      {"close of one byte", Frame{.opcode = close_frame, .payload = "\x03"}.bytes(), 1002},
      {"close with a code that is reserved",
       Frame{.opcode = close_frame, .payload = "\x03\xed"}.bytes(), 1002},
      {"close with code 0", Frame{.opcode = close_frame, .payload = "\0\0"s}.bytes(), 1002},
      {"close with words that are not UTF-8",
       Frame{.opcode = close_frame, .payload = "\x03\xe8\xff\xfe"}.bytes(), 1002},
      {"text that is not UTF-8", Frame{.payload = "\xff\xfe"}.bytes(), 1007},
      {"length in more bytes than it needs", Frame{.payload = "a", .long_length = true}.bytes(),
       1002},
      {"more than is taken", Frame{.opcode = binary, .payload = std::string(4097, 'a')}.bytes(),
       1009},
      {"claims four gigabytes",
       Frame{.opcode = binary, .payload = "a", .claimed_length = 1ULL << 32U}.bytes(), 1009},
      {"claims all that can be said",
       Frame{.opcode = binary, .payload = "a", .claimed_length = ~0ULL}.bytes(), 1009},
      {"too much in pieces",
       [] {
         auto bytes = Frame{.opcode = binary, .payload = "a", .final = false}.bytes();
         for (int i = 0; i < 5000; ++i)
           bytes += Frame{.opcode = continuation, .payload = "a", .final = false}.bytes();
         return bytes;
       }(),
       1009},
      {"HTTP after the handshake", get(), 1002},
      {"ten thousand pongs that nobody asked for, and a good end",
       [] {
         std::string bytes;
         for (int i = 0; i < 10'000; ++i) bytes += Frame{.opcode = pong}.bytes();
         return bytes + Frame{.opcode = close_frame, .payload = "\x03\xe8"}.bytes();
       }(),
       1000},
  };
  for (const auto& hostile : table) {
    CAPTURE(hostile.name);
    auto connection = rocd.connect();
    connection.send(handshake());
    const auto answer = connection.answer();
    REQUIRE(answer);
    REQUIRE(answer->status == 101);
    connection.send(hostile.bytes);
    CHECK(close_code(connection) == hostile.code);
    connection.send(Frame{.opcode = close_frame, .payload = "\x03\xea"}.bytes());
    CHECK(connection.closes());
    CHECK(rocd.serves_the_others());
  }
}
