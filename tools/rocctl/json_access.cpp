#include "rocctl/json_access.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace rocctl {
namespace json = boost::json;
namespace {

// Short lists of plain values stay on one line.
bool is_flat(const json::array& array) {
  for (const auto& item : array)
    if (item.is_structured()) return false;
  return array.size() <= 4;
}

void write(std::string& out, const json::value& value, std::size_t depth) {
  const std::string indent((depth + 1) * 2, ' ');
  const std::string close = "\n" + std::string(depth * 2, ' ');
  if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
    const char* separator = "{\n";
    for (const auto& member : *object) {
      out += separator + indent + json::serialize(json::string(member.key())) + ": ";
      write(out, member.value(), depth + 1);
      separator = ",\n";
    }
    out += close + "}";
  } else if (const auto* array = value.if_array(); array != nullptr && !is_flat(*array)) {
    const char* separator = "[\n";
    for (const auto& item : *array) {
      out += separator + indent;
      write(out, item, depth + 1);
      separator = ",\n";
    }
    out += close + "]";
  } else if (value.is_double()) {
    out += number_text(value.get_double());
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

const json::value* find_at(const json::value& value, std::string_view pointer) {
  boost::system::error_code error;
  return value.find_pointer(pointer, error);
}

std::string text_at(const json::value& value, std::string_view pointer) {
  const auto* found = find_at(value, pointer);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

bool true_at(const json::value& value, std::string_view pointer) {
  const auto* found = find_at(value, pointer);
  return found != nullptr && found->is_bool() && found->get_bool();
}

std::optional<double> number_at(const json::value& value, std::string_view pointer) {
  const auto* found = find_at(value, pointer);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  return found->to_number<double>();
}

const json::array& items_of(const json::value& value) {
  static const json::array none;
  return value.is_array() ? value.get_array() : none;
}

const json::array& items_at(const json::value& value, std::string_view pointer) {
  static const json::value nothing;
  const auto* found = find_at(value, pointer);
  return items_of(found != nullptr ? *found : nothing);
}

std::string pretty(const json::value& value) {
  std::string out;
  write(out, value, 0);
  out += '\n';
  return out;
}

// Boost writes 1.0 as 1E0, which is right but hard to read.
std::string number_text(double number) {
  auto text = fmt::format("{}", number);
  if (const auto exponent = text.find('e'); text.find('.') == std::string::npos)
    text.insert(std::min(exponent, text.size()), ".0");
  return text;
}

}  // namespace rocctl
