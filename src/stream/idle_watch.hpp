// Whether a device is idle: nothing has played into it for a while. (pure)
// Does not decide what a stream does then.
#pragma once

#include <optional>

#include "base/clock.hpp"

namespace rocd {

class IdleWatch {
 public:
  // An application is quiet between two songs, and while somebody looks for the next one.
  static constexpr Duration default_grace = 10s;

  void handle(bool playing, Instant now) {
    if (playing_ && !playing) quiet_since_ = now;
    playing_ = playing;
  }

  // Before anything was heard there is no grace: who starts in an idle house, starts idle.
  [[nodiscard]] bool idle(Duration grace, Instant now) const {
    return !playing_ && (!quiet_since_ || now >= *quiet_since_ + grace);
  }
  // When it gets idle unless something plays; also in the past.
  [[nodiscard]] std::optional<Instant> idle_at(Duration grace) const {
    if (playing_ || !quiet_since_) return std::nullopt;
    return *quiet_since_ + grace;
  }

 private:
  bool playing_ = false;
  std::optional<Instant> quiet_since_;
};

}  // namespace rocd
