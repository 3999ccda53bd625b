// A tone that goes from a virtual speaker by way of two streams to a virtual microphone, as
// loopback_config() has them, and is heard there.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "e2e/scene.hpp"

namespace rocd::test {

class LoopbackTone {
 public:
  explicit LoopbackTone(const Rocd& rocd)
      : player_(wait_for(rocd), tone), microphone_("rocd.microphone", Listener::Tap::source) {
    REQUIRE(heard() == "heard");
  }
  [[nodiscard]] std::string heard() const { return microphone_.listen_for(tone, {.seconds = 1}); }

 private:
  static constexpr Tone tone{440, 660};
  static const char* wait_for(const Rocd& rocd) {
    rocd.wait_for_streams({"send", "receive"});
    return "rocd.speaker";
  }

  Player player_;
  Listener microphone_;
};

}  // namespace rocd::test
