#include "supervise/udp_backlog.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "base/descriptor.hpp"

using namespace rocd;

namespace {

constexpr std::string_view head =
    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode ref pointer drops             \n";

std::string row(const std::string& address, const std::string& queues) {
  return "  312: " + address + " 00000000:0000 07 " + queues +
         " 00:00000000 00000000     0        0 74 2 0000000000000000 0         \n";
}

// A socket of this host's own, on a port that the kernel chose.
struct Bound {
  explicit Bound(int family) : socket(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage address{};
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    address.ss_family = static_cast<sa_family_t>(family);
    REQUIRE(::bind(socket.get(), any, size) == 0);
    REQUIRE(::getsockname(socket.get(), any, &size) == 0);
    port = ntohs(family == AF_INET ? reinterpret_cast<sockaddr_in*>(any)->sin_port
                                   : reinterpret_cast<sockaddr_in6*>(any)->sin6_port);
    REQUIRE(::connect(socket.get(), any, size) == 0);  // to itself
  }
  void send() const { REQUIRE(::send(socket.get(), "hello", 5, 0) == 5); }
  void receive() const {
    std::array<char, 8> bytes{};
    REQUIRE(::recv(socket.get(), bytes.data(), bytes.size(), 0) == 5);
  }
  Descriptor socket;
  std::uint16_t port = 0;
};

}  // namespace

TEST_CASE("what waits at a port is read from the kernel's list") {
  const auto backlog =
      UdpBacklog::parse(std::string(head) + row("00000000:2711", "00000000:00034200") +
                        row("0100007F:2712", "00000100:00000000") +
                        row("00000000000000000000000001000000:FFFF", "0:300"));
  CHECK(backlog.at(10001) == 0x34200);
  CHECK(backlog.at(10002) == 0);
  CHECK(backlog.at(65535) == 0x300);
  CHECK(backlog.at(74) == 0);
  CHECK(UdpBacklog().at(10001) == 0);
}

TEST_CASE("of several sockets of a port the one with the least counts") {
  const auto first = row("0100007F:2711", "0:300");
  const auto second = row("0200007F:2711", "0:100");
  CHECK(UdpBacklog::parse(first + second).at(10001) == 0x100);
  CHECK(UdpBacklog::parse(second + first).at(10001) == 0x100);
}

TEST_CASE("a list of sockets that is not understood says nothing") {
  for (const auto* text :
       {"", "\n\n", "312: 0100007F:2711", "a b c d", "1: 0100007F:2711 0:0 07 0:xyz 0",
        "1: 0100007F:12711 0:0 07 0:300 0", "1: 0100007F: 0:0 07 0:300 0"})
    CHECK(UdpBacklog::parse(text).at(10001) == 0);
  // The last line need not end.
  CHECK(UdpBacklog::parse("1: 0100007F:2711 0:0 07 0:300").at(10001) == 0x300);
}

TEST_CASE("a packet that nobody reads waits at its port") {
  for (const int family : {AF_INET, AF_INET6}) {
    const Bound bound(family);
    CHECK(UdpBacklog::read().at(bound.port) == 0);
    bound.send();
    const auto one = UdpBacklog::read().at(bound.port);
    CHECK(one > 0);
    bound.send();
    CHECK(UdpBacklog::read().at(bound.port) > one);
    bound.receive();
    bound.receive();
    CHECK(UdpBacklog::read().at(bound.port) == 0);
  }
}
