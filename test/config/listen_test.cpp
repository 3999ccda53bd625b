#include "config/listen.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace rocd;

TEST_CASE("a loopback address with a port is a listen address") {
  CHECK(*parse_listen("127.0.0.1:4040") == ListenAddress{"127.0.0.1", 4040});
  CHECK(*parse_listen("127.1.2.3:1") == ListenAddress{"127.1.2.3", 1});
  CHECK(*parse_listen("localhost:0") == ListenAddress{"localhost", 0});
  CHECK(*parse_listen("[::1]:65535") == ListenAddress{"::1", 65535});
}

TEST_CASE("what is not HOST:PORT is refused with the form that is expected") {
  for (const auto* wrong : {"", "4040", ":4040", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
                            "127.0.0.1:65536", "127.0.0.1:-1", "::1:4040", "127.0.0.1:4040 "}) {
    INFO(wrong);
    const auto parsed = parse_listen(wrong);
    REQUIRE(parsed.has_error());
    CHECK(parsed.error().message.find("expected HOST:PORT") != std::string::npos);
  }
  CHECK(parse_listen("example.org:80").error().message ==
        "'example.org' is not an IP address or 'localhost'");
}

TEST_CASE("an address that others can reach is refused, with a way to reach it nevertheless") {
  for (const auto* open : {"0.0.0.0:4040", "192.168.1.2:4040", "[::]:4040", "[2001:db8::1]:80"}) {
    INFO(open);
    const auto parsed = parse_listen(open);
    REQUIRE(parsed.has_error());
    CHECK(parsed.error().message.find("is not a loopback address") != std::string::npos);
    CHECK(parsed.error().hint.find("SSH tunnel") != std::string::npos);
  }
}
