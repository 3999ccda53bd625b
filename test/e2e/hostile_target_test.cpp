// What is asked for: methods, paths that want to leave, text that is none; and bodies of JSON that
// are made to break what reads them.
#include <catch2/catch_test_macros.hpp>

#include "e2e/besieged.hpp"

using namespace rocd::test;
using namespace std::string_literals;

namespace {

std::string method(const std::string& name, const std::string& target = "/healthz") {
  return name + " " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

std::string json(const std::string& body, const std::string& type = "application/json") {
  return "POST /streams HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string named(const std::string& name) {  // as JSON
  return json("{\"display_name\": " + name + "}");
}

std::string keys(std::size_t count) {
  std::string text = "{";
  for (std::size_t i = 0; i < count; ++i)
    text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  return text + "}";
}

}  // namespace

TEST_CASE("Hostile: methods", "[e2e][hostile]") {
  Besieged rocd;
  rocd.suffer({
      stays("TRACE shows nobody's fields",
            "TRACE /healthz HTTP/1.1\r\nHost: localhost\r\nX-Secret: s3cret\r\n\r\n", 405),
      stays("small letters", method("get"), 405),
      stays("unknown", method("PROPFIND"), 405),
      stays("a hundred letters", method(std::string(100, 'A')), 405),
      closes("65,536 letters", method(std::string(65'536, 'A')), 431),
      closes("CONNECT", method("CONNECT", "127.0.0.1:22"), 400),
      closes("CONNECT to a name", method("CONNECT", "evil.example:443"), 400),
      stays("CONNECT to a path", method("CONNECT"), 405),
      stays("OPTIONS *", method("OPTIONS", "*"), 204),
      stays("GET *", method("GET", "*"), 404),
      stays("DELETE of all", method("DELETE", "/streams"), 405),
  });
}

TEST_CASE("Hostile: paths", "[e2e][hostile]") {
  Besieged rocd;
  const auto uid = std::string(4096, 'a');
  rocd.suffer({
      stays("dots", get("/../../etc/passwd"), 404),
      stays("dots in /docs", get("/docs/../../../etc/passwd"), 404),
      stays("encoded dots in /docs", get("/docs/%2e%2e/%2e%2e/etc/passwd"), 404),
      stays("two dots for a file of /docs", get("/docs/%2e%2e"), 404),
      closes("encoded slashes in /docs", get("/docs/..%2f..%2fetc%2fpasswd"), 400),
      stays("backslashes in /docs", get("/docs/..\\..\\etc\\passwd"), 404),
      stays("encoded backslashes in /docs", get("/docs/%2e%2e%5c%2e%2e%5cetc%5cpasswd"), 404),
      closes("NUL after a file of /docs", get("/docs/docs.css%00.html"), 400),
      stays("a name that is encoded twice", get("/docs/%252e%252e%252fetc"), 404),
      stays("two slashes", get("//healthz"), 404),
      stays("another host's path", get("//evil.example/healthz"), 404),
      stays("a slash at the end", get("/healthz/"), 404),
      stays("a dot", get("/./healthz"), 404),
      stays("through another resource", get("/streams/../healthz"), 404),
      closes("slash in a uid", get("/streams/..%2F..%2Fhealthz"), 400),
      stays("SQL in a uid", get("/streams/'%20OR%201=1;--"), 404),
      stays("long uid", get("/streams/" + uid), 404),
      stays("markup", get("/<script>alert(1)</script>"), 404),
      stays("line end in a path", get("/x%0d%0aSet-Cookie:%20a=b"), 404),
      closes("bytes that are not ASCII", get("/\xff\xfe"), 400),
      closes("bytes that are not UTF-8", get("/%ff%fe"), 400),
      closes("slash as overlong UTF-8", get("/docs/..%c0%af..%c0%afetc"), 400),
      closes("NUL as overlong UTF-8", get("/healthz%c0%80"), 400),
      closes("half a surrogate", get("/%ed%a0%80"), 400),
      closes("beyond Unicode", get("/%f4%90%80%80"), 400),
      closes("NUL", get("/healthz%00"), 400),
      closes("escape without digits", get("/%"), 400),
      closes("escape with one digit", get("/%1"), 400),
      closes("escape with other letters", get("/%zz"), 400),
      closes("fragment", get("/healthz#x"), 400),
      closes("no slash", get("healthz"), 400),
      closes("DEL", get("/health\x7f"), 400),
      closes("broken query", get("/healthz?a=%f"), 400),
      closes("query that is not UTF-8", get("/healthz?a=%ff"), 400),
      closes("parameter given twice", get("/events?types=a&types=b"), 400),
      stays("NUL in a query", get("/healthz?%00=%00"), 422),
      stays("prototype pollution", get("/healthz?__proto__%5Ba%5D=1"), 422),
      stays("five thousand parameters", get([] {
              std::string query = "/healthz?";
              for (int i = 0; i < 2500; ++i) query += "&" + std::to_string(i);
              return query;
            }()),
            422),
      stays("absolute", get("http://localhost/healthz"), 200),
      stays("absolute, with a host of its own", get("http://evil.example/healthz"), 403),
      stays("absolute, with a user", get("http://localhost:secret@evil.example/healthz"), 403),
      closes("absolute, without a host", get("http:///healthz"), 400),
      closes("another scheme", get("ftp://localhost/healthz"), 400),
      closes("file", get("file:///etc/passwd"), 400),
      closes("target of 64 KiB", get("/" + std::string(64 * 1024, 'a')), 414),
      closes("query of 64 KiB", get("/healthz?" + std::string(64 * 1024, 'a')), 414),
  });
  auto connection = rocd.connect();
  connection.send(get("/x%0d%0aSet-Cookie:%20a=b"));
  const auto answer = connection.answer();
  REQUIRE(answer);
  CHECK(answer->head.find("\nSet-Cookie") == std::string::npos);
  CHECK(answer->head.find("Content-Type: application/problem+json") != std::string::npos);
  CHECK(answer->head.find("X-Content-Type-Options: nosniff") != std::string::npos);
}

TEST_CASE("Hostile: bodies", "[e2e][hostile]") {
  Besieged rocd;
  const std::string bom = "\xef\xbb\xbf";
  rocd.suffer({
      stays("arrays 10,000 deep", json(std::string(10'000, '[') + std::string(10'000, ']')), 400,
            "deeper than 32"),
      stays("objects 10,000 deep", json([] {
              std::string text;
              for (int i = 0; i < 10'000; ++i) text += "{\"a\":";
              return text;
            }()),
            400, "deeper than 32"),
      stays("256 KiB of [", json(std::string(262'144, '[')), 400),
      stays("256 KiB of a number", json(std::string(262'144, '9')), 400),
      stays("256 KiB of digits behind the point", json("0." + std::string(262'142, '9')), 422),
      stays("number that is infinite", json("{\"a\": 1e999999999}"), 400),
      stays("exponent of 10,000 digits", json("{\"a\": 1e" + std::string(10'000, '9') + "}"), 400),
      stays("number smaller than any", json("{\"a\": 1e-999999999}"), 422),
      stays("256 KiB of one string", named('"' + std::string(262'000, 'x') + '"'), 422),
      stays("256 KiB of escapes",
            named('"' +
                  [] {
                    std::string text;
                    for (int i = 0; i < 40'000; ++i) text += "\\u0000";
                    return text;
                  }() +
                  '"'),
            422),
      stays("20,000 elements",
            json("[0" +
                 [] {
                   std::string text;
                   for (int i = 0; i < 20'000; ++i) text += ",0";
                   return text;
                 }() +
                 "]"),
            400),
      stays("20,000 keys", json(keys(20'000)), 400),
      stays("4,000 unknown keys", json(keys(4000)), 422),
      stays("key twice", json(R"({"source": {}, "source": {}})"), 400, "appears twice"),
      stays("key twice, once escaped", json(R"({"source": {}, "\u0073ource": {}})"), 400,
            "appears twice"),
      stays("half a surrogate", named(R"("\ud800")"), 400),
      stays("surrogates the wrong way round", named(R"("\udc00\ud800")"), 400),
      stays("bytes that are not UTF-8", named("\"\xff\xfe\""), 400),
      stays("overlong UTF-8", named("\"\xc0\xaf\""), 400),
      stays("surrogate as UTF-8", named("\"\xed\xa0\x80\""), 400),
      stays("NUL in a string", named("\"\0\""s), 400),
      stays("escaped NUL in a name", named(R"("a\u0000b")"), 422),
      stays("line end in a string", named("\"a\nb\""), 400),
      stays("NUL after the value", json("{}\0"s), 400),
      stays("byte order mark", json(bom + "{}"), 400),
      stays("UTF-16", json("{\0}\0"s), 400),
      stays("something after the value", json("{} {}"), 400),
      stays("no end", json("{\"a\":"), 400),
      stays("nothing", json(""), 400),
      stays("spaces", json(std::string(100'000, ' ')), 400),
      stays("comment", json("{/* */}"), 400),
      stays("comma at the end", json("{\"a\":1,}"), 400),
      stays("NaN", json("{\"a\":NaN}"), 400),
      stays("single quotes", json("{'a':1}"), 400),
      stays("no object", json("null"), 422),
      stays("prototype pollution", json(R"({"__proto__": {"admin": true}})"), 422),
      stays("XML", json("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]>", "text/xml"), 415),
      stays("YAML", json("!!python/object:os.system", "application/yaml"), 415),
      stays("plain text, which a form of a page may send", json("{}", "text/plain"), 415),
      stays("a form", json("a=b", "application/x-www-form-urlencoded"), 415),
      stays("a form with files", json("--x--", "multipart/form-data; boundary=x"), 415),
      stays("another charset", json("{}", "application/json; charset=utf-16"), 415),
      stays("a type of 8 KiB", json("{}", "application/" + std::string(8192, 'x')), 415),
      stays("two types", json("{}", "text/plain, application/json"), 415),
      stays("body of a GET",
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n"
            "GET /streams HTTP/1.",
            200),
      stays("command in an address",
            json(R"({"source": {"connection_type": "external", "media_uri": "rtp://0:`id`$(id)|id"},
                     "destination": {}})"),
            422),
      stays("path in an address",
            json(R"({"source": {"connection_type": "external", "media_uri": "file:///etc/passwd"},
                     "destination": {}})"),
            422),
      stays("arguments for the tool",
            json(R"({"settings": {"extra_args": ["--output", "/etc/passwd"]}})"), 422),
  });
  CHECK(rocd.rocd().http().get("/streams").as_array().empty());
}
