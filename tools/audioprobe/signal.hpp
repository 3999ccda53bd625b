// Test signals: steady tones, and bursts from which a delay can be measured without ambiguity.
// The same arguments always give the same samples.
#pragma once

#include <vector>

#include "audioprobe/wav.hpp"

namespace rocd::audio {

// A level is the amplitude of a sine in dB of full scale: a sine of amplitude 1.0 has 0 dBFS.
[[nodiscard]] double amplitude_of(double dbfs);
[[nodiscard]] double dbfs_of(double amplitude);  // -200 at the least

// One channel per frequency; 0 Hz is silence.
[[nodiscard]] Recording make_tone(const std::vector<double>& frequencies, double dbfs,
                                  double seconds, unsigned rate);

// Bursts of 50 ms, each of its own noise (300 to 6,000 Hz), 0.4 to 0.7 s apart at irregular
// distances: neither a burst nor its distance to the next can be taken for another one.
[[nodiscard]] Recording make_pulses(double peak_dbfs, double seconds, unsigned rate,
                                    unsigned channels);

}  // namespace rocd::audio
