#include "audioprobe/latency.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "audioprobe/spectrum.hpp"

namespace rocd::audio {
namespace {

constexpr double kLeastCorrelation = 0.5;
constexpr double kSmallestBurst = 0.01;  // seconds; shorter is a click
// Seconds of quiet that end a burst; its own noise is never quiet for so long.
constexpr double kQuiet = 0.02;

struct Burst {
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::vector<Burst> find_bursts(std::span<const float> samples, unsigned rate) {
  float peak = 0;
  for (const float sample : samples) peak = std::max(peak, std::abs(sample));
  if (peak < 1e-3F) return {};
  const float threshold = peak / 30;
  const auto quiet = static_cast<std::size_t>(kQuiet * rate);
  std::vector<Burst> bursts;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (std::abs(samples[i]) < threshold) continue;
    if (!bursts.empty() && i - bursts.back().end < quiet)
      bursts.back().end = i + 1;
    else
      bursts.push_back({.begin = i, .end = i + 1});
  }
  const auto smallest = static_cast<std::size_t>(kSmallestBurst * rate);
  std::erase_if(bursts, [&](const Burst& burst) { return burst.end - burst.begin < smallest; });
  return bursts;
}

// In samples, with a fraction.
std::optional<double> find_again(std::span<const float> pattern, std::span<const float> signal) {
  const std::vector<double> correlation = correlate(pattern, signal);
  if (correlation.empty()) return std::nullopt;
  double pattern_energy = 0;
  for (const float sample : pattern) pattern_energy += static_cast<double>(sample) * sample;
  std::vector<double> energy(signal.size() + 1);  // of the signal up to each sample
  for (std::size_t i = 0; i < signal.size(); ++i)
    energy[i + 1] = energy[i] + static_cast<double>(signal[i]) * signal[i];
  const auto normalised = [&](std::size_t lag) {
    const double local = energy[lag + pattern.size()] - energy[lag];
    // Where there is next to nothing, any shape would fit.
    return local < pattern_energy * 1e-4 ? 0 : correlation[lag] / std::sqrt(local * pattern_energy);
  };
  std::size_t best = 0;
  double highest = 0;
  for (std::size_t lag = 0; lag < correlation.size(); ++lag) {
    const double value = normalised(lag);
    if (value > highest) {
      highest = value;
      best = lag;
    }
  }
  if (highest < kLeastCorrelation) return std::nullopt;
  if (best == 0 || best + 1 == correlation.size()) return static_cast<double>(best);
  return static_cast<double>(best) +
         parabola_peak(correlation[best - 1], correlation[best], correlation[best + 1]);
}

}  // namespace

Latency measure_latency(std::span<const float> reference, std::span<const float> delayed,
                        unsigned rate, double max_lag) {
  Latency latency;
  const auto reach = static_cast<std::size_t>(max_lag * rate);
  const std::size_t length = std::min(reference.size(), delayed.size());
  for (const Burst& burst : find_bursts(reference.first(length), rate)) {
    const std::size_t end = std::min(length, burst.end + reach);
    const auto lag = find_again(reference.subspan(burst.begin, burst.end - burst.begin),
                                delayed.subspan(burst.begin, end - burst.begin));
    // At the end of a recording a pulse may still be on its way.
    if (!lag && burst.end + reach > length) continue;
    ++latency.pulses;
    if (lag) latency.lags_ms.push_back(1000 * *lag / rate);
  }
  if (latency.lags_ms.empty()) return latency;
  std::vector<double> sorted = latency.lags_ms;
  std::sort(sorted.begin(), sorted.end());
  latency.min_ms = sorted.front();
  latency.max_ms = sorted.back();
  latency.median_ms = sorted[sorted.size() / 2];
  return latency;
}

}  // namespace rocd::audio
