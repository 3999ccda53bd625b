// Content that is kept compressed, for those who want it so and those who do not.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace rocd {

// What an Accept-Encoding (RFC 9110, 12.5.3) says about gzip.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

// RFC 1952. An error if it is damaged, or would become larger than `max_bytes`.
[[nodiscard]] Result<std::string> gunzip(std::string_view compressed, std::size_t max_bytes);

}  // namespace rocd
