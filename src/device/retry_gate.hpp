// Paces repeated attempts: the first is immediate, further ones keep a growing distance, and a calm
// while makes it forget. (pure)
#pragma once

#include <optional>

#include "base/backoff.hpp"

namespace rocd {

class RetryGate {
 public:
  explicit RetryGate(std::uint64_t seed)
      : backoff_({.initial = 100ms, .cap = 10s, .factor = 2.0, .jitter = 0.2}, seed) {}

  // May it be tried now? If yes, that is an attempt.
  [[nodiscard]] bool attempt(Instant now) {
    if (open_at_ && now < *open_at_) return false;
    if (open_at_ && now - *open_at_ > calm) backoff_.reset();
    open_at_ = now + backoff_.next();
    return true;
  }
  [[nodiscard]] std::optional<Instant> opens_at() const { return open_at_; }
  void reset() {
    open_at_.reset();
    backoff_.reset();
  }

 private:
  static constexpr Duration calm = 10s;
  Backoff backoff_;
  std::optional<Instant> open_at_;
};

}  // namespace rocd
