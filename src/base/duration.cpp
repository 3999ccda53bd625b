#include "base/duration.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace rocd {
namespace {

struct Unit {
  std::string_view name;
  double nanoseconds;
};

constexpr std::array<Unit, 6> units{
    {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};

Error bad(std::string_view text) {
  Error error;
  error.code = ErrorCode::invalid_argument;
  error.message = fmt::format(
      "'{}' is not a duration, expected a number and a unit such as '200ms' or '1.5s'", text);
  return error;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  double number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (failure != std::errc{} || number < 0 || std::signbit(number) || !std::isfinite(number))
    return bad(text);
  const std::string_view name(rest, static_cast<std::size_t>(end - rest));
  for (const auto& unit : units) {
    if (unit.name != name) continue;
    const double value = std::round(number * unit.nanoseconds);
    if (value >= static_cast<double>(std::numeric_limits<Duration::rep>::max())) return bad(text);
    return Duration(static_cast<Duration::rep>(value));
  }
  return bad(text);
}

std::string format_duration(Duration duration) {
  const auto ns = duration.count();
  if (ns % 1000 != 0) return fmt::format("{}ns", ns);  // as a fraction it would need an exponent
  const bool in_seconds = ns != 0 && (ns % 1'000'000'000 == 0);
  const double value = static_cast<double>(ns) / (in_seconds ? 1e9 : 1e6);
  return fmt::format("{}{}", value, in_seconds ? "s" : "ms");
}

}  // namespace rocd
