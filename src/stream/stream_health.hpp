// When a change of health is shown (AMWA BCP-008-01): after activation bad news waits, later a
// worsening shows at once and an improvement after it was stable. (pure)
// Does not decide what is healthy: StreamMachine does.
#pragma once

#include <optional>

#include "base/clock.hpp"
#include "model/stream.hpp"

namespace rocd {

class HealthFilter {
 public:
  static constexpr Duration delay = 3s;  // BCP-008-01: statusReportingDelay's default

  void activate(Instant now);  // enabled, or asked for anew
  void deactivate();           // inactive from now on

  // What is true now. Until the delay after activation is over, bad news shows as `inactive` with
  // its message, never as a false `healthy`.
  void handle(HealthReport truth, Instant now);
  void handle_timeout(Instant now);

  [[nodiscard]] std::optional<Instant> poll_timeout() const;
  [[nodiscard]] const HealthReport& report() const { return report_; }

 private:
  void apply(Instant now);

  std::optional<Instant> quiet_until_;  // set while active
  std::optional<Instant> better_since_;
  bool in_quiet_ = false;
  HealthReport truth_;
  HealthReport report_;
};

// When readers of events are told: what the health is at once, other words for it seldom.
class HealthNews {
 public:
  static constexpr Duration pause = 5s;  // as often as metrics

  // Whether `current` is to be told now to those who know `told`.
  [[nodiscard]] bool is_due(const HealthReport& told, const HealthReport& current, Instant now);
  // Ask again then: the last words are always told.
  [[nodiscard]] std::optional<Instant> poll_timeout() const { return due_; }

 private:
  Instant next_{};  // when words may be told
  std::optional<Instant> due_;
};

}  // namespace rocd
