// What counts as text: UTF-8 without control characters. (pure)
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rocd {

struct BadCharacter {
  std::size_t offset = 0;
  std::string what;  // "the byte 0xe9 is not UTF-8"
};

// Strict: no overlong forms, no surrogates. Line breaks and tabs are text only if allowed.
[[nodiscard]] std::optional<BadCharacter> find_bad_character(std::string_view text,
                                                             bool allow_lines);

// With "…" in place of everything that looks like an access token, even a part of one, or like the
// hash of one: what a person is told of a text must not give away what stood in it.
[[nodiscard]] std::string without_secrets(std::string_view text);

}  // namespace rocd
