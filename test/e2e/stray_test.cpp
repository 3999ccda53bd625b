// Children that work, but with a device of others: another client has linked them to it. Whatever
// else is right, their sound is nobody else's business, and other sound is none of theirs.
#include <catch2/catch_test_macros.hpp>

#include "e2e/detection.hpp"
#include "e2e/scene.hpp"

using namespace rocd::test;
using enum rocd::test::Listener::Tap;

namespace {

constexpr Tone tone{440, 660};
constexpr Tone song{1790, 2110};  // what the microphone of others hears
const std::vector<std::string> both{"send", "receive"};

}  // namespace

TEST_CASE("a child that somebody links to a device of others is ended, and the next is not",
          "[e2e]") {
  Scene scene(std::nullopt);
  make_sink(scene.session, "other.speaker");
  make_source(scene.session, "other.microphone");
  const Player other_player("other.microphone.feed", song);
  const Listener other_speaker("other.speaker", monitor);
  scene.write_config(loopback_config());
  scene.start_rocd();
  auto& rocd = scene.rocd();
  rocd.wait_for_streams(both);
  const Player player("rocd.speaker", tone);
  const Listener microphone("rocd.microphone", source);
  REQUIRE(microphone.listen_for(tone, {.seconds = 1}) == "heard");
  REQUIRE(other_speaker.record_more(0.5));

  struct Stray {
    std::string stream, from, to, said;
  };
  const auto node = [&](const std::string& stream) {
    return "rocd.stream." + std::string(rocd.stream(stream).at("stream_uid").as_string());
  };
  for (const auto& stray :
       {Stray{"receive", node("receive") + ":output_FL", "other.speaker:playback_FL",
              "its audio was linked to 'other.speaker' instead of only 'rocd.microphone.feed'"},
        Stray{"send", "other.microphone:capture_FL", node("send") + ":input_FL",
              "its audio was linked to 'other.microphone' instead of only 'rocd.speaker'"}}) {
    INFO(stray.stream);
    Detection detection(rocd, stray.stream);
    scene.session.run("pw-link '" + stray.from + "' '" + stray.to + "'");
    const auto problem = detection.problem({stray.said});
    INFO(rocd.log());
    REQUIRE(problem == "");
    WARN(stray.stream << ", linked to a device of others: " << detection.times());
    rocd.wait_for_streams(both);
    LinkWitness witness;  // of what comes from here on
    CHECK(microphone.listen_for(tone, {.seconds = 1}) == "heard");

    const auto from = microphone.position();
    const auto other_from = other_speaker.position();
    CHECK(microphone.record_more(1.5));
    CHECK(other_speaker.record_more(1.5));
    CHECK(microphone.search({song.left, song.right}, from) == "no trace");
    CHECK(other_speaker.search({tone.left, tone.right}, other_from) == "no trace");
    CHECK(rocd.state_of(stray.stream) == "running");
    CHECK(rocd.stream(stray.stream).at("status").at("restarts") == 1);
    CHECK(witness.partners_of(node(stray.stream)).empty());
  }
}
