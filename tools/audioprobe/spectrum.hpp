// A small Fourier transform; enough for recordings of a minute.
#pragma once

#include <complex>
#include <span>
#include <vector>

namespace rocd::audio {

// In place; the size must be a power of two. The inverse is not scaled.
void fourier(std::span<std::complex<double>> data, bool inverse);

// The smallest power of two that is not less than `size`.
[[nodiscard]] std::size_t power_of_two(std::size_t size);

// sum over i of pattern[i] * signal[i + lag] for every lag from 0 to signal.size() -
// pattern.size(). Empty if the signal is shorter than the pattern.
[[nodiscard]] std::vector<double> correlate(std::span<const float> pattern,
                                            std::span<const float> signal);

// The place of a peak between samples: -0.5 to 0.5 from the middle of three neighbours.
[[nodiscard]] double parabola_peak(double before, double middle, double after);

}  // namespace rocd::audio
