#include "audioprobe/analysis.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "audioprobe/signal.hpp"
#include "audioprobe/spectrum.hpp"

namespace rocd::audio {
namespace {

constexpr double kTau = 2 * std::numbers::pi;
// A window has the tone if at least this part of its energy is the tone's ...
constexpr double kDominance = 0.5;
// ... and its amplitude at least this part of the loudest windows'.
constexpr double kRelativeAmplitude = 0.5;
// A receiver that adapts to the sender's clock shifts the tone; a window of 100 ms tells 0.5 % at
// 1 kHz apart. Relative offsets that are tried.
constexpr double kDetunings[] = {0, -0.004, 0.004, -0.008, 0.008};

std::vector<double> hann(std::size_t size) {
  std::vector<double> window(size);
  for (std::size_t i = 0; i < size; ++i)
    window[i] =
        0.5 - 0.5 * std::cos(kTau * (static_cast<double>(i) + 0.5) / static_cast<double>(size));
  return window;
}

double sum_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// The amplitude of one frequency in windowed samples. The window keeps other tones out: at five
// window lengths' worth of bins away they are more than 60 dB down.
double amplitude_at(std::span<const float> samples, std::span<const double> window, double cycles) {
  const std::complex<double> step = std::polar(1.0, -kTau * cycles);
  std::complex<double> turn = 1;
  std::complex<double> sum = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    sum += turn * (static_cast<double>(samples[i]) * window[i]);
    turn *= step;
  }
  return 2 * std::abs(sum) / sum_of(window);
}

double weighted_energy(std::span<const float> samples, std::span<const double> window) {
  double energy = 0;
  for (std::size_t i = 0; i < samples.size(); ++i)
    energy += static_cast<double>(samples[i]) * samples[i] * window[i];
  return energy;
}

// --- frequency ---

struct Peak {
  double frequency = 0;
  double power = 0;
};

// The strongest line of one segment, exact to a few hundredths of a bin.
Peak strongest_line(std::span<const float> segment, std::span<const double> window, unsigned rate) {
  std::vector<std::complex<double>> bins(segment.size());
  for (std::size_t i = 0; i < segment.size(); ++i) bins[i] = segment[i] * window[i];
  fourier(bins, false);
  // From 20 Hz: an offset and its window are not a tone.
  const double bin_width = static_cast<double>(rate) / static_cast<double>(segment.size());
  std::size_t best = std::max<std::size_t>(3, static_cast<std::size_t>(20 / bin_width));
  for (std::size_t bin = best; bin + 1 < bins.size() / 2; ++bin)
    if (std::norm(bins[bin]) > std::norm(bins[best])) best = bin;
  if (best + 1 >= bins.size() / 2) return {};
  const auto log_power = [&](std::size_t bin) { return std::log(std::norm(bins[bin]) + 1e-30); };
  const double offset = parabola_peak(log_power(best - 1), log_power(best), log_power(best + 1));
  return {.frequency = (static_cast<double>(best) + offset) * bin_width,
          .power = std::norm(bins[best])};
}

// From short segments, not from one long transform: a gap shifts the phase, which would split the
// line. Segments vote with their frequency; those much quieter than the loudest have no vote.
std::optional<double> dominant_frequency(std::span<const float> samples, unsigned rate) {
  const std::size_t length = std::min(power_of_two(rate / 4), power_of_two(samples.size()) / 2);
  if (length < 256) return std::nullopt;
  const std::vector<double> window = hann(length);
  std::vector<Peak> peaks;
  for (std::size_t start = 0; start + length <= samples.size(); start += length / 2)
    peaks.push_back(strongest_line(samples.subspan(start, length), window, rate));
  double loudest = 0;
  for (const Peak& peak : peaks) loudest = std::max(loudest, peak.power);
  if (2 * std::sqrt(loudest) / sum_of(window) < amplitude_of(kSilenceDbfs)) return std::nullopt;
  std::vector<double> votes;
  for (const Peak& peak : peaks)
    if (peak.power >= loudest / 4) votes.push_back(peak.frequency);
  return median(votes);
}

// --- windows ---

struct WindowLevel {
  double amplitude = 0;
  double dominance = 0;
};

WindowLevel measure_window(std::span<const float> samples, std::span<const double> window,
                           double cycles) {
  WindowLevel level;
  for (const double detuning : kDetunings)
    level.amplitude =
        std::max(level.amplitude, amplitude_at(samples, window, cycles * (1 + detuning)));
  const double energy = weighted_energy(samples, window);
  const double tone_energy = level.amplitude * level.amplitude / 2 * sum_of(window);
  if (energy > 0) level.dominance = tone_energy / energy;
  return level;
}

void find_tone_windows(std::span<const float> samples, unsigned rate, ChannelReport& report) {
  const auto length = static_cast<std::size_t>(kWindowSeconds * rate);
  const std::vector<double> window = hann(length);
  std::vector<WindowLevel> levels;
  for (std::size_t start = 0; start + length <= samples.size(); start += length)
    levels.push_back(
        measure_window(samples.subspan(start, length), window, *report.frequency / rate));
  double loudest = amplitude_of(kSilenceDbfs);
  for (const WindowLevel& level : levels)
    if (level.dominance >= kDominance) loudest = std::max(loudest, level.amplitude);
  std::vector<double> amplitudes;
  for (const WindowLevel& level : levels) {
    const bool present =
        level.dominance >= kDominance && level.amplitude >= loudest * kRelativeAmplitude;
    report.windows.push_back(present);
    if (present) amplitudes.push_back(level.amplitude);
  }
  report.tone_dbfs = dbfs_of(median(amplitudes));
  if (!levels.empty())
    report.tone_fraction =
        static_cast<double>(amplitudes.size()) / static_cast<double>(levels.size());
}

// --- silences ---

void find_silences(std::span<const float> samples, unsigned rate, ChannelReport& report) {
  const double threshold = amplitude_of(std::max(kSilenceDbfs, report.tone_dbfs - 40));
  const auto shortest = static_cast<std::size_t>(kShortestGapSeconds * rate);
  const auto ms_of = [&](std::size_t frames) {
    return 1000.0 * static_cast<double>(frames) / rate;
  };
  std::size_t begin = 0;  // of the present silence
  std::size_t longest = 0;
  for (std::size_t i = 0; i <= samples.size(); ++i) {
    const bool at_end = i == samples.size();
    if (!at_end && std::abs(samples[i]) < threshold) continue;
    const std::size_t length = i - begin;
    if (length >= shortest) {
      longest = std::max(longest, length);
      if (begin == 0) report.leading_silence_ms = ms_of(length);
      if (at_end) report.trailing_silence_ms = ms_of(length);
      if (begin > 0 && !at_end) ++report.gaps;
    }
    begin = i + 1;
  }
  report.longest_silence_ms = ms_of(longest);
}

}  // namespace

std::string ChannelReport::timeline() const {
  std::string text;
  for (const bool has_tone : windows) text += has_tone ? '#' : '.';
  return text;
}

ChannelReport analyze_channel(std::span<const float> samples, unsigned rate) {
  ChannelReport report;
  double energy = 0;
  double peak = 0;
  for (const float sample : samples) {
    energy += static_cast<double>(sample) * sample;
    peak = std::max(peak, static_cast<double>(std::abs(sample)));
  }
  report.peak_dbfs = dbfs_of(peak);
  if (!samples.empty())
    report.rms_dbfs = dbfs_of(std::sqrt(2 * energy / static_cast<double>(samples.size())));
  report.frequency = dominant_frequency(samples, rate);
  if (report.frequency) {
    find_tone_windows(samples, rate, report);
  } else {
    report.windows.assign(samples.size() / static_cast<std::size_t>(kWindowSeconds * rate), false);
  }
  find_silences(samples, rate, report);
  return report;
}

std::vector<ChannelReport> analyze(const Recording& recording) {
  std::vector<ChannelReport> reports;
  reports.reserve(recording.channels.size());
  for (const Samples& channel : recording.channels)
    reports.push_back(analyze_channel(channel, recording.rate));
  return reports;
}

ToneLevel level_at(std::span<const float> samples, unsigned rate, double frequency) {
  const auto length = static_cast<std::size_t>(kWindowSeconds * rate);
  const std::vector<double> window = hann(length);
  std::vector<double> amplitudes;
  // Half overlapping, because the window hides what is at its ends.
  for (std::size_t start = 0; start + length <= samples.size(); start += length / 2)
    amplitudes.push_back(amplitude_at(samples.subspan(start, length), window, frequency / rate));
  if (amplitudes.empty()) return {};
  return {.median_dbfs = dbfs_of(median(amplitudes)),
          .loudest_dbfs = dbfs_of(*std::max_element(amplitudes.begin(), amplitudes.end()))};
}

}  // namespace rocd::audio
