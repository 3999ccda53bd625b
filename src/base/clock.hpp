// Time as the machines see it. They never ask for it: every handle_*() is told `now`.
#pragma once

#include <chrono>
#include <string>

namespace rocd {

using namespace std::chrono_literals;

using Duration = std::chrono::nanoseconds;
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;   // for deadlines
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;  // for people

// Both clocks, read once per event, so that a status and its timer agree.
struct Now {
  Instant mono{};
  WallTime wall{};

  [[nodiscard]] static Now read() {
    return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()};
  }
  [[nodiscard]] Now operator+(Duration d) const { return {mono + d, wall + d}; }
};

// RFC 3339 with milliseconds in UTC: "2026-11-20T12:00:00.000Z".
[[nodiscard]] std::string format_utc(WallTime time);

}  // namespace rocd
