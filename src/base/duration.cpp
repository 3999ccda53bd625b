#include "base/duration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace rocd {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};

constexpr std::array<Unit, 6> units{{{"ns", 1},
                                     {"us", 1'000},
                                     {"ms", 1'000'000},
                                     {"s", 1'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"h", 3600'000'000'000}}};

constexpr std::string_view digits = "0123456789";

Error bad(std::string_view text) {
  Error error;
  error.code = ErrorCode::invalid_argument;
  error.message = fmt::format(
      "'{}' is not a duration, expected a number and a unit such as '200ms' or '1.5s'", text);
  return error;
}

template <class T>
bool read(std::string_view text, T& value) {
  const auto* const end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, value);
  return failure == std::errc{} && rest == end;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto number = text.substr(0, text.find_first_not_of("0123456789."));
  const auto name = text.substr(number.size());
  const auto* const unit = std::find_if(units.begin(), units.end(),
                                        [&](const Unit& known) { return known.name == name; });
  const auto whole = number.substr(0, number.find('.'));
  const auto fraction = number.substr(whole.size());  // with its point
  if (unit == units.end() || number.find_first_of(digits) == number.npos) return bad(text);
  if (fraction.find_last_of('.') != fraction.find_first_of('.')) return bad(text);

  // A double would be exact only up to 104 days; for less than one unit it is.
  std::int64_t nanoseconds = 0;
  if (!whole.empty() && !read(whole, nanoseconds)) return bad(text);
  double rest = 0;
  if (fraction.size() > 1 && !read(fraction, rest)) return bad(text);
  const auto rounded = std::llround(rest * static_cast<double>(unit->nanoseconds));
  if (__builtin_mul_overflow(nanoseconds, unit->nanoseconds, &nanoseconds) ||
      __builtin_add_overflow(nanoseconds, rounded, &nanoseconds))
    return bad(text);
  return Duration(nanoseconds);
}

std::string format_duration(Duration duration) {
  const auto ns = duration.count();
  if (ns % 1000 != 0) return fmt::format("{}ns", ns);  // more digits than people read
  if (ns != 0 && ns % 1'000'000'000 == 0) return fmt::format("{}s", ns / 1'000'000'000);
  auto text = fmt::format("{}.{:03}", ns / 1'000'000, ns / 1000 % 1000);
  text.resize(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + "ms";
}

}  // namespace rocd
