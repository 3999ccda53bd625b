#include "audioprobe/signal.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace rocd::audio {
namespace {

constexpr double kTau = 2 * std::numbers::pi;
constexpr double kBurstSeconds = 0.05;

// std::uniform_real_distribution gives other numbers with every standard library.
class Random {
 public:
  double operator()(double low, double high) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return low + (high - low) * static_cast<double>(state_ >> 11) / 9007199254740992.0;
  }

 private:
  std::uint64_t state_ = 20261;
};

// Sines at random places, one in each equal part of the band, under a Hann window; peak 1.0.
Samples make_burst(Random& random, unsigned rate) {
  constexpr int kPartials = 48;
  constexpr double kLowest = 300;
  constexpr double kHighest = 6000;
  const auto length = static_cast<std::size_t>(kBurstSeconds * rate);
  std::vector<double> sum(length);
  for (int partial = 0; partial < kPartials; ++partial) {
    const double step = (kHighest - kLowest) / kPartials;
    const double frequency = kLowest + step * (partial + random(0, 1));
    const double phase = random(0, kTau);
    for (std::size_t i = 0; i < length; ++i)
      sum[i] += std::sin(phase + kTau * frequency * static_cast<double>(i) / rate);
  }
  double peak = 0;
  for (std::size_t i = 0; i < length; ++i) {
    const double position = static_cast<double>(i) / static_cast<double>(length);
    sum[i] *= 0.5 - 0.5 * std::cos(kTau * position);
    peak = std::max(peak, std::abs(sum[i]));
  }
  Samples burst(length);
  std::transform(sum.begin(), sum.end(), burst.begin(),
                 [peak](double sample) { return static_cast<float>(sample / peak); });
  return burst;
}

}  // namespace

double amplitude_of(double dbfs) {
  return std::pow(10.0, dbfs / 20.0);
}

double dbfs_of(double amplitude) {
  return 20.0 * std::log10(std::max(amplitude, 1e-10));
}

Recording make_tone(const std::vector<double>& frequencies, double dbfs, double seconds,
                    unsigned rate) {
  const auto frames = static_cast<std::size_t>(std::llround(seconds * rate));
  const double amplitude = amplitude_of(dbfs);
  Recording recording{.rate = rate};
  for (const double frequency : frequencies) {
    Samples& channel = recording.channels.emplace_back(frames);
    for (std::size_t i = 0; i < frames; ++i)
      channel[i] = static_cast<float>(
          amplitude * std::sin(kTau * std::fmod(frequency * static_cast<double>(i) / rate, 1.0)));
  }
  return recording;
}

Recording make_pulses(double peak_dbfs, double seconds, unsigned rate, unsigned channels) {
  const auto frames = static_cast<std::size_t>(std::llround(seconds * rate));
  const auto amplitude = static_cast<float>(amplitude_of(peak_dbfs));
  Random random;
  Samples samples(frames);
  for (double start = 0.2; start + kBurstSeconds < seconds; start += random(0.4, 0.7)) {
    const Samples burst = make_burst(random, rate);
    const auto first = static_cast<std::size_t>(start * rate);
    for (std::size_t i = 0; i < burst.size() && first + i < frames; ++i)
      samples[first + i] = amplitude * burst[i];
  }
  Recording recording{.rate = rate};
  recording.channels.assign(channels, samples);
  return recording;
}

}  // namespace rocd::audio
