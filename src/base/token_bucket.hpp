// Bounds a rate: so many units a second, and a reserve for what comes all at once. (pure)
#pragma once

#include <algorithm>
#include <utility>

#include "base/clock.hpp"

namespace rocd {

class TokenBucket {
 public:
  // Full at first.
  TokenBucket(double per_second, double reserve)
      : per_second_(per_second), reserve_(reserve), level_(reserve) {}

  // All of `units`, or nothing.
  [[nodiscard]] bool take(double units, Instant now) {
    refill(now);
    if (level_ < units) return false;
    level_ -= units;
    return true;
  }

  // For who cannot know how much it will be: takes what is not there, too, and says when that is
  // made up for.
  [[nodiscard]] Instant spend(double units, Instant now) {
    refill(now);
    level_ -= units;
    if (level_ >= 0) return now;
    return now + std::chrono::duration_cast<Duration>(
                     std::chrono::duration<double>(-level_ / per_second_));
  }

 private:
  void refill(Instant now) {
    const auto passed = std::chrono::duration<double>(now - std::exchange(at_, now)).count();
    level_ = std::min(reserve_, level_ + std::max(passed, 0.0) * per_second_);
  }

  double per_second_;
  double reserve_;
  double level_;
  Instant at_{};
};

}  // namespace rocd
