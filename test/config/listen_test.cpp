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

TEST_CASE("an address that others can reach is a listen address, too") {
  CHECK(*parse_listen("0.0.0.0:4040") == ListenAddress{"0.0.0.0", 4040});
  CHECK(*parse_listen("[2001:db8::1]:80") == ListenAddress{"2001:db8::1", 80});
}

TEST_CASE("without tokens an address that others can reach is refused, with two ways out") {
  for (const auto* open :
       {"0.0.0.0", "192.168.1.2", "128.0.0.1", "::", "2001:db8::1", "::ffff:192.168.1.2"}) {
    INFO(open);
    HttpConfig http;
    http.listen_host = open;
    const auto refused = check_exposure(http);
    REQUIRE(refused.has_error());
    CHECK(refused.error().message.find("is not a loopback address") != std::string::npos);
    CHECK(refused.error().hint.find("rocctl token new") != std::string::npos);
    CHECK(refused.error().hint.find("127.0.0.1") != std::string::npos);
    http.tokens.push_back({"alice", Role::viewer, TokenHash::of("")});
    CHECK(check_exposure(http).has_value());
  }
  for (const auto* closed : {"127.0.0.1", "127.255.0.9", "::1", "localhost"}) {
    INFO(closed);
    HttpConfig http;
    http.listen_host = closed;
    CHECK(check_exposure(http).has_value());
  }
}
