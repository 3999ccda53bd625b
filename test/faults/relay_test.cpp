#include "support/relay.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "base/descriptor.hpp"
#include "e2e/wait.hpp"

using namespace rocd::test;

namespace {

// A socket on a free port of the loopback interface.
struct Peer {
  rocd::Descriptor socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  std::uint16_t port = 0;

  Peer() {
    auto address = loopback(0);
    socklen_t size = sizeof address;
    REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
  }

  void send(std::uint16_t to, const std::string& text) const {
    const auto address = loopback(to);
    REQUIRE(::sendto(socket.get(), text.data(), text.size(), 0,
                     reinterpret_cast<const sockaddr*>(&address), sizeof address) > 0);
  }

  [[nodiscard]] bool hears(const std::string& text) const {
    return eventually([&] {
      std::string buffer(64, '\0');
      const auto size = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
      return size > 0 && buffer.substr(0, static_cast<std::size_t>(size)) == text;
    });
  }

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
};

std::uint16_t free_port() {
  return Peer().port;
}

}  // namespace

TEST_CASE("packets find a receiver that has changed its ports", "[faults]") {
  const Peer sender, first, second;
  const StreamPorts in{free_port(), 0, 0};
  Relay relay({{in, {first.port, 0, 0}}}, 1);
  sender.send(in[0], "one");
  CHECK(first.hears("one"));
  relay.set_receiver({in, {second.port, 0, 0}});
  sender.send(in[0], "two");
  CHECK(second.hears("two"));
}

TEST_CASE("packets that are lost or late are counted", "[faults]") {
  const Peer sender, receiver;
  const StreamPorts in{free_port(), 0, 0};
  Relay relay({{in, {receiver.port, 0, 0}}}, 1);
  relay.set_weather({.loss = 1});
  sender.send(in[0], "lost");
  CHECK(eventually([&] { return relay.counts().lost == 1; }));
  relay.set_weather({.jitter_ms = 5});
  sender.send(in[0], "late");
  CHECK(receiver.hears("late"));
  const auto counts = relay.counts();
  CHECK(counts.packets == 2);
  CHECK(counts.lost == 1);
  CHECK(counts.delayed == 1);
}
