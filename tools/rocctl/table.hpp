// Aligned columns of text. (pure)
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rocctl {

enum class Tone { plain, good, doubtful, bad, faint };

struct Style {
  bool colour = false;  // only where a person looks at it
};

[[nodiscard]] std::string paint(std::string_view text, Tone tone, const Style& style);

struct Cell {
  Cell(std::string text_ = {}, Tone tone_ = Tone::plain) : text(std::move(text_)), tone(tone_) {}
  Cell(const char* text_) : text(text_) {}
  std::string text;
  Tone tone = Tone::plain;
};

using Row = std::vector<Cell>;

// The first row is the head. A column whose head begins with '>' is aligned to the right.
[[nodiscard]] std::string table(const std::vector<Row>& rows, const Style& style);

// "name   value" lines; rows of two cells, without a head.
[[nodiscard]] std::string pairs(const std::vector<Row>& rows, const Style& style);

}  // namespace rocctl
