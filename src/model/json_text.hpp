// JSON as it goes out: one line, always valid UTF-8, numbers as people write them (0.5, where
// Boost.JSON says 5E-1); and how it is read, so that it means the same again. (pure)
#pragma once

#include <boost/json/parse_options.hpp>
#include <boost/json/value.hpp>
#include <string>

namespace rocd {

// For boost::json::parse(), which by itself is off in the last digit of long numbers.
inline constexpr boost::json::parse_options exact_numbers{
    .numbers = boost::json::number_precision::precise};

[[nodiscard]] std::string json_text(const boost::json::value& value);

}  // namespace rocd
