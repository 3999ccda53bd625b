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
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    address.ss_family = static_cast<sa_family_t>(family);
    REQUIRE(::bind(socket.get(), any, size) == 0);
    REQUIRE(::getsockname(socket.get(), any, &size) == 0);
    port = ntohs(family == AF_INET ? reinterpret_cast<sockaddr_in*>(any)->sin_port
                                   : reinterpret_cast<sockaddr_in6*>(any)->sin6_port);
  }
  // To itself.
  void send() const {
    REQUIRE(::sendto(socket.get(), "hello", 5, 0, reinterpret_cast<const sockaddr*>(&address),
                     size) == 5);
  }
  void receive() const {
    std::array<char, 8> bytes{};
    REQUIRE(::recv(socket.get(), bytes.data(), bytes.size(), 0) == 5);
  }
  Descriptor socket;
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  std::uint16_t port = 0;
};

}  // namespace

TEST_CASE("what waits at a port is read from the kernel's list") {
  const auto backlog =
      UdpBacklog::parse(std::string(head) + row("00000000:2711", "00000000:00034200") +
                        row("0100007F:2712", "00000100:00000000") +
                        row("00000000000000000000000001000000:FFFF", "0:300"));
  CHECK(backlog.at("0.0.0.0", 10001) == 0x34200);
  CHECK(backlog.at("127.0.0.1", 10002) == 0);
  CHECK(backlog.at("::1", 65535) == 0x300);
  CHECK(backlog.at("0.0.0.0", 74) == 0);
  CHECK(UdpBacklog().at("0.0.0.0", 10001) == 0);
}

TEST_CASE("what waits on another address is no matter of a socket") {
  const auto backlog =
      UdpBacklog::parse(row("0100007F:2711", "0:300") + row("0200007F:2711", "0:100") +
                        row("B80D0120000000000000000001000000:2711", "0:500"));
  CHECK(backlog.at("127.0.0.1", 10001) == 0x300);
  CHECK(backlog.at("127.0.0.2", 10001) == 0x100);
  CHECK(backlog.at("2001:db8::1", 10001) == 0x500);
  CHECK(backlog.at("127.0.0.3", 10001) == 0);
  CHECK(backlog.at("0.0.0.0", 10001) == 0);
  CHECK(backlog.at("localhost", 10001) == 0);
}

TEST_CASE("of several sockets of one address and port the one with the least counts") {
  const auto first = row("0100007F:2711", "0:300");
  const auto second = row("0100007F:2711", "0:100");
  CHECK(UdpBacklog::parse(first + second).at("127.0.0.1", 10001) == 0x100);
  CHECK(UdpBacklog::parse(second + first).at("127.0.0.1", 10001) == 0x100);
}

TEST_CASE("a list of sockets that is not understood says nothing") {
  for (const auto* text :
       {"", "\n\n", "312: 0100007F:2711", "a b c d", "1: 0100007F:2711 0:0 07 0:xyz 0",
        "1: 0100007F:12711 0:0 07 0:300 0", "1: 0100007F: 0:0 07 0:300 0"})
    CHECK(UdpBacklog::parse(text).at("127.0.0.1", 10001) == 0);
  // The last line need not end.
  CHECK(UdpBacklog::parse("1: 0100007F:2711 0:0 07 0:300").at("127.0.0.1", 10001) == 0x300);
}

TEST_CASE("a packet that nobody reads waits at its port") {
  for (const int family : {AF_INET, AF_INET6}) {
    const Bound bound(family);
    const std::string any = family == AF_INET ? "0.0.0.0" : "::";
    CHECK(UdpBacklog::read().at(any, bound.port) == 0);
    bound.send();
    const auto one = UdpBacklog::read().at(any, bound.port);
    CHECK(one > 0);
    bound.send();
    CHECK(UdpBacklog::read().at(any, bound.port) > one);
    bound.receive();
    bound.receive();
    CHECK(UdpBacklog::read().at(any, bound.port) == 0);
  }
}
