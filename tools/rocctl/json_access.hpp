// Reading the daemon's JSON leniently: a member that is missing or of another type reads as
// nothing, so that rocctl works with an older or newer rocd. (pure)
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace rocctl {

// pointer: RFC 6901, "/status/health/overall".
[[nodiscard]] const boost::json::value* find_at(const boost::json::value& value,
                                                std::string_view pointer);
[[nodiscard]] std::string text_at(const boost::json::value& value, std::string_view pointer);
[[nodiscard]] bool true_at(const boost::json::value& value, std::string_view pointer);
[[nodiscard]] std::optional<double> number_at(const boost::json::value& value,
                                              std::string_view pointer);
[[nodiscard]] const boost::json::array& items_at(const boost::json::value& value,
                                                 std::string_view pointer);
[[nodiscard]] const boost::json::array& items_of(const boost::json::value& value);

// JSON with a line for each member.
[[nodiscard]] std::string pretty(const boost::json::value& value);

// A number with decimals as few as it needs, never as 1E0.
[[nodiscard]] std::string number_text(double number);

}  // namespace rocctl
