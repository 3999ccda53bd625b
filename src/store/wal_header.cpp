#include "store/wal_header.hpp"

#include <algorithm>
#include <cstdint>

namespace rocd {
namespace {

constexpr std::uint32_t magic =
    0x377f0682;  // with the lowest bit: checksums are of big-endian words

std::uint32_t word(std::string_view bytes, std::size_t at, bool big_endian) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[at + (big_endian ? i : 3 - i)]);
    value = value << 8 | byte;
  }
  return value;
}

}  // namespace

bool is_wal_start(std::string_view start) {
  if (start.size() < wal_header_size) return true;
  if (std::ranges::all_of(start, [](char c) { return c == 0; })) return true;
  const auto found = word(start, 0, true);
  if ((found & ~1U) != magic) return false;
  const bool big_endian = (found & 1U) != 0;
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  for (std::size_t at = 0; at < 24; at += 8) {
    first += word(start, at, big_endian) + second;
    second += word(start, at + 4, big_endian) + first;
  }
  return first == word(start, 24, true) && second == word(start, 28, true);
}

}  // namespace rocd
