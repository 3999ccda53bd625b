#include "audioprobe/latency.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include "audioprobe/signal.hpp"

using namespace rocd::audio;
using Catch::Matchers::WithinAbs;

namespace {

constexpr unsigned kRate = 48000;

auto at(Samples& samples, int seconds) {
  return samples.begin() + std::ptrdiff_t{kRate} * seconds;
}

Samples delay(const Samples& samples, std::size_t frames, float gain = 1) {
  Samples result(samples.size());
  for (std::size_t i = frames; i < samples.size(); ++i) result[i] = gain * samples[i - frames];
  return result;
}

}  // namespace

TEST_CASE("A delay is measured exactly, also when it is longer than the distance of pulses") {
  const std::size_t frames = GENERATE(as<std::size_t>{}, 0, 1, 14555, 90000);
  const Samples pulses = make_pulses(-6, 8, kRate, 1).channels[0];
  const Latency latency = measure_latency(pulses, delay(pulses, frames, 0.05F), kRate, 2);
  REQUIRE(latency.pulses >= 10);
  CHECK(latency.missed() == 0);
  const double expected = 1000.0 * static_cast<double>(frames) / kRate;
  CHECK_THAT(latency.median_ms, WithinAbs(expected, 0.02));
  CHECK_THAT(latency.min_ms, WithinAbs(expected, 0.02));
  CHECK_THAT(latency.max_ms, WithinAbs(expected, 0.02));
}

TEST_CASE("Pulses that were lost on the way are counted") {
  const Samples pulses = make_pulses(-6, 10, kRate, 1).channels[0];
  Samples delayed = delay(pulses, 4800);
  std::fill(at(delayed, 2), at(delayed, 4), 0.0F);
  const Latency latency = measure_latency(pulses, delayed, kRate, 2);
  CHECK(latency.missed() >= 2);
  CHECK(latency.missed() <= 5);
  CHECK_THAT(latency.max_ms, WithinAbs(100.0, 0.02));
}

TEST_CASE("A channel without the pulses gives no latency") {
  const Samples pulses = make_pulses(-6, 5, kRate, 1).channels[0];
  const Samples tone = make_tone({440}, -6, 5, kRate).channels[0];
  CHECK(measure_latency(pulses, Samples(pulses.size()), kRate, 1).lags_ms.empty());
  CHECK(measure_latency(pulses, tone, kRate, 1).lags_ms.empty());
  CHECK(measure_latency(Samples(pulses.size()), pulses, kRate, 1).pulses == 0);
  CHECK(measure_latency({}, {}, kRate, 1).pulses == 0);
}

TEST_CASE("A delay that changes in the middle shows in the smallest and the largest lag") {
  const Samples pulses = make_pulses(-6, 8, kRate, 1).channels[0];
  Samples delayed = delay(pulses, 4800);
  Samples later = delay(pulses, 9600);
  std::copy(at(later, 4), later.end(), at(delayed, 4));
  const Latency latency = measure_latency(pulses, delayed, kRate, 1);
  CHECK_THAT(latency.min_ms, WithinAbs(100.0, 0.02));
  CHECK_THAT(latency.max_ms, WithinAbs(200.0, 0.02));
}
