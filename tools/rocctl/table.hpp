// Aligned columns of text, cut to the width of the terminal. (pure)
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rocctl {

enum class Tone { plain, good, doubtful, bad, faint };

struct Style {
  bool colour = false;    // only where a person looks at it
  std::size_t width = 0;  // columns of the terminal; 0: nothing is cut
};

[[nodiscard]] std::string paint(std::string_view text, Tone tone, const Style& style);

struct Cell {
  Cell(std::string text_ = {}, Tone tone_ = Tone::plain) : text(std::move(text_)), tone(tone_) {}
  Cell(const char* text_) : text(text_) {}
  std::string text;
  Tone tone = Tone::plain;
};

using Row = std::vector<Cell>;

struct Column {
  std::string head;
  // Where the table is too wide, the column with the least is cut first, then left out first.
  int importance = 0;
  std::size_t narrowest = 0;  // how far it may be cut; 0: not at all, as numbers
  bool to_right = false;
};

[[nodiscard]] std::string table(const std::vector<Column>& columns, const std::vector<Row>& rows,
                                const Style& style);

// "name   value" lines, without a head. Where they are too long, the last cell is wrapped.
[[nodiscard]] std::string pairs(const std::vector<Row>& rows, const Style& style);

}  // namespace rocctl
