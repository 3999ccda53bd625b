// That a receiver that lost audio says so, and no longer when all is there again: the tools' own
// count is of the whole session (docs/facts.md).
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>

#include "e2e/scene.hpp"
#include "support/relay.hpp"

using namespace rocd::test;

namespace {

constexpr Tone tone{440, 660};

// The last that its tool has told; 0: nothing, or no loss.
double loss_that_the_tool_tells(const Rocd& rocd, const std::string& stream) {
  const auto uri = std::string(rocd.stream(stream).at("stream_uri").as_string());
  const auto log = rocd.http().get(uri + "/log");
  double ratio = 0;
  for (const auto& line : log.at("lines").as_array()) {
    const std::string text(line.at("text").as_string());
    const auto at = text.find(" loss_ratio=");
    if (at != std::string::npos) ratio = std::stod(text.substr(at + 12));
  }
  return ratio;
}

// The sender's packets reach the receiver by way of a network of our own.
struct Ports {
  std::uint16_t sent_to, received_at;
};

std::string config(const Ports& ports) {
  const auto address = [](std::uint16_t port) {
    return "{ media: 'rtp://127.0.0.1:" + std::to_string(port) + "' }";
  };
  return "endpoints:\n"
         "  - { name: speaker, direction: output }\n"
         "  - { name: microphone, direction: input }\n"
         "streams:\n"
         "  - { name: send, source: speaker, destination: " +
         address(ports.sent_to) +
         " }\n"
         "  - { name: receive, source: " +
         address(ports.received_at) + ", destination: microphone }\n";
}

}  // namespace

TEST_CASE("a receiver that has lost audio is healthy again when nothing more is lost",
          "[e2e][health]") {
  const auto free = free_udp_ports(2);
  const Ports ports{.sent_to = free[0], .received_at = free[1]};
  Relay network({{{ports.sent_to, 0, 0}, {ports.received_at, 0, 0}}}, 1);
  Scene scene(config(ports));
  const Player player("rocd.speaker", tone);
  auto& rocd = scene.rocd();
  rocd.wait_for_streams({"send", "receive"});
  const auto is_healthy = [](const boost::json::value& stream) {
    return stream.at("status").at("health").at("overall") == "healthy";
  };
  REQUIRE(eventually([&] { return is_healthy(rocd.stream("receive")); }, 2 * patience));

  network.set_weather({.loss = 0.2});
  const bool is_told = eventually([&] { return !is_healthy(rocd.stream("receive")); });
  network.set_weather({});
  const bool tool_tells = eventually([&] { return loss_that_the_tool_tells(rocd, "receive") > 0; });
  INFO("log of rocd:\n" << rocd.log());
  REQUIRE(is_told);
  REQUIRE(tool_tells);

  boost::json::value receive;
  const auto all_is_there = [&] {
    receive = rocd.stream("receive");
    return is_healthy(receive) &&
           receive.at("status").at("metrics").at("loss_ratio").to_number<double>() == 0;
  };
  CHECK(eventually(all_is_there, 2 * patience));
  INFO(boost::json::serialize(receive));
  CHECK(loss_that_the_tool_tells(rocd, "receive") > 0);
}
