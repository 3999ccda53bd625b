#include "api/access.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace rocd;

namespace {

const AccessRules kRules = access_rules("127.0.0.1", "Studio.lan");

bool passes(const std::string& host, const std::string& origin = {}, bool local = false,
            const HttpConfig& http = {}) {
  HttpRequest request;
  request.host = host;
  request.origin = origin;
  request.local = local;
  const auto problem = check_access(request, kRules, http);
  if (problem) CHECK(problem->status == 403);
  return !problem;
}

}  // namespace

TEST_CASE("A Host that is an address or a name of this computer passes") {
  const auto host = GENERATE("localhost", "localhost:4040", "LOCALHOST", "localhost.",
                             "a.localhost", "127.0.0.1:4040", "192.168.1.5", "[::1]", "[::1]:4040",
                             "[fe80::1%eth0]:80", "studio.lan", "studio", "studio.lan.local", "");
  CAPTURE(host);
  CHECK(passes(host));
}

TEST_CASE("A Host of somebody else does not pass: DNS rebinding") {
  const auto host = GENERATE("evil.example", "evil.example:4040", "localhost.evil.example",
                             "127.0.0.1.evil.example", "evillocalhost", "[evil]", "[::1",
                             "localhost:x", "127.0.0.1@evil.example", ":4040", "1.2.3");
  CAPTURE(host);
  CHECK(!passes(host));
  CHECK(passes(host, "", true));  // over the Unix socket there is no browser
}

TEST_CASE("Only the daemon's own page is an Origin that passes") {
  CHECK(passes("localhost:4040", "http://localhost:4040"));
  CHECK(passes("localhost", "http://localhost:80"));
  CHECK(passes("LocalHost:80", "http://localhost"));
  CHECK(passes("studio", "https://studio"));
  CHECK(passes("[::1]:4040", "http://[::1]:4040"));
  const auto origin = GENERATE("null", "http://localhost:3000", "http://127.0.0.1:4040",
                               "https://evil.example", "http://localhost:4040.evil.example",
                               "file://", "chrome-extension://abc", "http://");
  CAPTURE(origin);
  CHECK(!passes("localhost:4040", origin));
  CHECK(!passes("localhost:4040", origin, true));
}

TEST_CASE("A configured name is a Host that passes, and its page an Origin that does") {
  HttpConfig http;
  http.allowed_hosts = {"audio.example.org"};
  CHECK(passes("audio.example.org", "", false, http));
  CHECK(passes("Audio.Example.org.:443", "https://audio.example.org", false, http));
  CHECK(!passes("other.example.org", "", false, http));
  CHECK(!passes("x.audio.example.org", "", false, http));
  CHECK(!passes("audio.example.org"));
}

TEST_CASE("A configured Origin passes as it was configured and in no other form") {
  HttpConfig http;
  http.allowed_origins = {"https://audio.example.org", "http://localhost:3000"};
  CHECK(passes("localhost:4040", "https://audio.example.org", false, http));
  CHECK(passes("localhost:4040", "http://localhost:3000", false, http));
  for (const auto* other :
       {"http://audio.example.org", "https://audio.example.org:8443", "https://audio.example.org/",
        "https://audio.example.org.evil.example", "https://x.audio.example.org", "null",
        "http://localhost:3000, http://localhost:3000"}) {
    CAPTURE(other);
    CHECK(!passes("localhost:4040", other, false, http));
  }
  // The page may ask; a name that is not ours is no better for it.
  CHECK(!passes("evil.example", "https://audio.example.org", false, http));
}

TEST_CASE("A user name or a password in Host or Origin is not repeated") {
  HttpRequest request;
  request.host = "me:secret@evil.example";
  CHECK(check_access(request, kRules, {})->detail ==
        "the Host '…@evil.example' is not a name of this computer");
  request.host = "localhost";
  request.origin = "http://me:secret@evil.example";
  CHECK(check_access(request, kRules, {})->detail ==
        "a page of '…@evil.example' may not use this daemon");
}
