// How long to wait before trying again: exponential, capped, with jitter. (pure)
// On its way to the cap it rests for a while where the wait is still short: most troubles are over
// within a minute (a cable, a restart, an upgrade), and then nobody should wait for half of one.
#pragma once

#include <cstdint>
#include <random>

#include "base/clock.hpp"

namespace rocd {

struct BackoffLimits {
  Duration initial = 100ms;
  Duration soon = 3500ms;            // the longest wait that is still short; above `cap`: no rest
  std::uint32_t soon_attempts = 17;  // at that wait, before it grows further: about a minute
  Duration cap = 30s;
  double factor = 2.0;
  double jitter = 0.2;  // each delay is multiplied by a random number in [1 - jitter, 1 + jitter]
  friend bool operator==(const BackoffLimits&, const BackoffLimits&) = default;
};

class Backoff {
 public:
  Backoff(BackoffLimits limits, std::uint64_t seed)
      : limits_(limits), random_(static_cast<std::uint32_t>(seed)) {}

  // The delay before the next attempt; grows with each call, never above cap * (1 + jitter).
  [[nodiscard]] Duration next();
  void reset() { attempts_ = rested_ = 0; }
  // The next delay, but for its jitter, is `most` at the most; the ones behind it grow as ever.
  void ease(Duration most);

 private:
  [[nodiscard]] double grown() const;  // nanoseconds, before cap and jitter

  BackoffLimits limits_;
  std::minstd_rand random_;     // small: there is one per child
  std::uint32_t attempts_ = 0;  // stops counting at the cap, so that pow() stays finite
  std::uint32_t rested_ = 0;    // attempts at limits_.soon
};

}  // namespace rocd
