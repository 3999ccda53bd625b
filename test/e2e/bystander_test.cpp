// The judge of limits_test.cpp itself.
#include "e2e/bystander.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace rocd::test;

TEST_CASE("a stream that falls silent, and tools beside it that do not, are told apart", "[e2e]") {
  Scene scene(loopback_config());
  auto& rocd = scene.rocd();
  rocd.wait_for_streams({"send", "receive"});
  const Bystander bystander(scene);
  CHECK(bystander.is_heard());
  const auto before = bystander.judge();
  INFO(before.text);
  CHECK(before.good);

  const std::string stream(rocd.stream("receive").at("stream_uri").as_string());
  rocd.http().patch(stream, {{"enabled", false}});
  const Listener clock("test.speaker", Listener::Tap::monitor);
  CHECK(clock.record_more(3));
  rocd.http().patch(stream, {{"enabled", true}});
  CHECK(bystander.is_heard());
  const auto after = bystander.judge();
  INFO(after.text);
  CHECK((!after.good || !after.machine_keeps_up));
}

TEST_CASE("what others are silent by hand, too, is borne with, and no more", "[e2e]") {
  CHECK(judge_silences(5, 0).good);
  CHECK_FALSE(judge_silences(6, 0).good);
  CHECK(judge_silences(12, 5).good);
  CHECK_FALSE(judge_silences(13, 5).good);
  CHECK(judge_silences(12, 5).machine_keeps_up);
  CHECK(judge_silences(64, 6).good);
  CHECK_FALSE(judge_silences(65, 6).good);
  CHECK_FALSE(judge_silences(64, 6).machine_keeps_up);
}
