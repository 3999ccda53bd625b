// How long to wait before trying again: exponential, capped, with jitter. (pure)
// The cap is low: however long a trouble has lasted, what needs its end is there within 5 s of it.
#pragma once

#include <cstdint>
#include <random>

#include "base/clock.hpp"

namespace rocd {

struct BackoffLimits {
  Duration initial = 100ms;
  Duration cap = 3500ms;
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
  void reset() { attempts_ = 0; }
  // The next delay, but for its jitter, is `most` at the most; the ones behind it grow as ever.
  void ease(Duration most);

 private:
  [[nodiscard]] double grown() const;  // nanoseconds, before cap and jitter

  BackoffLimits limits_;
  std::minstd_rand random_;     // small: there is one per child
  std::uint32_t attempts_ = 0;  // stops counting at the cap, so that pow() stays finite
};

}  // namespace rocd
