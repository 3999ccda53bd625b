// Text on a terminal: how wide it is, and how to make it fit. (pure)
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rocctl {

// Columns that UTF-8 takes: 2 for wide characters, 0 for combining ones.
[[nodiscard]] std::size_t display_width(std::string_view text);

// At most `width` columns; what was cut ends with '…'.
[[nodiscard]] std::string elide(std::string_view text, std::size_t width);

// Lines of at most `width` columns, broken at spaces; a longer word gets a line of its own.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, std::size_t width);

// Names come from other people's computers: what would command the terminal, or turn the direction
// of writing, becomes '?'. Line ends stay.
[[nodiscard]] std::string printable(std::string_view text);

// The same on one line.
[[nodiscard]] std::string flat(std::string_view text);

}  // namespace rocctl
