#include "audioprobe/spectrum.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace rocd::audio {
namespace {

void reverse_bits(std::span<std::complex<double>> data) {
  std::size_t reversed = 0;
  for (std::size_t i = 1; i < data.size(); ++i) {
    std::size_t bit = data.size() >> 1;
    for (; (reversed & bit) != 0; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (i < reversed) std::swap(data[i], data[reversed]);
  }
}

}  // namespace

void fourier(std::span<std::complex<double>> data, bool inverse) {
  reverse_bits(data);
  for (std::size_t length = 2; length <= data.size(); length *= 2) {
    const double angle = (inverse ? 2 : -2) * std::numbers::pi / static_cast<double>(length);
    // Computed for each, not multiplied up: the error would grow with the length.
    std::vector<std::complex<double>> factors(length / 2);
    for (std::size_t i = 0; i < factors.size(); ++i)
      factors[i] = std::polar(1.0, angle * static_cast<double>(i));
    for (std::size_t start = 0; start < data.size(); start += length) {
      for (std::size_t i = 0; i < factors.size(); ++i) {
        const auto even = data[start + i];
        const auto odd = data[start + i + factors.size()] * factors[i];
        data[start + i] = even + odd;
        data[start + i + factors.size()] = even - odd;
      }
    }
  }
}

std::size_t power_of_two(std::size_t size) {
  std::size_t result = 1;
  while (result < size) result *= 2;
  return result;
}

std::vector<double> correlate(std::span<const float> pattern, std::span<const float> signal) {
  if (pattern.empty() || signal.size() < pattern.size()) return {};
  const std::size_t size = power_of_two(signal.size() + pattern.size());
  std::vector<std::complex<double>> a(size);
  std::vector<std::complex<double>> b(size);
  std::copy(pattern.begin(), pattern.end(), a.begin());
  std::copy(signal.begin(), signal.end(), b.begin());
  fourier(a, false);
  fourier(b, false);
  for (std::size_t i = 0; i < size; ++i) b[i] *= std::conj(a[i]);
  fourier(b, true);
  std::vector<double> result(signal.size() - pattern.size() + 1);
  for (std::size_t lag = 0; lag < result.size(); ++lag)
    result[lag] = b[lag].real() / static_cast<double>(size);
  return result;
}

double parabola_peak(double before, double middle, double after) {
  const double curvature = before - 2 * middle + after;
  if (curvature >= 0) return 0;
  return std::clamp(0.5 * (before - after) / curvature, -0.5, 0.5);
}

}  // namespace rocd::audio
