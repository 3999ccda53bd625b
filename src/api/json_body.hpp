// Reads the JSON of a request body strictly: what is broken is said with line and column, a key
// that appears twice is an error (RFC 8259 leaves it open), depth is limited. (pure)
#pragma once

#include <boost/json/value.hpp>
#include <string_view>

#include "base/result.hpp"

namespace rocd {

inline constexpr std::size_t kMaxJsonDepth = 32;

// Errors are `malformed`; duplicate keys are reported as fields, all of them.
[[nodiscard]] Result<boost::json::value> parse_json_body(std::string_view text);

}  // namespace rocd
