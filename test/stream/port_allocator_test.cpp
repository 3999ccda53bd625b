#include "stream/port_allocator.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

namespace rocd {
namespace {

const Uid stream = Uid::derive("test", "stream", "a");

PortRules rules_of(std::uint16_t first, std::uint16_t last) {
  return {{first, last}, {}, [](const std::string&, std::uint16_t) { return true; }};
}

TEST_CASE("an empty address becomes media and repair on all interfaces, without rtcp") {
  const auto to = complete_source(stream, {}, FecScheme::rs8m, {}, rules_of(10000, 10999)).value();
  REQUIRE(to.media);
  REQUIRE(to.repair);
  CHECK_FALSE(to.control);
  CHECK(to.media->protocol == Protocol::rtp_rs8m);
  CHECK(to.media->host == "0.0.0.0");
  CHECK(to.repair->protocol == Protocol::rs8m);
  CHECK(to.media->port >= 10000);
  CHECK(to.media->port <= 10999);
  CHECK(to.repair->port != to.media->port);
}

TEST_CASE("bare rtp gets no repair address, ldpc gets its own") {
  const auto rules = rules_of(10000, 10999);
  CHECK_FALSE(complete_source(stream, {}, FecScheme::none, {}, rules).value().repair);
  ExternalAddress from;
  from.media = MediaUri{Protocol::rtp_ldpc, "::1", 5000};
  const auto to = complete_source(stream, from, FecScheme::rs8m, {}, rules).value();
  CHECK(to.media == from.media);
  CHECK(to.repair->protocol == Protocol::ldpc);
  CHECK(to.repair->host == "::1");
}

TEST_CASE("the same stream gets the same ports in another run of the daemon") {
  const auto rules = rules_of(10000, 10999);
  CHECK(complete_source(stream, {}, FecScheme::rs8m, {}, rules).value() ==
        complete_source(stream, {}, FecScheme::rs8m, {}, rules).value());
}

TEST_CASE("the ports of last time are kept, even if they look busy: the own child has them") {
  auto rules = rules_of(10000, 10999);
  const auto first = complete_source(stream, {}, FecScheme::rs8m, {}, rules).value();
  rules.is_free = [&](const std::string&, std::uint16_t port) {
    return port != first.media->port && port != first.repair->port;
  };
  CHECK(complete_source(stream, {}, FecScheme::rs8m, first, rules).value() == first);
}

TEST_CASE("ports that are taken, busy or the stream's own others are not chosen") {
  auto rules = rules_of(20000, 20004);
  rules.taken = {20000, 20001};
  rules.is_free = [](const std::string&, std::uint16_t port) { return port != 20002; };
  ExternalAddress from;
  from.media = MediaUri{Protocol::rtp_rs8m, "0.0.0.0", 0};
  from.control = MediaUri{Protocol::rtcp, "0.0.0.0", 20003};
  const auto none = complete_source(stream, from, FecScheme::none, {}, rules);
  REQUIRE(none.has_error());  // one port, 20004, for two addresses
  CHECK(none.error().code == ErrorCode::unavailable);
  CHECK(none.error().message == "no UDP port from 20000 to 20004 is free");
  from.media->protocol = Protocol::rtp;
  CHECK(complete_source(stream, from, FecScheme::none, {}, rules).value().media->port == 20004);
}

TEST_CASE("a port that was found to be in use is given up") {
  auto rules = rules_of(10000, 10999);
  const auto first = complete_source(stream, {}, FecScheme::none, {}, rules).value();
  rules.taken = {first.media->port};
  CHECK(complete_source(stream, {}, FecScheme::none, first, rules).value().media->port !=
        first.media->port);
}

TEST_CASE("an empty or whole range of ports is handled") {
  CHECK(complete_source(stream, {}, FecScheme::none, {}, rules_of(2, 1)).has_error());
  CHECK(complete_source(stream, {}, FecScheme::none, {}, rules_of(0, 65535)).value().media->port !=
        0);
}

TEST_CASE("a bound UDP port is not free, and is again after it was closed") {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  REQUIRE(fd >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  const auto port = ntohs(address.sin_port);
  CHECK_FALSE(udp_port_is_free("127.0.0.1", port));
  CHECK_FALSE(udp_port_is_free("0.0.0.0", port));
  CHECK_FALSE(udp_port_is_free("some.name", port));
  ::close(fd);
  CHECK(udp_port_is_free("127.0.0.1", port));
}

}  // namespace
}  // namespace rocd
