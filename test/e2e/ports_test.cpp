// Ports that are left to rocd: others send to them, so they stay what they are as long as they can.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>

#include "base/descriptor.hpp"
#include "e2e/scene.hpp"

using namespace rocd::test;

namespace {

std::string config(std::uint16_t first, std::size_t count) {
  return "endpoints:\n"
         "  - { name: microphone, direction: input }\n"
         "ports: { range: " +
         std::to_string(first) + "-" + std::to_string(first + count - 1) + " }\n";
}

// A receiver whose ports are rocd's to choose; its URI.
std::string receive(const Rocd& rocd, const std::string& name, const std::string& media) {
  const auto microphone = rocd.endpoint("rocd.microphone").at("endpoint_uri");
  const auto made = rocd.http().post(
      "/streams",
      {{"display_name", name},
       {"source", {{"connection_type", "external"}, {"media_uri", media}}},
       {"destination", {{"connection_type", "endpoint"}, {"endpoint_uri", microphone}}}});
  return std::string(made.at("stream_uri").as_string());
}

std::string address_of(const Rocd& rocd, const std::string& stream) {
  const auto status = rocd.stream(stream).at("status");
  return std::string(status.at("resolved").at("media_uri").as_string());
}

// Another program that has the port of this address.
class Thief {
 public:
  explicit Thief(const std::string& address)
      : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port =
        htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    const auto taken = [&] {
      return ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
    };
    REQUIRE(eventually(taken));
  }

 private:
  rocd::Descriptor socket_;
};

}  // namespace

TEST_CASE("after a crash of rocd each receiver has the ports that it had", "[e2e][ports]") {
  // In a range that is just wide enough each stream is in the way of others.
  constexpr std::size_t streams = 4;
  Scene scene(config(free_udp_row(2 * streams), 2 * streams));
  auto& rocd = scene.rocd();
  std::vector<std::string> names;
  std::vector<std::string> before;
  for (std::size_t i = 0; i < streams; ++i) {
    names.push_back("s" + std::to_string(i));
    receive(rocd, names.back(), "rtp+rs8m://127.0.0.1:0");
    rocd.wait_for_streams({names.back()});
  }
  for (const auto& name : names) before.push_back(address_of(rocd, name));
  for (int crash = 0; crash < 2; ++crash) {
    scene.kill_rocd();
    scene.start_rocd();
    scene.rocd().wait_for_streams(names);
    for (std::size_t i = 0; i < streams; ++i)
      CHECK(address_of(scene.rocd(), names[i]) == before[i]);
  }
}

TEST_CASE("a port that another program had is used again when it is free", "[e2e][ports]") {
  Scene scene(config(free_udp_row(2), 2));
  auto& rocd = scene.rocd();
  const auto uri = receive(rocd, "receive", "rtp://127.0.0.1:0");
  rocd.wait_for_streams({"receive"});
  for (int theft = 0; theft < 3; ++theft) {
    const auto before = address_of(rocd, "receive");
    rocd.http().patch(uri, {{"enabled", false}});
    rocd.wait_for_streams({"receive"}, "stopped");
    const Thief thief(before);
    rocd.http().patch(uri, {{"enabled", true}});
    rocd.wait_for_streams({"receive"});
    CHECK(address_of(rocd, "receive") != before);
  }
}
