// Compares a recording with what should be in it, in sentences that a person can act on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audioprobe/analysis.hpp"

namespace rocd::audio {

struct Expectation {
  // Per channel, in Hz; 0 means silence. A single value is for all channels. Empty: not checked.
  std::vector<double> frequencies = {};
  double frequency_tolerance = 0.01;      // relative
  double least_tone_fraction = 0.8;       // of the 100 ms windows
  double least_separation_db = 30;        // to the other channels' frequencies
  std::optional<double> level_dbfs = {};  // of the tone
  double level_tolerance_db = 3;
  std::optional<double> longest_silence_ms = {};
  // Hz; must be in no channel at any time. The begin or end of another tone contains a bit of every
  // frequency, about 40 dB below it: raise the limit where there may be one.
  std::vector<double> absent_frequencies = {};
  double absent_dbfs = kSilenceDbfs;
};

// What is not as expected; empty if everything is.
[[nodiscard]] std::vector<std::string> compare(const Recording& recording,
                                               const std::vector<ChannelReport>& reports,
                                               const Expectation& expected);

}  // namespace rocd::audio
