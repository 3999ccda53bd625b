// Durations as people and Roc Toolkit write them: a number and a unit, "200ms", "1.5s".
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace rocd {

// Units: ns, us, ms, s, m, h. Rejects negative numbers, missing units and spaces.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);

// Exact, in s where whole, else in ms, else in ns: "2s", "200ms", "2.5ms", "1001ns".
[[nodiscard]] std::string format_duration(Duration duration);

}  // namespace rocd
