// What the output may look like: plain and complete, unless a person looks at it on a terminal.
#pragma once

#include <string_view>

#include "rocctl/table.hpp"

namespace rocctl {

enum class Colour { automatic, always, never };

struct Terminal {
  bool is_terminal = false;
  bool takes_colour = false;  // as TERM and NO_COLOR (no-color.org) say
  std::size_t width = 0;      // columns; 0: not known
};

// COLUMNS counts more than what the terminal says.
[[nodiscard]] Terminal look_at_terminal(int descriptor);

[[nodiscard]] Style style_for(const Terminal& terminal, Colour colour);  // (pure)

}  // namespace rocctl
