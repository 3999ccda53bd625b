#include "model/json_text.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>
#include <string_view>

#include "base/utf8.hpp"

namespace rocd {
namespace json = boost::json;

namespace {

void write_double(std::string& out, double number) {
  if (!std::isfinite(number)) {  // JSON has neither
    out += "null";
    return;
  }
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  const std::string_view text(digits, static_cast<std::size_t>(end - digits));
  out += text;
  if (text.find_first_of(".e") == text.npos) out += ".0";
}

// Most strings, and nearly all keys: what JSON has not to escape (RFC 8259, 7).
void write_string(std::string& out, json::string_view text) {
  const bool is_plain = std::ranges::all_of(
      text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; });
  if (is_plain)
    out.append(1, '"').append(text) += '"';
  else
    out += json::serialize(text);
}

void write(std::string& out, const json::value& value) {
  std::string_view separator;
  if (const auto* object = value.if_object()) {
    out += '{';
    for (const auto& member : *object) {
      out += separator;
      write_string(out, member.key());
      out += ':';
      write(out, member.value());
      separator = ",";
    }
    out += '}';
  } else if (const auto* array = value.if_array()) {
    out += '[';
    for (const auto& element : *array) {
      out += separator;
      write(out, element);
      separator = ",";
    }
    out += ']';
  } else if (const auto* text = value.if_string()) {
    write_string(out, *text);
  } else if (const auto* number = value.if_double()) {
    write_double(out, *number);
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string json_text(const json::value& value) {
  std::string text;
  write(text, value);
  return to_utf8(std::move(text));
}

}  // namespace rocd
