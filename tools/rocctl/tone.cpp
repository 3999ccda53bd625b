#include "rocctl/tone.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audioprobe/analysis.hpp"
#include "audioprobe/expectation.hpp"
#include "audioprobe/latency.hpp"
#include "audioprobe/signal.hpp"

namespace rocctl {
namespace {

using rocd::audio::Recording;
using rocd::audio::Samples;

constexpr unsigned rate = 48000;
constexpr double left_hz = 440, right_hz = 660;
constexpr double tone_dbfs = -20, pulse_dbfs = -12;
constexpr double tone_seconds = 3, pulse_seconds = 5, silence_seconds = 0.7;
// The begin and the end of a tone contain a bit of every frequency.
constexpr double margin_seconds = 0.3;
constexpr double longest_lag = 2;  // seconds
constexpr float loud = 1e-3F;      // -60 dBFS

void append(Samples& to, const Samples& from, double silence) {
  to.insert(to.end(), from.begin(), from.end());
  to.insert(to.end(), static_cast<std::size_t>(silence * rate), 0.0F);
}

// In samples; the end if there is none.
std::size_t first_sound(const Samples& samples) {
  const auto found = std::find_if(samples.begin(), samples.end(),
                                  [](float sample) { return std::abs(sample) > loud; });
  return static_cast<std::size_t>(found - samples.begin());
}

std::span<const float> from(const Samples& samples, double seconds) {
  const auto begin = std::min(samples.size(), static_cast<std::size_t>(seconds * rate));
  return std::span(samples).subspan(begin);
}

void measure_latencies(ToneResult& result, const Recording& heard, double tone_begin) {
  const double begin = tone_begin + tone_seconds + margin_seconds;
  const auto latency = rocd::audio::measure_latency(
      from(heard.channels[0], begin), from(heard.channels[2], begin), heard.rate, longest_lag);
  result.pulses = latency.pulses;
  result.missed = latency.missed();
  result.latency_ms = latency.median_ms;
  result.latency_min_ms = latency.min_ms;
  result.latency_max_ms = latency.max_ms;
  if (result.missed >= result.pulses)
    result.findings.emplace_back("no pulse that was played came out of the microphone");
}

void measure_quality(ToneResult& result, const Recording& heard, double tone_begin) {
  Recording microphone{.rate = heard.rate, .channels = {heard.channels[2], heard.channels[3]}};
  microphone = rocd::audio::cut(microphone, tone_begin + result.latency_ms / 1000 + margin_seconds,
                                tone_seconds - 2 * margin_seconds);
  const auto reports = rocd::audio::analyze(microphone);
  result.level_dbfs = std::min(reports[0].tone_dbfs, reports[1].tone_dbfs);
  result.tone_fraction = std::min(reports[0].tone_fraction, reports[1].tone_fraction);
  result.longest_silence_ms =
      std::max(reports[0].longest_silence_ms, reports[1].longest_silence_ms);
  result.gaps = std::max(reports[0].gaps, reports[1].gaps);
  rocd::audio::Expectation expected;
  expected.frequencies = {left_hz, right_hz};
  expected.level_dbfs = tone_dbfs;
  for (auto& finding : rocd::audio::compare(microphone, reports, expected))
    result.findings.push_back(std::move(finding));
}

}  // namespace

Recording make_tone_signal() {
  auto signal = rocd::audio::make_tone({left_hz, right_hz}, tone_dbfs, tone_seconds, rate);
  const auto pulses = rocd::audio::make_pulses(pulse_dbfs, pulse_seconds, rate, 1);
  for (auto& channel : signal.channels) {
    append(channel, {}, silence_seconds);
    append(channel, pulses.channels[0], silence_seconds);
  }
  return signal;
}

ToneResult measure_tone(const Recording& heard) {
  ToneResult result{.played_dbfs = tone_dbfs};
  if (heard.channels.size() != 4 || heard.rate != rate) {
    result.findings.emplace_back("the recorder did not record as it was told");
    return result;
  }
  const auto begin = first_sound(heard.channels[0]);
  if (begin == heard.frames()) {
    result.findings.emplace_back("the tone did not arrive at the virtual speaker");
    return result;
  }
  const double seconds = static_cast<double>(begin) / rate;
  measure_latencies(result, heard, seconds);
  measure_quality(result, heard, seconds);
  return result;
}

Check tone_check(const ToneResult& result) {
  Check check{.name = "tone"};
  if (!result.findings.empty()) {
    check.grade = Grade::bad;
    for (const auto& finding : result.findings)
      check.text += (check.text.empty() ? "" : "; ") + finding;
    check.hint = "what rocd and its streams say of it: rocctl log";
    return check;
  }
  check.text = fmt::format(
      "{:.0f} ms from the speaker to the microphone ({} pulses, {:.0f} to {:.0f} ms{}), level "
      "{:.1f} "
      "dBFS (played: {:.1f}), ",
      result.latency_ms, result.pulses - result.missed, result.latency_min_ms,
      result.latency_max_ms,
      result.shown_latency_ms
          ? fmt::format("; the streams show {:.0f} ms", *result.shown_latency_ms)
          : "",
      result.level_dbfs, result.played_dbfs);
  if (result.gaps == 0 && result.missed == 0) {
    check.text += "no gaps";
    return check;
  }
  check.grade = Grade::doubtful;
  check.text += fmt::format("{} gap{}, the longest of {:.0f} ms", result.gaps,
                            result.gaps == 1 ? "" : "s", result.longest_silence_ms);
  if (result.missed > 0)
    check.text +=
        fmt::format("; {} pulse{} lost", result.missed, result.missed == 1 ? " was" : "s were");
  check.hint = "a busy processor makes gaps; try --profile robust";
  return check;
}

boost::json::object to_json(const ToneResult& result) {
  boost::json::array findings;
  for (const auto& each : result.findings) findings.emplace_back(each);
  const auto shown = result.shown_latency_ms;
  return {{"latency_ms", result.latency_ms},
          {"shown_latency_ms", shown ? boost::json::value(*shown) : boost::json::value()},
          {"latency_min_ms", result.latency_min_ms},
          {"latency_max_ms", result.latency_max_ms},
          {"pulses", result.pulses},
          {"missed_pulses", result.missed},
          {"level_dbfs", result.level_dbfs},
          {"played_dbfs", result.played_dbfs},
          {"tone_fraction", result.tone_fraction},
          {"gaps", result.gaps},
          {"longest_silence_ms", result.longest_silence_ms},
          {"findings", std::move(findings)}};
}

}  // namespace rocctl
