#include "rocctl/text.hpp"

#include <clocale>
#include <cstdint>
#include <cwchar>
#include <stdexcept>

namespace rocctl {
namespace {

constexpr std::string_view ellipsis = "…";

struct Character {
  char32_t code;
  std::size_t bytes;
};

// The first one of a text that is not empty. A byte that is no UTF-8 counts as a character.
Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t bytes = lead < 0x80             ? 1
                            : (lead & 0xe0) == 0xc0 ? 2
                            : (lead & 0xf0) == 0xe0 ? 3
                            : (lead & 0xf8) == 0xf0 ? 4
                                                    : 0;
  if (bytes == 1) return {lead, 1};
  if (bytes == 0 || bytes > text.size()) return {U'?', 1};
  char32_t code = lead & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return {U'?', 1};
    code = (code << 6U) | (next & 0x3fU);
  }
  return {code, bytes};
}

// wcwidth() knows only what the locale knows, which is ASCII where none is set.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ == nullptr) throw std::runtime_error("the C library has no locale C.UTF-8");
  }
  ~Utf8Locale() { ::freelocale(locale_); }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

  [[nodiscard]] std::size_t width(char32_t code) const {
    const auto before = ::uselocale(locale_);
    const int width = ::wcwidth(static_cast<wchar_t>(code));
    ::uselocale(before);
    return width < 0 ? 1 : static_cast<std::size_t>(width);
  }

 private:
  locale_t locale_;
};

std::size_t width_of(char32_t code) {
  if (code < 0x80) return 1;
  static const Utf8Locale locale;
  return locale.width(code);
}

// C0 but for the line end, DEL, C1 (which some terminals obey), and the signs that override or
// isolate directions (Unicode TR 9), with which a text can show as another one.
bool is_command(char32_t code) {
  return (code < 0x20 && code != U'\n') || (code >= 0x7f && code < 0xa0) ||
         (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const auto [code, bytes] = first_character(text);
    width += width_of(code);
    text.remove_prefix(bytes);
  }
  return width;
}

std::string elide(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::string out;
  std::size_t used = 1;  // the ellipsis
  while (!text.empty()) {
    const auto [code, bytes] = first_character(text);
    used += width_of(code);
    if (used > width) break;
    out += text.substr(0, bytes);
    text.remove_prefix(bytes);
  }
  out.append(ellipsis);
  return out;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines{""};
  std::size_t used = 0;
  while (!text.empty()) {
    const auto spaces = std::min(text.find_first_not_of(' '), text.size());
    const auto end = std::min(text.find(' ', spaces), text.size());
    const auto word = text.substr(spaces, end - spaces);
    const auto wide = display_width(word);
    if (used > 0 && used + spaces + wide > width) {
      lines.emplace_back();
      used = 0;
    } else {
      lines.back().append(spaces, ' ');
      used += spaces;
    }
    lines.back() += word;
    used += wide;
    text.remove_prefix(end);
  }
  return lines;
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto [code, bytes] = first_character(text);
    if (is_command(code) || (bytes == 1 && code == U'?'))
      out += '?';
    else
      out += text.substr(0, bytes);
    text.remove_prefix(bytes);
  }
  return out;
}

std::string flat(std::string_view text) {
  auto out = printable(text);
  for (char& c : out)
    if (c == '\n') c = ' ';
  return out;
}

}  // namespace rocctl
