// rocd-audioprobe: makes test signals and measures recordings, for scripts and people.
// Exit status: 0 as expected, 1 not as expected or not readable, 2 wrong usage.
#include <charconv>
#include <cmath>
#include <cstdio>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "audioprobe/analysis.hpp"
#include "audioprobe/expectation.hpp"
#include "audioprobe/latency.hpp"
#include "audioprobe/signal.hpp"
#include "audioprobe/wav.hpp"

namespace {

using namespace rocd::audio;

constexpr const char* kUsage =
    R"(usage: rocd-audioprobe tone [--freq HZ[,HZ…]] [--level dBFS] [signal options] OUT.wav
       rocd-audioprobe pulses [--level dBFS] [signal options] OUT.wav
       rocd-audioprobe analyze [--select N[,N…]] [part options] [expectations] [--json] FILE
       rocd-audioprobe latency --ref-channel N --channel N [--max-lag MS] [--max-median MS]
                               [part options] [--json] FILE

tone      sines; one frequency for all channels, or one per channel (0: silence)
pulses    bursts of noise for `latency`
analyze   per channel: strongest tone, level, how much of the time, silences
latency   delay of one channel behind another one of the same recording of pulses

signal options: --seconds S (5)  --rate HZ (48000)  --channels N (2)  --format s16|f32 (s16)
part options:   --skip S  --seconds S  --raw s16|f32 with --rate HZ and --channels N
expectations, exit status 1 if not met:
  --expect-freq HZ[,HZ…]  per channel, one for all, 0 for silence
  --tolerance PERCENT (1)    of the frequency
  --min-tone FRACTION (0.8)  of the 100 ms windows with the tone
  --min-separation DB (30)   to the frequencies expected on the other channels
  --expect-level dBFS        --level-tolerance DB (3)
  --max-silence MS           anywhere, also at the begin and the end
  --absent-freq HZ[,HZ…]     in no channel at any time louder than --absent-level dBFS (-60)

Channels count from 0. A level is the amplitude of a sine: full scale is 0 dBFS.
)";

struct UsageError {
  std::string message;
};

// "--name value" and "--flag", then one file name.
class Arguments {
 public:
  Arguments(int argc, char** argv, const std::set<std::string_view>& valued,
            const std::set<std::string_view>& flags) {
    for (int i = 2; i < argc; ++i) {
      const std::string_view argument = argv[i];
      if (!argument.starts_with("--")) {
        if (!file_.empty()) throw UsageError{"more than one file: " + std::string(argument)};
        file_ = argument;
      } else if (flags.contains(argument)) {
        values_[argument] = "";
      } else if (!valued.contains(argument)) {
        throw UsageError{std::string(argument) + ": unknown option"};
      } else if (i + 1 == argc) {
        throw UsageError{std::string(argument) + " needs a value"};
      } else {
        values_[argument] = argv[++i];
      }
    }
    if (file_.empty()) throw UsageError{"no file"};
  }

  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }

  [[nodiscard]] std::string text(std::string_view name, std::string_view otherwise) const {
    const auto found = values_.find(name);
    return std::string(found == values_.end() ? otherwise : found->second);
  }

  [[nodiscard]] std::optional<double> number(std::string_view name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) return std::nullopt;
    return parse(name, found->second);
  }

  [[nodiscard]] double number(std::string_view name, double otherwise) const {
    return number(name).value_or(otherwise);
  }

  // Whole, from 1 or from 0.
  [[nodiscard]] unsigned count(std::string_view name, unsigned otherwise,
                               unsigned least = 1) const {
    const double value = number(name, otherwise);
    if (value < least || value > 1e6 || value != std::floor(value))
      throw UsageError{std::string(name) + ": not a whole number from " + std::to_string(least)};
    return static_cast<unsigned>(value);
  }

  [[nodiscard]] std::vector<double> numbers(std::string_view name) const {
    std::vector<double> result;
    const auto found = values_.find(name);
    if (found == values_.end()) return result;
    std::string_view rest = found->second;
    while (true) {
      const std::size_t comma = rest.find(',');
      result.push_back(parse(name, rest.substr(0, comma)));
      if (result.back() < 0) throw UsageError{std::string(name) + ": less than 0"};
      if (comma == std::string_view::npos) return result;
      rest.remove_prefix(comma + 1);
    }
  }

 private:
  static double parse(std::string_view name, std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
      throw UsageError{std::string(name) + ": '" + std::string(text) + "' is not a number"};
    return value;
  }

  std::map<std::string_view, std::string_view> values_;
  std::string file_;
};

SampleFormat format_of(const std::string& name) {
  if (name == "s16") return SampleFormat::s16;
  if (name == "f32") return SampleFormat::f32;
  throw UsageError{name + ": not s16 or f32"};
}

void write_signal(const Arguments& arguments, const Recording& signal) {
  write_wav(arguments.file(), signal, format_of(arguments.text("--format", "s16")));
}

int run_tone(int argc, char** argv) {
  const Arguments arguments(
      argc, argv, {"--freq", "--level", "--seconds", "--rate", "--channels", "--format"}, {});
  std::vector<double> frequencies = arguments.numbers("--freq");
  if (frequencies.empty()) frequencies = {440};
  if (frequencies.size() == 1) frequencies.resize(arguments.count("--channels", 2), frequencies[0]);
  if (frequencies.size() !=
      arguments.count("--channels", static_cast<unsigned>(frequencies.size())))
    throw UsageError{"--freq and --channels contradict each other"};
  write_signal(arguments,
               make_tone(frequencies, arguments.number("--level", -20),
                         arguments.number("--seconds", 5), arguments.count("--rate", 48000)));
  return 0;
}

int run_pulses(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            {"--level", "--seconds", "--rate", "--channels", "--format"}, {});
  write_signal(arguments,
               make_pulses(arguments.number("--level", -6), arguments.number("--seconds", 5),
                           arguments.count("--rate", 48000), arguments.count("--channels", 2)));
  return 0;
}

Recording read_recording(const Arguments& arguments) {
  const Recording whole =
      arguments.has("--raw")
          ? read_raw(arguments.file(), format_of(arguments.text("--raw", "")),
                     arguments.count("--rate", 48000), arguments.count("--channels", 2))
          : read_wav(arguments.file());
  return cut(whole, arguments.number("--skip", 0), arguments.number("--seconds", 0));
}

const Samples& channel_of(const Recording& recording, unsigned index) {
  if (index >= recording.channels.size())
    throw WavError("no channel " + std::to_string(index) + ": the recording has " +
                   std::to_string(recording.channels.size()));
  return recording.channels[index];
}

// --- analyze ---

Expectation expectation_of(const Arguments& arguments) {
  Expectation expected;
  expected.frequencies = arguments.numbers("--expect-freq");
  expected.frequency_tolerance = arguments.number("--tolerance", 1) / 100;
  expected.least_tone_fraction = arguments.number("--min-tone", expected.least_tone_fraction);
  expected.least_separation_db = arguments.number("--min-separation", expected.least_separation_db);
  expected.level_dbfs = arguments.number("--expect-level");
  expected.level_tolerance_db = arguments.number("--level-tolerance", expected.level_tolerance_db);
  expected.longest_silence_ms = arguments.number("--max-silence");
  expected.absent_frequencies = arguments.numbers("--absent-freq");
  expected.absent_dbfs = arguments.number("--absent-level", expected.absent_dbfs);
  if (expected.level_dbfs && expected.frequencies.empty())
    throw UsageError{"--expect-level needs --expect-freq"};
  return expected;
}

std::string json_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

void print_json(const Recording& recording, const std::vector<ChannelReport>& reports,
                const std::vector<std::string>& findings) {
  std::printf("{\"rate\": %u, \"seconds\": %.3f, \"incomplete\": %s, \"channels\": [",
              recording.rate, recording.seconds(), recording.incomplete ? "true" : "false");
  const char* separator = "";
  for (const ChannelReport& report : reports) {
    std::printf("%s\n  {\"frequency_hz\": ", separator);
    if (report.frequency)
      std::printf("%.3f", *report.frequency);
    else
      std::printf("null");
    std::printf(
        ", \"tone_dbfs\": %.2f, \"rms_dbfs\": %.2f, \"peak_dbfs\": %.2f, "
        "\"tone_fraction\": %.4f, \"longest_silence_ms\": %.1f, "
        "\"leading_silence_ms\": %.1f, \"trailing_silence_ms\": %.1f, \"gaps\": %zu, "
        "\"timeline\": \"%s\"}",
        report.tone_dbfs, report.rms_dbfs, report.peak_dbfs, report.tone_fraction,
        report.longest_silence_ms, report.leading_silence_ms, report.trailing_silence_ms,
        report.gaps, report.timeline().c_str());
    separator = ",";
  }
  std::printf("],\n \"as_expected\": %s, \"findings\": [", findings.empty() ? "true" : "false");
  separator = "";
  for (const std::string& finding : findings) {
    std::printf("%s%s", separator, json_string(finding).c_str());
    separator = ", ";
  }
  std::printf("]}\n");
}

void print_text(const Recording& recording, const std::vector<ChannelReport>& reports,
                const std::vector<std::string>& findings) {
  std::printf("%.2f s, %u Hz%s\n", recording.seconds(), recording.rate,
              recording.incomplete ? ", unfinished file" : "");
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const ChannelReport& report = reports[i];
    if (report.tone_fraction > 0)
      std::printf("channel %zu: %.2f Hz, %.1f dBFS, in %.1f %% of the windows; ", i,
                  *report.frequency, report.tone_dbfs, 100 * report.tone_fraction);
    else
      std::printf("channel %zu: no tone, peak %.1f dBFS; ", i, report.peak_dbfs);
    std::printf("longest silence %.0f ms, %zu gap%s\n", report.longest_silence_ms, report.gaps,
                report.gaps == 1 ? "" : "s");
  }
  for (const std::string& finding : findings) std::printf("NOT AS EXPECTED: %s\n", finding.c_str());
}

int run_analyze(int argc, char** argv) {
  const Arguments arguments(
      argc, argv,
      {"--skip", "--seconds", "--raw", "--rate", "--channels", "--select", "--expect-freq",
       "--tolerance", "--min-tone", "--min-separation", "--expect-level", "--level-tolerance",
       "--max-silence", "--absent-freq", "--absent-level"},
      {"--json"});
  const Expectation expected = expectation_of(arguments);
  const std::vector<double> selected = arguments.numbers("--select");
  Recording recording = read_recording(arguments);
  if (!selected.empty()) {
    std::vector<Samples> channels;
    channels.reserve(selected.size());
    for (const double index : selected)
      channels.push_back(channel_of(recording, static_cast<unsigned>(index)));
    recording.channels = std::move(channels);
  }
  const std::vector<ChannelReport> reports = analyze(recording);
  const std::vector<std::string> findings = compare(recording, reports, expected);
  if (arguments.has("--json"))
    print_json(recording, reports, findings);
  else
    print_text(recording, reports, findings);
  return findings.empty() ? 0 : 1;
}

// --- latency ---

int run_latency(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            {"--ref-channel", "--channel", "--max-lag", "--max-median", "--skip",
                             "--seconds", "--raw", "--rate", "--channels"},
                            {"--json"});
  if (!arguments.has("--ref-channel") || !arguments.has("--channel"))
    throw UsageError{"--ref-channel and --channel are needed"};
  const double max_lag = arguments.number("--max-lag", 2000) / 1000;
  if (max_lag <= 0) throw UsageError{"--max-lag: not more than 0"};
  const std::optional<double> max_median = arguments.number("--max-median");
  const Recording recording = read_recording(arguments);
  const Latency latency = measure_latency(
      channel_of(recording, arguments.count("--ref-channel", 0, 0)),
      channel_of(recording, arguments.count("--channel", 0, 0)), recording.rate, max_lag);
  const bool found = !latency.lags_ms.empty();
  const bool good = found && (!max_median || latency.median_ms <= *max_median);
  if (arguments.has("--json")) {
    std::printf("{\"pulses\": %zu, \"missed\": %zu, ", latency.pulses, latency.missed());
    if (found)
      std::printf("\"median_ms\": %.3f, \"min_ms\": %.3f, \"max_ms\": %.3f", latency.median_ms,
                  latency.min_ms, latency.max_ms);
    else
      std::printf("\"median_ms\": null, \"min_ms\": null, \"max_ms\": null");
    std::printf(", \"lags_ms\": [");
    const char* separator = "";
    for (const double lag : latency.lags_ms) {
      std::printf("%s%.3f", separator, lag);
      separator = ", ";
    }
    std::printf("], \"as_expected\": %s}\n", good ? "true" : "false");
  } else if (found) {
    std::printf("latency %.2f ms (median of %zu; min %.2f, max %.2f; %zu not found again)\n",
                latency.median_ms, latency.lags_ms.size(), latency.min_ms, latency.max_ms,
                latency.missed());
  } else {
    std::printf("%zu pulses in the reference channel, none found again\n", latency.pulses);
  }
  return good ? 0 : 1;
}

int run(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "tone") return run_tone(argc, argv);
  if (command == "pulses") return run_pulses(argc, argv);
  if (command == "analyze") return run_analyze(argc, argv);
  if (command == "latency") return run_latency(argc, argv);
  if (command == "--help" || command == "-h") {
    std::fputs(kUsage, stdout);
    return 0;
  }
  throw UsageError{command.empty() ? "no command" : std::string(command) + ": unknown command"};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const UsageError& error) {
    std::fprintf(stderr, "rocd-audioprobe: %s\n%s", error.message.c_str(), kUsage);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rocd-audioprobe: %s\n", error.what());
    return 1;
  }
}
