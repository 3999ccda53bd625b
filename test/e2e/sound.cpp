#include "e2e/sound.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <limits>

#include "audioprobe/analysis.hpp"
#include "audioprobe/expectation.hpp"
#include "audioprobe/signal.hpp"

namespace rocd::test {
namespace {

constexpr unsigned rate = 48000;
constexpr unsigned long_tone_rate = 8000;  // of what is played for more than a minute
constexpr std::size_t frame_bytes = 2 * sizeof(float);
// Loud enough for a leak of 10 ms within a window of 100 ms. A gap in another tone, which a busy
// machine makes, has traces of every frequency: up to 28 dB below that tone were seen.
constexpr double trace_dbfs = played_dbfs - 20;

constexpr double window_seconds = audio::kWindowSeconds;
// The analysis is relative: a tone that is too quiet all the time is a tone to it.
constexpr double window_tolerance_db = 3;
// A tone that breaks off has a little of all frequencies.
constexpr double stranger_tolerance_db = 6;

// A receiver that catches up with its latency plays up to 0.5 % faster or slower (Roc Toolkit's
// scaling_tolerance).
constexpr double pitch_tolerance = 0.01;

constexpr const char* stay = "node.dont-fallback=true node.dont-move=true node.linger=true";

// Short tones are cut out of a recording that goes on; loosely bounded, because a machine that
// others use too makes gaps of its own.
audio::Expectation expectation(Tone tone, std::optional<double> dbfs) {
  audio::Expectation expected;
  expected.frequencies = {tone.left, tone.right};
  expected.least_tone_fraction = 0.85;
  expected.level_dbfs = dbfs;
  expected.level_tolerance_db = 1.5;
  if (tone.left > 0) expected.longest_silence_ms = 300;
  return expected;
}

// Of each window, at this frequency.
// Half overlapping: a window hides what is at its ends.
std::vector<double> window_levels(const std::vector<float>& samples, double frequency,
                                  bool overlapping = false) {
  const auto length = static_cast<std::size_t>(window_seconds * rate);
  const auto step = overlapping ? length / 2 : length;
  std::vector<double> levels;
  for (std::size_t at = 0; at + length <= samples.size(); at += step)
    levels.push_back(audio::level_at({samples.data() + at, length}, rate, frequency).loudest_dbfs);
  return levels;
}

}  // namespace

std::optional<Noise> noise_in(const audio::Recording& recording) {
  std::optional<std::size_t> first;
  std::size_t last = 0;
  double peak = 0;
  for (const auto& channel : recording.channels)
    for (std::size_t i = 0; i < channel.size(); ++i) {
      const double level = std::abs(static_cast<double>(channel[i]));
      if (level <= 1) continue;
      first = std::min(first.value_or(i), i);
      last = std::max(last, i);
      peak = std::max(peak, std::isfinite(level) ? level : std::numeric_limits<float>::max());
    }
  if (!first) return std::nullopt;
  return Noise{static_cast<double>(*first) / recording.rate,
               static_cast<double>(last - *first + 1) / recording.rate, 20 * std::log10(peak)};
}

void write_tone(const std::filesystem::path& file, Tone tone, double seconds) {
  audio::write_wav(file,
                   audio::make_tone({tone.left, tone.right}, played_dbfs, seconds,
                                    seconds > 60 ? long_tone_rate : rate),
                   audio::SampleFormat::s16);
}

Player::Player(const std::string& sink, Tone tone) {
  const auto file = directory_.path() / "tone.wav";
  write_tone(file, tone, 60);
  play(sink, file);
}

Player::Player(const std::string& sink, const std::filesystem::path& file) {
  play(sink, file);
}

void Player::play(const std::string& sink, const std::filesystem::path& file) {
  process_.emplace(
      Process::Options{.argv = {"pw-play", "--target", sink, "-P",
                                "{ node.name=test.player." + sink + " " + stay + " }", file},
                       .output = directory_.path() / "log",
                       .errors = {}});
}

std::string Player::end() const {
  const auto end = process_->wait(0ms);
  return end ? *end + ": " + read_file(directory_.path() / "log") : "";
}

Listener::Listener(const std::string& node, Tap tap)
    : file_(directory_.path() / "recording.f32"), node_(node) {
  const std::string monitor = tap == Tap::monitor ? " stream.capture.sink=true" : "";
  process_.emplace(Process::Options{
      .argv = {"pw-record", "--target", node, "--rate", "48000", "--channels", "2", "--channel-map",
               "FL,FR", "--format", "f32", "--raw", "-P",
               "{ node.name=test.listener." + node + " " + stay + monitor + " }", "-"},
      .output = file_,
      .errors = directory_.path() / "log"});
}

std::string Listener::listen_for(Tone tone, const Wanted& wanted) const {
  const auto wanted_frames = static_cast<std::size_t>(wanted.seconds * rate);
  const auto expected = expectation(tone, wanted.dbfs);
  const auto begin = frames();
  std::string problem = "nothing was recorded";
  const auto hears = [&] {
    const auto now = frames();
    if (now < begin + wanted_frames) return false;
    const auto recording = read(now - wanted_frames, now);
    const auto reports = audio::analyze(recording);
    problem.clear();
    for (const auto& sentence : audio::compare(recording, reports, expected))
      problem += sentence + "; ";
    for (const auto& report : reports) problem += report.timeline() + " ";
    return audio::compare(recording, reports, expected).empty();
  };
  if (eventually(hears, wanted.limit, 100ms)) return "heard";
  return problem + diagnosis();
}

std::string Listener::search(const std::vector<double>& frequencies, double from) const {
  const auto recording = read_part(from, position());
  audio::Expectation expected;
  expected.absent_frequencies = frequencies;
  expected.absent_dbfs = trace_dbfs;
  std::string problem;
  for (const auto& sentence : audio::compare(recording, audio::analyze(recording), expected))
    problem += sentence + "; ";
  return problem.empty() ? "no trace" : node_ + ": " + problem;
}

double Listener::longest_silence_ms(double from, double to) const {
  double longest = 0;
  for (const auto& report : audio::analyze(read_part(from, to)))
    longest = std::max(longest, report.longest_silence_ms);
  return longest;
}

std::size_t Listener::gaps(double from, double to) const {
  std::size_t most = 0;
  for (const auto& report : audio::analyze(read_part(from, to))) most = std::max(most, report.gaps);
  return most;
}

audio::Recording Listener::read_part(double from, double to) const {
  const auto frame = [](double seconds) { return static_cast<std::size_t>(seconds * rate); };
  return read(frame(from), frame(to));
}

std::vector<bool> Listener::windows(Tone tone, double from, double to) const {
  const auto recording = read_part(from, to);
  const auto reports = audio::analyze(recording);
  const std::array wanted{tone.left, tone.right};
  std::vector<bool> both;
  for (std::size_t channel = 0; channel < wanted.size(); ++channel) {
    const auto& report = reports.at(channel);
    const bool right = report.frequency && std::abs(*report.frequency - wanted[channel]) <
                                               wanted[channel] * pitch_tolerance;
    if (channel == 0) both.assign(report.windows.size(), true);
    const auto levels = right ? window_levels(recording.channels.at(channel), *report.frequency)
                              : std::vector<double>(both.size(), 0);
    for (std::size_t i = 0; i < both.size(); ++i)
      both[i] = both[i] && right && report.windows[i] &&
                std::abs(levels.at(i) - played_dbfs) < window_tolerance_db;
  }
  return both;
}

std::optional<Trace> Listener::trace_of(const std::vector<Tone>& tones, double from) const {
  const auto recording = read_part(from, position());
  for (const auto& tone : tones) {
    const auto left = window_levels(recording.channels.at(0), tone.left, true);
    const auto right = window_levels(recording.channels.at(1), tone.right, true);
    for (std::size_t i = 0; i < left.size(); ++i) {
      const auto is_there = [](double level) {
        return std::abs(level - played_dbfs) < stranger_tolerance_db;
      };
      if (is_there(left[i]) && is_there(right[i]))
        return Trace{tone, static_cast<double>(i) * window_seconds / 2, {left[i], right[i]}};
    }
  }
  return std::nullopt;
}

std::optional<Noise> Listener::noise(double from) const {
  return noise_in(read_part(from, position()));
}

double Listener::position() const {
  return static_cast<double>(frames()) / rate;
}

bool Listener::record_more(double seconds) const {
  const double until = position() + seconds;
  return eventually([&] { return position() >= until; });
}

std::size_t Listener::frames() const {
  std::error_code absent;
  const auto size = std::filesystem::file_size(file_, absent);
  return absent ? 0 : size / frame_bytes;
}

audio::Recording Listener::read(std::size_t from, std::size_t to) const {
  std::vector<float> samples((to - from) * 2);
  std::ifstream file(file_, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(from * frame_bytes));
  file.read(reinterpret_cast<char*>(samples.data()),
            static_cast<std::streamsize>(samples.size() * sizeof(float)));
  audio::Recording recording{.rate = rate, .channels = {{}, {}}};
  for (std::size_t i = 0; i + 1 < samples.size(); i += 2) {
    recording.channels[0].push_back(samples[i]);
    recording.channels[1].push_back(samples[i + 1]);
  }
  return recording;
}

std::string Listener::end() const {
  const auto end = process_->wait(0ms);
  return end ? *end + ": " + read_file(directory_.path() / "log") : "";
}

std::string Listener::diagnosis() const {
  const auto end = process_->wait(0ms);
  return "(" + node_ + ", " + std::to_string(position()) + " s in all, recorder " +
         end.value_or("runs") + ": " + read_file(directory_.path() / "log") + ")";
}

}  // namespace rocd::test
