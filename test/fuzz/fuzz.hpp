// What every fuzz target shares: what must hold ends the process if it does not, which libFuzzer
// reports as a finding, with the input that did it.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/uid.hpp"
#include "base/utf8.hpp"

namespace rocd::fuzz {

inline void must(bool holds, std::string_view what,
                 std::source_location at = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%u: does not hold: %.*s\n", at.file_name(), at.line(),
               static_cast<int>(what.size()), what.data());
  std::abort();
}

inline const Uid self = *Uid::parse("aaaaaa-bbbbbb-cccccc");
inline const Uid someone = *Uid::parse("rx4sse-w0zas1-gf2s1o");

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Up to the next line break, which is taken, too; all of the text if there is none.
inline std::string_view take_line(std::string_view& text) {
  const auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

// A person has something to read in every error, and JSON can carry it.
inline void check_error(const Error& error) {
  must(!error.message.empty() || !error.fields.empty(), "an error says what is wrong");
  for (const auto& field : error.fields) must(!field.reason.empty(), "a field error has a reason");
}

}  // namespace rocd::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
