// Children that work, but with a device of others: another client has linked them to it. Whatever
// else is right, their sound is nobody else's business, and other sound is none of theirs.
#include <catch2/catch_test_macros.hpp>
#include <map>

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

  struct Link {
    std::string from, to;
  };
  struct Stray {
    std::string stream, said;
    std::vector<Link> made, broken;
  };
  const auto node = [&](const std::string& stream) {
    return "rocd.stream." + std::string(rocd.stream(stream).at("stream_uid").as_string());
  };
  const auto is_linked_to = [](const std::string& wrong, const std::string& right) {
    return "its audio was linked to '" + wrong + "' instead of only '" + right + "'";
  };
  const auto played = node("receive") + ":output_", recorded = node("send") + ":input_";
  const Link strays[] = {{played + "FL", "other.speaker:playback_FL"},
                         {played + "FR", "other.speaker:playback_FR"},
                         {"other.microphone:capture_FL", recorded + "FL"},
                         {"other.microphone:capture_FR", recorded + "FR"}};
  const Link own[] = {{played + "FL", "rocd.microphone.feed:playback_FL"},
                      {played + "FR", "rocd.microphone.feed:playback_FR"},
                      {"rocd.speaker:monitor_FL", recorded + "FL"},
                      {"rocd.speaker:monitor_FR", recorded + "FR"}};
  const auto from_receiver = is_linked_to("other.speaker", "rocd.microphone.feed");
  const auto to_sender = is_linked_to("other.microphone", "rocd.speaker");
  // One channel more, or all of it is moved.
  const Stray all[] = {{"receive", from_receiver, {strays[0]}, {}},
                       {"send", to_sender, {strays[2]}, {}},
                       {"receive", from_receiver, {strays[0], strays[1]}, {own[0], own[1]}},
                       {"send", to_sender, {strays[2], strays[3]}, {own[2], own[3]}}};
  std::map<std::string, int> restarts;
  for (const auto& stray : all) {
    INFO(stray.stream);
    Detection detection(rocd, stray.stream);
    std::string commands = "set -e; ";
    for (const auto& [from, to] : stray.broken)
      commands += "pw-link -d '" + from + "' '" + to + "'; ";
    commands += "set +e";
    // The child may have ended before the second.
    for (const auto& [from, to] : stray.made) commands += "; pw-link '" + from + "' '" + to + "'";
    commands += "; true";
    scene.session.run(commands);
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
    CHECK(rocd.stream(stray.stream).at("status").at("restarts") == ++restarts[stray.stream]);
    CHECK(witness.partners_of(node(stray.stream)).empty());
  }
}
