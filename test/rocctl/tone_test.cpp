// What `doctor --tone` makes of a recording.
#include "rocctl/tone.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

namespace rocctl::test {
namespace {

using rocd::audio::Recording;
using rocd::audio::Samples;

constexpr unsigned rate = 48000;
constexpr std::size_t begin = rate / 2;       // of what is played, in the recording
constexpr std::size_t delay = rate * 3 / 20;  // 150 ms

// As if the signal had come through, `gain` as loud.
Recording heard_after(std::size_t samples, float gain = 1) {
  const auto signal = make_tone_signal();
  Recording heard{.rate = rate};
  const auto length = begin + signal.frames() + rate;
  for (std::size_t channel = 0; channel < 4; ++channel) {
    const auto& played = signal.channels[channel % 2];
    auto& samples_of = heard.channels.emplace_back(length, 0.0F);
    const auto at = begin + (channel < 2 ? 0 : samples);
    for (std::size_t i = 0; i < played.size(); ++i)
      samples_of[at + i] = played[i] * (channel < 2 ? 1 : gain);
  }
  return heard;
}

void silence(Recording& heard, double from, double seconds) {
  for (const std::size_t channel : {2, 3}) {
    auto& samples = heard.channels[channel];
    const auto first = samples.begin() + static_cast<std::ptrdiff_t>(from * rate);
    std::fill(first, first + static_cast<std::ptrdiff_t>(seconds * rate), 0.0F);
  }
}

bool mentions(const ToneResult& result, const std::string& words) {
  return std::any_of(result.findings.begin(), result.findings.end(), [&](const std::string& each) {
    return each.find(words) != std::string::npos;
  });
}

}  // namespace

TEST_CASE("a sound that comes through is good, with its latency and level") {
  const auto result = measure_tone(heard_after(delay));
  CHECK(result.findings.empty());
  CHECK(result.latency_ms == Catch::Approx(150).margin(0.1));
  CHECK(result.latency_max_ms - result.latency_min_ms < 0.1);
  CHECK(result.pulses >= 7);
  CHECK(result.missed == 0);
  CHECK(result.level_dbfs == Catch::Approx(-20).margin(0.2));
  CHECK(result.tone_fraction == 1);
  CHECK(result.gaps == 0);
  const auto check = tone_check(result);
  CHECK(check.grade == Grade::good);
  CHECK(check.text.starts_with("150 ms from the speaker to the microphone ("));
  CHECK(check.text.ends_with("level -20.0 dBFS (played: -20.0), no gaps"));
  CHECK(to_json(result).at("latency_ms").as_double() == Catch::Approx(150).margin(0.1));
  CHECK(to_json(result).at("findings").as_array().empty());
}

TEST_CASE("gaps are counted, and doubtful") {
  auto heard = heard_after(delay);
  silence(heard, 2, 0.05);
  const auto result = measure_tone(heard);
  CHECK(result.gaps == 1);
  CHECK(result.longest_silence_ms == Catch::Approx(50).margin(5));
  const auto check = tone_check(result);
  CHECK(check.grade == Grade::doubtful);
  CHECK(check.text.find("1 gap, the longest of 50 ms") != std::string::npos);
  CHECK(check.hint.find("--profile robust") != std::string::npos);
}

TEST_CASE("lost pulses are counted, and doubtful") {
  auto heard = heard_after(delay);
  // The first pulse is 0.2 s after the silence that follows the tone.
  silence(heard, 0.5 + 3 + 0.7 + 0.2 + 0.1, 0.15);
  const auto result = measure_tone(heard);
  CHECK(result.missed == 1);
  CHECK(tone_check(result).grade == Grade::doubtful);
  CHECK(tone_check(result).text.find("1 pulse was lost") != std::string::npos);
}

TEST_CASE("silence, another level, swapped channels and nonsense are bad") {
  auto silent = heard_after(delay);
  silence(silent, 0, 5);
  silence(silent, 5, 5);
  auto result = measure_tone(silent);
  CHECK(mentions(result, "no pulse"));
  CHECK(tone_check(result).grade == Grade::bad);
  CHECK(!tone_check(result).hint.empty());

  result = measure_tone(heard_after(delay, 0.25F));
  CHECK(mentions(result, "dBFS"));
  CHECK(result.latency_ms == Catch::Approx(150).margin(0.1));

  auto swapped = heard_after(delay);
  std::swap(swapped.channels[2], swapped.channels[3]);
  CHECK(mentions(measure_tone(swapped), "Hz"));

  CHECK(mentions(measure_tone(Recording{.rate = rate}), "did not record"));
  Recording nothing{.rate = rate};
  nothing.channels.assign(4, Samples(rate, 0.0F));
  CHECK(mentions(measure_tone(nothing), "did not arrive at the virtual speaker"));
}

}  // namespace rocctl::test
