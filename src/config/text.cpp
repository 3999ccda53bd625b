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

std::string without_secrets(std::string_view text) {
  // model/access_token: "rocd_" and 43 of these; SHA-256 as 64 hexadecimal digits.
  constexpr std::string_view prefix = "rocd_";
  constexpr std::size_t part_of_token = 16, hash = 64;
  const auto in_token = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  const auto in_hash = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  const auto run = [&](std::size_t from, const auto& belongs) {
    std::size_t end = from;
    while (end < text.size() && belongs(text[end])) ++end;
    return end - from;
  };
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = run(i, in_hash);
    if (length < hash) length = 0;
    if (text.substr(i).starts_with(prefix))
      if (const auto rest = run(i + prefix.size(), in_token); rest >= part_of_token)
        length = prefix.size() + rest;
    if (length == 0) {
      result += text[i++];
      continue;
    }
    result += "…";
    i += length;
  }
  return result;
}

}  // namespace rocd
