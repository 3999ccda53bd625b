// Somebody who listens all the time, and by the clock: what was not recorded (the device was away,
// the recorder stood still) is silence at its place, and not time that has not passed.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "e2e/sound.hpp"

namespace rocd::test {

using SteadyTime = std::chrono::steady_clock::time_point;

// How much had been recorded when.
struct Progress {
  SteadyTime at;
  double position = 0;  // seconds
};

// From `progress`, which begins with where to listen from, and what was heard in each 100 ms of
// what was recorded from there on: what was heard in each 100 ms of time. Time is lost when the
// recording lags behind the clock, and does not catch up.
[[nodiscard]] std::vector<bool> by_the_clock(const std::vector<Progress>& progress,
                                             const std::vector<bool>& recorded);

// In windows.
[[nodiscard]] std::size_t longest_silence(const std::vector<bool>& heard);
// '#' for a window with the tone, '.' for one without.
[[nodiscard]] std::string timeline(const std::vector<bool>& heard);

class Ear {
 public:
  Ear(const std::string& node, Listener::Tap tap);
  ~Ear();
  Ear(const Ear&) = delete;
  Ear& operator=(const Ear&) = delete;

  [[nodiscard]] const Listener& listener() const { return listener_; }
  // For each 100 ms from then until now: whether the tone was there. It may begin before the Ear.
  [[nodiscard]] std::vector<bool> heard(Tone tone, SteadyTime since) const;
  // One of these tones that was there at any time from then on, whatever else was.
  [[nodiscard]] std::optional<Trace> trace_of(const std::vector<Tone>& tones,
                                              SteadyTime since) const;
  [[nodiscard]] std::optional<Noise> noise(SteadyTime since) const;

 private:
  [[nodiscard]] std::vector<Progress> progress_since(SteadyTime since) const;
  void watch(const std::stop_token& stop);

  Listener listener_;
  mutable std::mutex mutex_;
  std::vector<Progress> progress_;  // 20 a second, while the Ear lives
  std::jthread watcher_;
};

}  // namespace rocd::test
