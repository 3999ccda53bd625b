#include "e2e/ear.hpp"

#include <algorithm>

namespace rocd::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double window_seconds = 0.1;
// A recorder that is late by less, and never catches up, has lost a few buffers of a busy machine.
constexpr double lost_seconds = 0.3;
constexpr double rounding = 1e-6;
constexpr Milliseconds watched_every = 50ms;

double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::size_t windows_in(double duration) {
  return duration <= 0 ? 0 : static_cast<std::size_t>(duration / window_seconds + rounding);
}

// What the recording lags behind at each of these moments, without what is caught up with later.
std::vector<double> lags(const std::vector<Progress>& progress) {
  std::vector<double> lag;
  for (const auto& now : progress)
    lag.push_back(seconds(now.at - progress.front().at) -
                  (now.position - progress.front().position));
  for (auto i = lag.size(); i-- > 1;) lag[i - 1] = std::min(lag[i - 1], lag[i]);
  return lag;
}

}  // namespace

std::vector<bool> by_the_clock(const std::vector<Progress>& progress,
                               const std::vector<bool>& recorded) {
  std::vector<bool> heard;
  std::size_t taken = 0;
  double silent = 0;
  bool in_silence = false;
  const auto lag = lags(progress);
  for (std::size_t i = 0; i < progress.size(); ++i) {
    const auto until =
        std::min(recorded.size(), windows_in(progress[i].position - progress.front().position));
    if (until > taken) in_silence = false;
    for (; taken < until; ++taken) heard.push_back(recorded[taken]);
    const double lost = lag[i] - silent;
    if (lost + rounding < (in_silence ? window_seconds : lost_seconds)) continue;
    const auto windows = windows_in(lost);
    heard.insert(heard.end(), windows, false);
    silent += static_cast<double>(windows) * window_seconds;
    in_silence = true;
  }
  return heard;
}

std::size_t longest_silence(const std::vector<bool>& heard) {
  std::size_t longest = 0, in_a_row = 0;
  for (const bool window : heard) {
    in_a_row = window ? 0 : in_a_row + 1;
    longest = std::max(longest, in_a_row);
  }
  return longest;
}

std::string timeline(const std::vector<bool>& heard) {
  std::string text;
  for (const bool window : heard) text += window ? '#' : '.';
  return text;
}

Ear::Ear(const std::string& node, Listener::Tap tap)
    : listener_(node, tap), watcher_([this](const std::stop_token& stop) { watch(stop); }) {}

Ear::~Ear() = default;

void Ear::watch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      const std::lock_guard lock(mutex_);
      progress_.push_back({Clock::now(), listener_.position()});
    }
    std::this_thread::sleep_for(watched_every);
  }
}

std::vector<Progress> Ear::progress_since(SteadyTime since) const {
  const std::lock_guard lock(mutex_);
  std::vector<Progress> progress{{since, 0}};
  for (const auto& now : progress_) {
    if (now.at <= since) {
      progress.front().position = now.position;
    } else {
      progress.push_back(now);
    }
  }
  progress.push_back({Clock::now(), listener_.position()});
  return progress;
}

std::vector<bool> Ear::heard(Tone tone, SteadyTime since) const {
  const auto progress = progress_since(since);
  return by_the_clock(progress,
                      listener_.windows(tone, progress.front().position, progress.back().position));
}

std::optional<Trace> Ear::trace_of(const std::vector<Tone>& tones, SteadyTime since) const {
  return listener_.trace_of(tones, progress_since(since).front().position);
}

std::optional<Noise> Ear::noise(SteadyTime since) const {
  return listener_.noise(progress_since(since).front().position);
}

}  // namespace rocd::test
