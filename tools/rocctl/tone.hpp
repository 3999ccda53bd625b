// The signal of `doctor --tone`, and what a recording says of the way that it went. (pure)
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "audioprobe/wav.hpp"
#include "rocctl/checks.hpp"

namespace rocctl {

// A tone of its own on each channel, then pulses; with silence after each.
[[nodiscard]] rocd::audio::Recording make_tone_signal();

struct ToneResult {
  // From the speaker to the microphone.
  double latency_ms = 0, latency_min_ms = 0, latency_max_ms = 0;
  std::optional<double> shown_latency_ms{};  // by rocd meanwhile, as GET /streams does
  std::size_t pulses = 0, missed = 0;
  // Of the tone, at the microphone; of both channels the worse.
  double level_dbfs = -200, played_dbfs = 0;
  double tone_fraction = 0;  // of the time
  double longest_silence_ms = 0;
  std::size_t gaps = 0;
  std::vector<std::string> findings{};  // what is not as it was played
};

// heard: four channels on one clock: left and right at the speaker, left and right at the
// microphone.
[[nodiscard]] ToneResult measure_tone(const rocd::audio::Recording& heard);

[[nodiscard]] Check tone_check(const ToneResult& result);
[[nodiscard]] boost::json::object to_json(const ToneResult& result);

}  // namespace rocctl
