// For a line of the log that others can cause as often as they like: the first one at once, then
// one in each interval, which tells how many were left out. (pure)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.hpp"

namespace rocd {

class LogThrottle final {
 public:
  static constexpr Duration default_interval = std::chrono::seconds(10);

  explicit LogThrottle(Duration interval = default_interval) : interval_(interval) {}

  // nullopt: the line is left out. Else what ends it: nothing, or how many were left out before.
  [[nodiscard]] std::optional<std::string> admit(Instant now) {
    if (next_ && now < *next_) {
      ++left_out_;
      return std::nullopt;
    }
    next_ = now + interval_;
    const auto count = std::exchange(left_out_, 0);
    return count == 0 ? std::string() : " (and " + std::to_string(count) + " more before)";
  }

 private:
  Duration interval_;
  std::optional<Instant> next_;
  std::uint64_t left_out_ = 0;
};

}  // namespace rocd
