// Paces repeated attempts at what others take away again, or what cannot be made: the first is
// immediate, further ones keep a growing distance. What has been there for a while is a success:
// when it goes the next attempt is immediate again. (pure)
#pragma once

#include <optional>

#include "base/backoff.hpp"

namespace rocd {

class RetryGate {
 public:
  // 3 s at most with its jitter, so that audio is back within 5 s even if somebody fights.
  static constexpr BackoffLimits pauses{
      .initial = 100ms, .cap = 2500ms, .factor = 2.0, .jitter = 0.2};
  static constexpr Duration success_after = 2s;  // of being there without a break

  explicit RetryGate(std::uint64_t seed) : backoff_(pauses, seed) {}

  // Whether what is wanted is there. To be told at each look, before an attempt.
  void look(bool is_there, Instant now) {
    if (is_there) {
      if (!there_since_) there_since_ = now;
      return;
    }
    if (there_since_ && now - *there_since_ >= success_after) return reset();
    there_since_.reset();
  }
  // May it be tried now? If yes, that is an attempt.
  [[nodiscard]] bool attempt(Instant now) {
    if (open_at_ && now < *open_at_) return false;
    open_at_ = now + backoff_.next();
    return true;
  }
  [[nodiscard]] std::optional<Instant> opens_at() const { return open_at_; }
  void reset() {
    there_since_.reset();
    open_at_.reset();
    backoff_.reset();
  }

 private:
  Backoff backoff_;
  std::optional<Instant> there_since_, open_at_;
};

}  // namespace rocd
