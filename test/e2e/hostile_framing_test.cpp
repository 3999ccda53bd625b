// Where a request ends, and what a request is: the table of those who want rocd and a proxy in
// front of it to disagree about that (request smuggling; RFC 9112, 11.2), or who speak something
// else.
#include <catch2/catch_test_macros.hpp>

#include "e2e/besieged.hpp"

using namespace rocd::test;
using namespace std::string_literals;

namespace {

const std::string post =
    "POST /streams HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";

std::string with_length(const std::string& value) {
  return post + "Content-Length: " + value + "\r\n\r\n{}";
}

std::string coded(const std::string& value) {
  return post + "Transfer-Encoding:" + value + "\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

// What a browser says first if it is told https:// (RFC 8446, 4.1.2), as far as it matters here.
std::string tls_client_hello() {
  return "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s + repeated("\x5a\r\n\xa5"s, 126);
}

}  // namespace

TEST_CASE("Hostile: two opinions on the length of a body", "[e2e][hostile]") {
  Besieged rocd;
  rocd.suffer({
      closes("length and chunks",
             post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
      closes("chunks and length",
             post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400),
      closes("length and unknown coding",
             post + "Content-Length: 4\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n", 400),
      closes("two lengths", post + "Content-Length: 2\r\nContent-Length: 45\r\n\r\n{}", 400),
      // No two opinions: RFC 9110, 8.6 lets them count as one.
      stays("two equal lengths", post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 422),
      stays("list of equal lengths", with_length("2, 2"), 422),
      closes("list of lengths", with_length("2, 45"), 400),
      closes("negative length", with_length("-1"), 400),
      closes("length with plus", with_length("+2"), 400),
      closes("hexadecimal length", with_length("0x2"), 400),
      closes("length with a space inside", with_length("0 2"), 400),
      closes("length with a comma", with_length("2,"), 400),
      closes("empty length", with_length(""), 400),
      closes("length that wraps 64 bits", with_length("18446744073709551618"), 400),
      closes("length of forty digits", with_length(std::string(40, '9')), 400),
      closes("largest length", with_length("18446744073709551615"), 413),
      closes("length of two gigabytes", with_length("2147483648"), 413),
      closes("one byte too much", with_length("262145"), 413),
      closes("too much, after asking",
             post + "Expect: 100-continue\r\nContent-Length: 262145\r\n\r\n", 413),
      closes("unknown coding", coded(" xchunked"), 501),
      closes("chunked, but not last", coded(" chunked, identity"), 501),
      closes("chunked twice", coded(" chunked, chunked"), 501),
      closes("compressed chunks", coded(" gzip, chunked"), 501),
      closes("coding in two fields",
             post + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
      closes("coding after a vertical tab",
             coded(" \x0b"
                   "chunked"),
             400),
      closes("quoted coding", coded(" \"chunked\""), 501),
      closes("coding with a NUL", coded(" chunked\0"s), 400),
      closes("space before the colon",
             post + "Transfer-Encoding : chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400),
      closes("chunks in HTTP/1.0",
             "POST /streams HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
      stays("chunked in capitals", coded(" CHUNKED"), 422),
      closes("length in a GET that hides a request",
             "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: "
             "0\r\n\r\n",
             400),
  });
  CHECK(rocd.rocd().http().get("/streams").as_array().empty());
}

TEST_CASE("Hostile: chunks", "[e2e][hostile]") {
  Besieged rocd;
  rocd.suffer({
      closes("size that overflows", chunked + "fffffffffffffffff\r\n{}\r\n0\r\n\r\n", 400),
      closes("size that wraps 64 bits", chunked + "10000000000000002\r\n{}\r\n0\r\n\r\n", 400),
      closes("largest size", chunked + "ffffffffffffffff\r\n{}\r\n0\r\n\r\n", 413),
      closes("negative size", chunked + "-2\r\n{}\r\n0\r\n\r\n", 400),
      closes("size with plus", chunked + "+2\r\n{}\r\n0\r\n\r\n", 400),
      closes("size with 0x", chunked + "0x2\r\n{}\r\n0\r\n\r\n", 400),
      closes("size after a space", chunked + " 2\r\n{}\r\n0\r\n\r\n", 400),
      closes("no size", chunked + "\r\n{}\r\n0\r\n\r\n", 400),
      closes("size ends in LF", chunked + "2\n{}\r\n0\r\n\r\n", 400),
      closes("data longer than its size", chunked + "2\r\n{}xx\r\n0\r\n\r\n", 400),
      closes("data ends in LF", chunked + "2\r\n{}\n0\r\n\r\n", 400),
      closes("endless extension", chunked + "2;" + std::string(64 * 1024, 'x'), 400),
      closes("endless size", chunked + std::string(64 * 1024, '0'), 400),
      closes("endless trailers",
             chunked + "2\r\n{}\r\n0\r\n" + repeated("X-Trailer: 0123456789\r\n", 4000), 400),
      closes("one endless trailer",
             chunked + "2\r\n{}\r\n0\r\nX: " + std::string(64 * 1024, 'x') + "\r\n\r\n", 400),
      closes("too much in small chunks", chunked + repeated("10\r\n0123456789abcdef\r\n", 16'385),
             413),
      closes("trailer that tells a length", chunked + "2\r\n{}\r\n0\r\nContent-Length: 90\r\n\r\n",
             400),
      closes("trailer that tells a coding",
             chunked + "2\r\n{}\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
      closes("trailer without a name", chunked + "2\r\n{}\r\n0\r\n: x\r\n\r\n", 400),
      stays("trailer with a Host", chunked + "2\r\n{}\r\n0\r\nHost: evil.example\r\n\r\n", 422),
      stays("an extension", chunked + "2;a=\"b\"\r\n{}\r\n0\r\n\r\n", 422),
      stays("200,000 bytes in one byte each",
            chunked + repeated("1\r\n \r\n", 200'000) + "2\r\n{}\r\n0\r\n\r\n", 422),
  });
}

TEST_CASE("Hostile: lines and fields", "[e2e][hostile]") {
  Besieged rocd;
  const std::string line = "GET /healthz HTTP/1.1\r\n";
  const std::string head = line + "Host: localhost\r\n";
  rocd.suffer({
      closes("bare LF", "GET /healthz HTTP/1.1\nHost: localhost\n\n", 400),
      closes("LF after the request line", "GET /healthz HTTP/1.1\nHost: localhost\r\n\r\n", 400),
      closes("LF after a field", head + "X: y\nContent-Length: 44\r\n\r\n", 400),
      closes("CR in a value", head + "X: y\rContent-Length: 44\r\n\r\n", 400),
      closes("CR in the request line", "GET /healthz\rHTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      closes("CR CR LF", head + "X: y\r\r\n\r\n", 400),
      closes("NUL in a value", head + "X: a\0b\r\n\r\n"s, 400),
      closes("NUL in a name", head + "X\0: a\r\n\r\n"s, 400),
      closes("bell in a value", head + "X: \x07\r\n\r\n", 400),
      closes("DEL in a value", head + "X: \x7f\r\n\r\n", 400),
      closes("field without a name", head + ": x\r\n\r\n", 400),
      closes("field without a colon", head + "nothing\r\n\r\n", 400),
      closes("space before the first field", line + " Host: localhost\r\n\r\n", 400),
      closes("name with a space", head + "X Y: z\r\n\r\n", 400),
      closes("name that is not ASCII", head + "X\xc3\xa9: z\r\n\r\n", 400),
      closes("no Host", line + "\r\n", 400),
      closes("two Hosts", head + "Host: localhost\r\n\r\n", 400),
      closes("two Hosts, one is another", head + "Host: evil.example\r\n\r\n", 400),
      closes("HTTP/0.9", "GET /healthz\r\n\r\n", 400),
      closes("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
      closes("HTTP/9.9", "GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n", 400),
      closes("HTTP/1.2", "GET /healthz HTTP/1.2\r\nHost: localhost\r\n\r\n", 400),
      closes("HTTP/1.10", "GET /healthz HTTP/1.10\r\nHost: localhost\r\n\r\n", 400),
      closes("http/1.1", "GET /healthz http/1.1\r\nHost: localhost\r\n\r\n", 400),
      closes("an answer", "HTTP/1.1 200 OK\r\nHost: localhost\r\n\r\n", 400),
      closes("two spaces", "GET  /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      closes("a tab", "GET\t/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      closes("no target", "GET HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      closes("space in the target", "GET /healthz x HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      closes("separator in the method", "G=T /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      closes("TLS", tls_client_hello(), 400),
      closes("SSH", "SSH-2.0-OpenSSH_9.2\r\n", 400),
      closes("SMTP", "EHLO evil.example\r\n", 400),
      closes("SOCKS", "\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x0f\xc8\r\n"s, 400),
      closes("four thousand bytes of nothing", repeated("\x80\xfe\x01\r\n"s, 800), 400),
      closes("four thousand NULs", std::string(4000, '\0') + "\r\n", 400),
      closes("one long field", head + "X: " + std::string(64 * 1024, 'x') + "\r\n\r\n", 431),
      closes("one long name", head + std::string(64 * 1024, 'x') + ": y\r\n\r\n", 431),
      closes("many fields", head + repeated("A: b\r\n", 10'000) + "\r\n", 431),
      closes("many empty fields", head + repeated("A:\r\n", 10'000) + "\r\n", 431),
      closes("a head that never ends", repeated("A: b\r\n", 20'000), 400),
      closes("HTTP/1.0 does not stay", "GET /healthz HTTP/1.0\r\n\r\n", 200),
      closes("asks to close", head + "Connection: close\r\n\r\n", 200),
      closes("Expect", head + "Expect: the-worst\r\n\r\n", 417),
      closes("body that is compressed",
             post + "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"s, 415),
      stays("folded field", head + "X: y\r\n z\r\n\r\n", 200),
      stays("three thousand fields", head + repeated("A:b\r\n", 3000) + "\r\n", 200),
      stays("a thousand empty lines", repeated("\r\n", 1000) + head + "\r\n", 200),
      stays("Connection names other fields", head + "Connection: Host, Authorization\r\n\r\n", 200),
      stays(
          "Upgrade to HTTP/2",
          head +
              "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n",
          200),
      stays("Upgrade to TLS", head + "Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n\r\n", 200),
      stays("ranges", head + "Range: bytes=0-0,1-1,2-,-1,99999999999999999999-\r\n\r\n", 200),
      stays("odd Accept-Encoding",
            head + "Accept-Encoding: gzip;q=, ;;,*;q=9999999999999999999999,\x80\r\n\r\n", 200),
      stays("another method over the method",
            get("/peers/self", "X-HTTP-Method-Override: DELETE\r\n"), 200),
      stays("forwarded for others",
            head + "X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\n\r\n", 200),
      {"a head byte by byte",
       [] {
         std::vector<std::string> bytes;
         for (const char c : get()) bytes.emplace_back(1, c);
         return bytes;
       }(),
       200,
       Hostile::After::stays,
       {}},
  });
}

TEST_CASE("Hostile: a flood of requests in one connection", "[e2e][hostile]") {
  Besieged rocd;
  auto connection = rocd.connect();
  for (int round = 0; round < 20; ++round) {
    REQUIRE(connection.send(repeated(get(), 500)));
    REQUIRE(rocd.serves_the_others());
    for (int i = 0; i < 500; ++i) {
      const auto answer = connection.answer();
      REQUIRE(answer);
      REQUIRE(answer->status == 200);
    }
  }
  CHECK(connection.input().empty());
}
