// Who asks: web pages of elsewhere, names that were made to point here, and tokens that are none.
#include <catch2/catch_test_macros.hpp>

#include "e2e/besieged.hpp"

using namespace rocd::test;
using namespace std::string_literals;

namespace {

Hostile host(const std::string& value, int status) {
  return stays("Host: " + value.substr(0, 60),
               "GET /streams HTTP/1.1\r\nHost: " + value + "\r\n\r\n", status);
}

Hostile origin(const std::string& value, int status, const std::string& more = {}) {
  return stays("Origin: " + value.substr(0, 60),
               "POST /streams HTTP/1.1\r\nHost: localhost:4040\r\nOrigin: " + value + "\r\n" +
                   more + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
               status);
}

Hostile authorized(const std::string& name, const std::string& fields, int status) {
  return stays(name, get("/streams", fields), status);
}

// Of "rocctl token new", made for this test.
constexpr auto token = "rocd_JOfXX9P8bM0lzkTVAownTju4UxKLQ86CSLzA7SkNwJ0";
constexpr auto token_hash = "16137f060157d1f61e86a9577b8a8b3e47f165ac44f0156067febe6b3782e736";

}  // namespace

TEST_CASE("Hostile: names that were made to point here", "[e2e][hostile]") {
  Besieged rocd;
  rocd.suffer({
      host("evil.example", 403),
      host("evil.example:4040", 403),
      host("127.0.0.1.evil.example", 403),
      host("localhost.evil.example", 403),
      host("evil.example#localhost", 403),
      host("evil.example?localhost", 403),
      host("localhost@evil.example", 403),
      host("user:secret@localhost", 403),
      host("localhost:4040@evil.example", 403),
      host("localhost, evil.example", 403),
      host("localhost evil.example", 403),
      host("evil.example/localhost", 403),
      host("localhost\\.evil.example", 403),
      host("localhost%00.evil.example", 403),
      host("localhost:", 200),
      host("localhost:x", 403),
      host("localhost:99999999999999999999", 200),  // names count, a port is nobody's secret
      host("LOCALHOST.", 200),
      host("localhost..", 403),
      host(".localhost", 200),
      host(".", 403),
      host("2130706433", 403),  // 127.0.0.1 to a browser, which writes it as that
      host("0x7f000001", 403),
      host("0177.0.0.1", 403),
      host("127.1", 403),
      host("127.0.0.1", 200),
      host("0.0.0.0", 200),
      host("[::1]", 200),
      host("[::ffff:127.0.0.1]:4040", 200),
      host("[::1", 403),
      host("[evil.example]", 403),
      host("[::1]evil.example", 403),
      host("::1", 403),
      host("\xd0\xb5vil.example", 403),
      host("xn--localhost", 403),
      host(std::string(10'000, 'a') + ".example", 403),
      host("", 200),  // no browser leaves it empty
  });
}

TEST_CASE("Hostile: pages of elsewhere", "[e2e][hostile]") {
  Besieged rocd;
  rocd.suffer({
      origin("http://evil.example", 403),
      origin("https://evil.example", 403),
      origin("http://localhost:3000", 403),
      origin("http://localhost", 403),
      origin("https://localhost", 403),
      origin("http://127.0.0.1:4040", 403),
      origin("http://localhost:4040.evil.example", 403),
      origin("http://localhost:4040@evil.example", 403),
      origin("http://evil.example#localhost:4040", 403),
      origin("http://localhost:4040/", 403),
      origin("http://localhost:4040, http://evil.example", 403),
      origin("http://localhost:4040\r\nOrigin: http://evil.example", 403),
      origin("localhost:4040", 403),
      origin("//localhost:4040", 403),
      origin("null", 403),
      origin("file://", 403),
      origin("chrome-extension://localhost:4040", 403),
      origin("moz-extension://abcdef", 403),
      origin("*", 403),
      origin("http://localhost:4040", 422),
      origin("http://" + std::string(10'000, 'a'), 403),
      stays("a page reads", get("/streams", "Origin: http://evil.example\r\n"), 403),
      stays("a page reads what is open", get("/healthz", "Origin: http://evil.example\r\n"), 403),
      stays("a page listens", get("/events", "Origin: http://evil.example\r\n"), 403),
      stays("a page opens a WebSocket",
            get("/events",
                "Origin: http://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
            403),
      stays("a page asks before",
            "OPTIONS /streams HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
            "Access-Control-Request-Method: DELETE\r\n\r\n",
            403),
      stays("a page asks before, from a private network",
            "OPTIONS /streams HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
            "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Private-Network: true"
            "\r\n\r\n",
            403),
      stays("a form of a page",
            "POST /streams HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
            "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
            403),
      stays("a form of a page without Origin",
            "POST /streams HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\n"
            "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
            415),
      stays("a reload by a form",
            "POST /system/reload HTTP/1.1\r\nHost: localhost\r\n"
            "Origin: null\r\nContent-Length: 0\r\n\r\n",
            403),
  });
  auto connection = rocd.connect();
  connection.send(get("/streams", "Origin: http://evil.example\r\n"));
  const auto answer = connection.answer();
  REQUIRE(answer);
  CHECK(answer->head.find("Access-Control-Allow") == std::string::npos);
  CHECK(rocd.rocd().http().get("/streams").as_array().empty());
}

TEST_CASE("Hostile: tokens that are none", "[e2e][hostile]") {
  Besieged rocd("tokens: [ { name: friend, role: viewer, sha256: "s + token_hash + " } ]");
  const std::string bearer = "Authorization: Bearer ";
  rocd.suffer({
      authorized("none", "", 401),
      authorized("empty", "Authorization:\r\n", 401),
      authorized("scheme alone", "Authorization: Bearer\r\n", 401),
      authorized("another scheme", "Authorization: Basic dXNlcjpwYXNz\r\n", 401),
      authorized("base64 that is none", "Authorization: Basic ====\r\n", 401),
      authorized("Digest", "Authorization: Digest username=\"a\", realm=\"rocd\"\r\n", 401),
      authorized("Negotiate", "Authorization: Negotiate YII=\r\n", 401),
      authorized("token without a scheme", "Authorization: "s + token + "\r\n", 401),
      authorized("scheme without a space", "Authorization: Bearer"s + token + "\r\n", 401),
      authorized("wrong token", bearer + "rocd_" + std::string(43, 'A') + "\r\n", 401),
      authorized("hash instead of the token", bearer + token_hash + "\r\n", 401),
      authorized("a part of the token", bearer + std::string(token).substr(0, 47) + "\r\n", 401),
      authorized("the token and more", bearer + token + "A\r\n", 401),
      authorized("the token in capitals", bearer + "ROCD_" + (token + 5) + "\r\n", 401),
      authorized("the token twice", bearer + token + "\r\n" + bearer + token + "\r\n", 401),
      authorized("the token after another", bearer + "x\r\n" + bearer + token + "\r\n", 401),
      authorized("15 KiB", bearer + std::string(15'000, 'A') + "\r\n", 401),
      authorized("bytes", bearer + "\x80\xff\xfe\r\n", 401),
      authorized("SQL", bearer + "' OR '1'='1\r\n", 401),
      authorized("in a cookie", "Cookie: token="s + token + "\r\n", 401),
      authorized("for a proxy", "Proxy-Authorization: Bearer "s + token + "\r\n", 401),
      stays("in the address", get("/streams?access_token="s + token), 401),
      stays("what there is not is nobody's business", get("/nothing"), 401),
      stays("nor are methods", "DELETE /system HTTP/1.1\r\nHost: localhost\r\n\r\n", 401),
      stays("nor are events", get("/events"), 401),
      stays("dots do not lead around it", get("/docs/../streams"), 401),
      stays("nor two slashes", get("//streams"), 401),
      stays("nor capitals", get("/Streams"), 401),
      stays("nor an escape", get("/%73treams"), 401),
      stays("a WebSocket",
            get("/events",
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
            401),
      stays("a body is not looked at",
            "POST /streams HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            "Content-Length: 1\r\n\r\n{",
            401),
      closes("too much is too much for all",
             "POST /streams HTTP/1.1\r\nHost: localhost\r\n"
             "Content-Length: 262145\r\n\r\n",
             413),
      authorized("the token", bearer + token + "\r\n", 200),
      stays("the token's role",
            "POST /streams HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n" + bearer + token +
                "\r\n\r\n",
            403),
      stays("open to all", get("/healthz"), 200),
  });
  CHECK(rocd.rocd().log().find(token) == std::string::npos);
}
