#include "audioprobe/expectation.hpp"

#include <cmath>
#include <cstdarg>
#include <cstdio>

namespace rocd::audio {
namespace {

class Findings {
 public:
  explicit Findings(std::vector<std::string>& out) : out_(out) {}

  __attribute__((format(printf, 2, 3))) void add(const char* format, ...) {
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    out_.emplace_back(text);
  }

 private:
  std::vector<std::string>& out_;
};

void compare_silence(std::size_t index, const ChannelReport& report, Findings& findings) {
  if (report.peak_dbfs > kSilenceDbfs)
    findings.add("channel %zu: expected silence, found a peak of %.1f dBFS", index,
                 report.peak_dbfs);
}

void compare_tone(std::size_t index, const ChannelReport& report, double frequency,
                  const Expectation& expected, Findings& findings) {
  if (!report.frequency) {
    findings.add("channel %zu: expected %.1f Hz, found silence", index, frequency);
    return;
  }
  if (std::abs(*report.frequency - frequency) > frequency * expected.frequency_tolerance) {
    findings.add("channel %zu: expected %.1f Hz, found %.1f Hz", index, frequency,
                 *report.frequency);
    return;
  }
  if (report.tone_fraction < expected.least_tone_fraction)
    findings.add("channel %zu: tone in %.1f %% of the windows, expected %.1f %%", index,
                 100 * report.tone_fraction, 100 * expected.least_tone_fraction);
  if (expected.level_dbfs &&
      std::abs(report.tone_dbfs - *expected.level_dbfs) > expected.level_tolerance_db)
    findings.add("channel %zu: tone at %.1f dBFS, expected %.1f", index, report.tone_dbfs,
                 *expected.level_dbfs);
}

void compare_separation(std::size_t index, const Recording& recording, const ChannelReport& report,
                        double own, const Expectation& expected, Findings& findings) {
  for (const double other : expected.frequencies) {
    if (other == own || other == 0) continue;
    const ToneLevel level = level_at(recording.channels[index], recording.rate, other);
    const double separation = report.tone_dbfs - level.median_dbfs;
    if (separation < expected.least_separation_db)
      findings.add("channel %zu: %.1f Hz of another channel is only %.1f dB down", index, other,
                   separation);
  }
}

void compare_absence(const Recording& recording, const Expectation& expected, Findings& findings) {
  for (std::size_t index = 0; index < recording.channels.size(); ++index) {
    for (const double frequency : expected.absent_frequencies) {
      const ToneLevel level = level_at(recording.channels[index], recording.rate, frequency);
      if (level.loudest_dbfs > expected.absent_dbfs)
        findings.add("channel %zu: %.1f Hz must not be there, found with up to %.1f dBFS", index,
                     frequency, level.loudest_dbfs);
    }
  }
}

}  // namespace

std::vector<std::string> compare(const Recording& recording,
                                 const std::vector<ChannelReport>& reports,
                                 const Expectation& expected) {
  std::vector<std::string> result;
  Findings findings(result);
  const std::size_t given = expected.frequencies.size();
  if (given > 1 && given != reports.size())
    findings.add("expected %zu channels, found %zu", given, reports.size());
  // Half a window proves nothing.
  if (recording.seconds() < kWindowSeconds)
    findings.add("only %.3f s were recorded", recording.seconds());
  for (std::size_t i = 0; i < reports.size(); ++i) {
    if (given == 1 || i < given) {
      const double frequency = expected.frequencies[given == 1 ? 0 : i];
      if (frequency == 0) {
        compare_silence(i, reports[i], findings);
      } else {
        compare_tone(i, reports[i], frequency, expected, findings);
        compare_separation(i, recording, reports[i], frequency, expected, findings);
      }
    }
    if (expected.longest_silence_ms && reports[i].longest_silence_ms > *expected.longest_silence_ms)
      findings.add("channel %zu: silent for %.0f ms, allowed %.0f", i,
                   reports[i].longest_silence_ms, *expected.longest_silence_ms);
  }
  compare_absence(recording, expected, findings);
  return result;
}

}  // namespace rocd::audio
