// What is in a recording: which tone, how loud, how much of the time, with which silences.
// Levels are amplitudes of a sine in dB of full scale (see signal.hpp). Does not judge: the caller
// compares with what it expected.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audioprobe/wav.hpp"

namespace rocd::audio {

inline constexpr double kWindowSeconds = 0.1;
// Quieter than this is silence, whatever it is.
inline constexpr double kSilenceDbfs = -60;
// A zero crossing is not a silence.
inline constexpr double kShortestGapSeconds = 0.003;

struct ChannelReport {
  std::optional<double> frequency;  // Hz of the strongest tone; none in silence
  double tone_dbfs = -200;          // median level of the windows that have the tone
  double rms_dbfs = -200;           // of everything; a full-scale sine has 0 (AES17)
  double peak_dbfs = -200;
  std::vector<bool> windows;      // of 100 ms each: whether the tone is in it
  double tone_fraction = 0;       // of the windows
  double longest_silence_ms = 0;  // anywhere, also at the begin and the end
  double leading_silence_ms = 0;
  double trailing_silence_ms = 0;
  std::size_t gaps = 0;  // silences with sound before and after them

  // '#' for a window with the tone, '.' for one without.
  [[nodiscard]] std::string timeline() const;
};

[[nodiscard]] ChannelReport analyze_channel(std::span<const float> samples, unsigned rate);

[[nodiscard]] std::vector<ChannelReport> analyze(const Recording& recording);

struct ToneLevel {
  double median_dbfs = -200;
  double loudest_dbfs = -200;  // of any window: what a trace of another stream shows up in
};

// The level of one frequency over all windows, whatever else is in them.
[[nodiscard]] ToneLevel level_at(std::span<const float> samples, unsigned rate, double frequency);

}  // namespace rocd::audio
