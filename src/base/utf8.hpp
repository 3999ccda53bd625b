// What is UTF-8 (RFC 3629), and how text becomes it. (pure)
#pragma once

#include <string>
#include <string_view>

namespace rocd {

[[nodiscard]] bool is_utf8(std::string_view text);
[[nodiscard]] std::string to_utf8(std::string text);  // each wrong byte becomes U+FFFD

}  // namespace rocd
