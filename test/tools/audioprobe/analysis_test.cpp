#include "audioprobe/analysis.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <cmath>
#include <cstdint>

#include "audioprobe/expectation.hpp"
#include "audioprobe/signal.hpp"

using namespace rocd::audio;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

constexpr unsigned kRate = 48000;

void silence(Recording& recording, double from, double to) {
  for (Samples& channel : recording.channels)
    std::fill(channel.begin() + static_cast<std::ptrdiff_t>(from * recording.rate),
              channel.begin() + static_cast<std::ptrdiff_t>(to * recording.rate), 0.0F);
}

Recording make_noise(double amplitude, double seconds) {
  Recording recording{.rate = kRate};
  Samples& samples = recording.channels.emplace_back(static_cast<std::size_t>(seconds * kRate));
  std::uint32_t state = 1;
  for (float& sample : samples) {
    state = state * 1664525 + 1013904223;
    sample = static_cast<float>(amplitude * (state / 2147483648.0 - 1));
  }
  return recording;
}

void add(Recording& to, const Recording& other) {
  for (std::size_t i = 0; i < to.frames(); ++i) to.channels[0][i] += other.channels[0][i];
}

std::vector<std::string> findings(const Recording& recording, const Expectation& expected) {
  return compare(recording, analyze(recording), expected);
}

}  // namespace

TEST_CASE("A tone's frequency is found within 0.1 % and its level within 0.1 dB") {
  const double frequency = GENERATE(100.0, 440.0, 997.3, 6000.7, 15000.0);
  const double level = GENERATE(-50.0, -20.0, -0.1);
  const unsigned rate = GENERATE(44100U, 48000U);
  const ChannelReport report = analyze(make_tone({frequency}, level, 2, rate)).at(0);
  REQUIRE(report.frequency);
  CHECK_THAT(*report.frequency, WithinRel(frequency, 0.001));
  CHECK_THAT(report.tone_dbfs, WithinAbs(level, 0.1));
  CHECK_THAT(report.rms_dbfs, WithinAbs(level, 0.1));
  CHECK_THAT(report.peak_dbfs, WithinAbs(level, 0.1));
  CHECK(report.tone_fraction == 1.0);
  CHECK(report.gaps == 0);
  CHECK(report.longest_silence_ms == 0.0);
}

TEST_CASE("Gaps in a tone are counted and the longest silence is measured") {
  Recording recording = make_tone({440}, -20, 5, kRate);
  silence(recording, 1.0, 1.3);
  silence(recording, 2.5, 2.55);
  silence(recording, 4.0, 4.002);  // shorter than a gap
  const ChannelReport report = analyze(recording).at(0);
  CHECK_THAT(report.frequency.value(), WithinRel(440.0, 0.001));
  CHECK(report.gaps == 2);
  CHECK_THAT(report.longest_silence_ms, WithinAbs(300.0, 2.0));
  CHECK_THAT(report.tone_dbfs, WithinAbs(-20.0, 0.1));
  CHECK(report.timeline() == "##########...############.########################");
}

TEST_CASE("Silence before and after the tone is not a gap") {
  Recording recording = make_tone({440}, -20, 3, kRate);
  silence(recording, 0, 0.5);
  silence(recording, 2.8, 3);
  const ChannelReport report = analyze(recording).at(0);
  CHECK(report.gaps == 0);
  CHECK_THAT(report.leading_silence_ms, WithinAbs(500.0, 2.0));
  CHECK_THAT(report.trailing_silence_ms, WithinAbs(200.0, 2.0));
  CHECK_THAT(report.longest_silence_ms, WithinAbs(500.0, 2.0));
  CHECK_THAT(report.tone_fraction, WithinAbs(23.0 / 30, 0.001));
}

TEST_CASE("A tone whose phase jumps at every gap keeps its frequency") {
  Recording recording{.rate = kRate, .channels = {{}}};
  for (int part = 0; part < 8; ++part) {
    // Not a whole number of cycles.
    const Recording piece = make_tone({440}, -20, 0.4773, kRate);
    Samples& samples = recording.channels[0];
    samples.insert(samples.end(), piece.channels[0].begin(), piece.channels[0].end());
    samples.insert(samples.end(), 1500, 0.0F);
  }
  const ChannelReport report = analyze(recording).at(0);
  CHECK_THAT(report.frequency.value(), WithinRel(440.0, 0.001));
  CHECK(report.gaps == 7);
}

TEST_CASE("A tone that a resampler detunes by half a percent is still that tone") {
  const ChannelReport report = analyze(make_tone({1005}, -20, 3, kRate)).at(0);
  CHECK(report.tone_fraction == 1.0);
  Recording drifting = make_tone({0}, -20, 4, kRate);
  double phase = 0;
  for (std::size_t i = 0; i < drifting.frames(); ++i) {
    const double time = static_cast<double>(i) / kRate;
    phase += 2 * M_PI * 1000 * (1 + 0.005 * std::sin(time * 3)) / kRate;
    drifting.channels[0][i] = static_cast<float>(0.1 * std::sin(phase));
  }
  const ChannelReport drifted = analyze(drifting).at(0);
  CHECK(drifted.tone_fraction > 0.95);
  CHECK_THAT(drifted.tone_dbfs, WithinAbs(-20.0, 1.0));
}

TEST_CASE("Silence has no tone, and noise has no window with one") {
  const ChannelReport quiet = analyze(make_tone({0}, -20, 2, kRate)).at(0);
  CHECK_FALSE(quiet.frequency);
  CHECK(quiet.windows.size() == 20);
  CHECK(quiet.tone_fraction == 0.0);
  CHECK(quiet.longest_silence_ms == 2000.0);

  const ChannelReport noise = analyze(make_noise(0.3, 2)).at(0);
  CHECK(noise.tone_fraction == 0.0);
  CHECK(noise.longest_silence_ms == 0.0);
}

TEST_CASE("A tone in noise is found while it is the greater part of the energy") {
  Recording recording = make_tone({440}, -20, 3, kRate);
  add(recording, make_noise(0.03, 3));
  const ChannelReport report = analyze(recording).at(0);
  CHECK_THAT(report.frequency.value(), WithinRel(440.0, 0.001));
  CHECK(report.tone_fraction == 1.0);
  CHECK_THAT(report.tone_dbfs, WithinAbs(-20.0, 0.3));
}

TEST_CASE("The level of one frequency is measured beside a louder one") {
  Recording recording = make_tone({660}, -10, 3, kRate);
  add(recording, make_tone({440}, -50, 3, kRate));
  const ToneLevel level = level_at(recording.channels[0], kRate, 440);
  CHECK_THAT(level.median_dbfs, WithinAbs(-50.0, 0.5));
  CHECK(level_at(recording.channels[0], kRate, 880).loudest_dbfs < -75);
}

TEST_CASE("A trace of a tone that lasts a tenth of a second is noticed") {
  Recording recording = make_tone({0}, -20, 5, kRate);
  const Recording trace = make_tone({440}, -30, 0.1, kRate);
  std::copy(trace.channels[0].begin(), trace.channels[0].end(),
            recording.channels[0].begin() + 123456);
  const Expectation expected{.absent_frequencies = {440}};
  REQUIRE(findings(recording, expected).size() == 1);
  CHECK(findings(make_tone({0}, -20, 5, kRate), expected).empty());
}

TEST_CASE("A recording that is shorter than a window does not crash the analysis") {
  const std::size_t frames = GENERATE(as<std::size_t>{}, 0, 1, 100, 4799);
  Recording recording = make_tone({440}, -20, 0.1, kRate);
  recording.channels[0].resize(frames);
  const ChannelReport report = analyze(recording).at(0);
  CHECK(report.windows.empty());
  CHECK_FALSE(findings(recording, {.frequencies = {440}}).empty());
}

TEST_CASE("The right tones on the right channels are as expected") {
  const Recording recording = make_tone({440, 660}, -20, 3, kRate);
  CHECK(findings(recording, {.frequencies = {440, 660}, .level_dbfs = -20}).empty());
}

TEST_CASE("Swapped channels are not as expected") {
  const std::vector<std::string> found =
      findings(make_tone({660, 440}, -20, 3, kRate), {.frequencies = {440, 660}});
  CHECK(std::ranges::find(found, "channel 0: expected 440.0 Hz, found 660.0 Hz") == found.begin());
  CHECK(std::ranges::count_if(
            found, [](const std::string& text) { return text.starts_with("channel 1:"); }) == 2);
}

TEST_CASE("Crosstalk, wrong levels, gaps and wrong channel counts are named") {
  Recording recording = make_tone({440, 660}, -20, 3, kRate);
  add(recording, make_tone({660}, -40, 3, kRate));
  CHECK(findings(recording, {.frequencies = {440, 660}}) ==
        std::vector<std::string>{"channel 0: 660.0 Hz of another channel is only 20.0 dB down"});
  const Recording clean = make_tone({440, 440}, -20, 3, kRate);
  CHECK(findings(clean, {.frequencies = {440}, .level_dbfs = -10}).size() == 2);
  CHECK(findings(clean, {.frequencies = {440, 0}}).size() == 1);
  CHECK(findings(clean, {.frequencies = {440, 440, 440}}).size() == 1);
  Recording interrupted = clean;
  silence(interrupted, 0.5, 1.5);
  CHECK(findings(interrupted, {.frequencies = {440}}) ==
        std::vector<std::string>{"channel 0: tone in 66.7 % of the windows, expected 80.0 %",
                                 "channel 1: tone in 66.7 % of the windows, expected 80.0 %"});
  CHECK(findings(interrupted, {.longest_silence_ms = 900}).size() == 2);
}
