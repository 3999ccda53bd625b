// JSON as it goes out: one line, always valid UTF-8, numbers as people write them (0.5, where
// Boost.JSON says 5E-1). (pure)
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace rocd {

[[nodiscard]] std::string json_text(const boost::json::value& value);

}  // namespace rocd
