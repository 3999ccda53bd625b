// That a receiver that lost audio says so, and no longer when all is there again: the tools' own
// count is of the whole session (docs/facts.md).
#include <signal.h>

#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "e2e/scene.hpp"

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

// For `times` as long as its packets last at the receiver. What is beyond is lost; 4/3 of it end
// the session.
void interrupt(const Rocd& rocd, double times) {
  const auto target = rocd.stream("receive")
                          .at("status")
                          .at("resolved")
                          .at("target_latency_ms")
                          .to_number<double>();
  const int sender = rocd.child_of("send");
  REQUIRE(sender > 0);
  REQUIRE(::kill(sender, SIGSTOP) == 0);
  std::this_thread::sleep_for(Milliseconds(static_cast<int>(target * times)));
  REQUIRE(::kill(sender, SIGCONT) == 0);
}

}  // namespace

TEST_CASE("a receiver that has lost audio is healthy again when nothing more is lost",
          "[e2e][health]") {
  Scene scene(loopback_config({{.fec = "", .profile = "robust"}}));
  const Player player("rocd.speaker", tone);
  auto& rocd = scene.rocd();
  rocd.wait_for_streams({"send", "receive"});
  const auto is_healthy = [](const boost::json::value& stream) {
    return stream.at("status").at("health").at("overall") == "healthy";
  };
  REQUIRE(eventually([&] { return is_healthy(rocd.stream("receive")); }, 2 * patience));

  // A busy machine may make of it more, so that the session ends, or less.
  constexpr int tries = 5;
  for (int i = 0; i < tries && loss_that_the_tool_tells(rocd, "receive") == 0; ++i) {
    interrupt(rocd, 1.5 + 0.1 * i);
    (void)eventually([&] { return loss_that_the_tool_tells(rocd, "receive") > 0; }, 25s);
  }
  INFO("log of rocd:\n" << rocd.log());
  REQUIRE(loss_that_the_tool_tells(rocd, "receive") > 0);

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
