#include "stream/stream_tuning.hpp"

#include <catch2/catch_test_macros.hpp>

namespace rocd {
namespace {

StreamTuning of(Profile profile) {
  StreamSettings settings;
  settings.profile = profile;
  return resolve_tuning(settings);
}

TEST_CASE("profiles are the measured numbers") {
  CHECK(of(Profile::low) == StreamTuning{60ms, 10ms, 5ms, 5ms, {6, 3}});
  CHECK(of(Profile::balanced) == StreamTuning{120ms, 20ms, 5ms, std::nullopt, {10, 5}});
  CHECK(of(Profile::robust) == StreamTuning{300ms, 60ms, 5ms, std::nullopt, {18, 10}});
}

TEST_CASE("a block of ldpc has the repair packets without which its encoder aborts") {
  for (const auto profile : {Profile::low, Profile::balanced, Profile::robust}) {
    StreamSettings settings;
    settings.profile = profile;
    CHECK(resolve_tuning(settings, FecScheme::ldpc).fec_block.repair_packets >= 7);
  }
}

TEST_CASE("explicit settings override the profile") {
  StreamSettings settings;
  settings.target_latency = 200ms;
  settings.io_latency = 40ms;
  settings.packet_length = 2500us;
  const auto tuning = resolve_tuning(settings);
  CHECK(tuning.target_latency == 200ms);
  CHECK(tuning.io_latency == 40ms);
  CHECK(tuning.packet_length == 2500us);
}

TEST_CASE("whatever the target, io latency stays below it and a FEC block fits into it") {
  for (const auto profile : {Profile::low, Profile::balanced, Profile::robust}) {
    for (int ms = 5; ms <= 2000; ms += 5) {
      StreamSettings settings;
      settings.profile = profile;
      settings.target_latency = std::chrono::milliseconds(ms);
      const auto tuning = resolve_tuning(settings);
      INFO(ms);
      CHECK(tuning.io_latency < tuning.target_latency);
      CHECK(tuning.io_latency > Duration::zero());
      CHECK(tuning.fec_block.source_packets >= 5);
      CHECK(tuning.fec_block.repair_packets >= 3);
      if (ms >= 60) {
        CHECK(tuning.fec_block.source_packets * tuning.packet_length <= tuning.target_latency / 2);
      }
    }
  }
}

}  // namespace
}  // namespace rocd
