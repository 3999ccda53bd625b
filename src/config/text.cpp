#include "config/text.hpp"

#include <fmt/format.h>

namespace rocd {
namespace {

// The length of the UTF-8 sequence at `i`; 0 if there is none.
std::size_t sequence_length(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t k) {
    return k < text.size() ? static_cast<unsigned char>(text[k]) : 0U;
  };
  const auto in = [](unsigned value, unsigned low, unsigned high) {
    return value >= low && value <= high;
  };
  const unsigned first = byte(i);
  if (first < 0x80) return 1;
  if (in(first, 0xC2, 0xDF)) return in(byte(i + 1), 0x80, 0xBF) ? 2 : 0;
  if (in(first, 0xE0, 0xEF)) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return in(byte(i + 1), low, high) && in(byte(i + 2), 0x80, 0xBF) ? 3 : 0;
  }
  if (!in(first, 0xF0, 0xF4)) return 0;
  const unsigned low = first == 0xF0 ? 0x90 : 0x80;
  const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
  const bool tail = in(byte(i + 2), 0x80, 0xBF) && in(byte(i + 3), 0x80, 0xBF);
  return in(byte(i + 1), low, high) && tail ? 4 : 0;
}

}  // namespace

std::optional<BadCharacter> find_bad_character(std::string_view text, bool allow_lines) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto length = sequence_length(text, i);
    if (length == 0) return BadCharacter{i, fmt::format("the byte 0x{:02x} is not UTF-8", byte)};
    const bool breaks = byte == '\t' || byte == '\n' || byte == '\r';
    if (byte == 0x7F || (byte < 0x20 && !(breaks && allow_lines)))
      return BadCharacter{i, fmt::format("there is a control character (0x{:02x})", byte)};
    i += length;
  }
  return std::nullopt;
}

}  // namespace rocd
