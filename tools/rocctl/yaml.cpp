#include "rocctl/yaml.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <cctype>
#include <charconv>

#include "rocctl/json_access.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Truth and nothing, as YAML 1.1 and its readers know them.
bool is_word_of_yaml(std::string_view text) {
  constexpr std::array<std::string_view, 12> words{"y",    "n",     "yes", "no",  "on",   "off",
                                                   "true", "false", "nan", "inf", "null", "nil"};
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::find(words.begin(), words.end(), lower) != words.end();
}

// Begins as no number, date or sign of YAML does, and holds nothing that could end it: names, paths
// and addresses.
bool may_be_plain(std::string_view text) {
  if (text.empty() || !(is_letter(text[0]) || text[0] == '/') || is_word_of_yaml(text))
    return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool inside = i + 1 < text.size() && text[i + 1] != ' ';
    const bool safe = is_letter(c) || (c >= '0' && c <= '9') ||
                      std::string_view("/_-+.,()").find(c) != std::string_view::npos ||
                      ((c == ' ' || c == ':') && inside);
    if (!safe) return false;
  }
  return true;
}

void write(YAML::Emitter& out, std::string_view text) {
  if (!may_be_plain(text)) out << YAML::DoubleQuoted;
  out << std::string(text);
}

void write(YAML::Emitter& out, const json::value& value) {
  if (const auto* object = value.if_object()) {
    if (object->empty()) out << YAML::Flow;
    out << YAML::BeginMap;
    for (const auto& member : *object) {
      out << YAML::Key;
      write(out, std::string_view(member.key()));
      out << YAML::Value;
      write(out, member.value());
    }
    out << YAML::EndMap;
  } else if (const auto* array = value.if_array()) {
    if (array->empty()) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const auto& item : *array) write(out, item);
    out << YAML::EndSeq;
  } else if (const auto* text = value.if_string()) {
    write(out, std::string_view(*text));
  } else if (value.is_bool()) {
    out << value.get_bool();
  } else if (value.is_null()) {
    out << YAML::Null;
  } else if (value.is_double()) {
    out << number_text(value.get_double());
  } else if (value.is_uint64()) {
    out << value.get_uint64();
  } else {
    out << value.get_int64();
  }
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

json::value scalar_of(const YAML::Node& node) {
  const auto& text = node.Scalar();
  if (node.Tag() != "?") return json::value(text);  // quoted
  if (text == "true" || text == "false") return text == "true";
  std::int64_t whole = 0;
  if (read_number(text, whole)) return whole;
  double number = 0;
  if (!text.empty() && !is_letter(text[0]) && read_number(text, number)) return number;
  return json::value(text);
}

json::value value_of(const YAML::Node& node) {
  if (node.IsMap()) {
    json::object object;
    for (const auto& member : node)
      object[member.first.as<std::string>()] = value_of(member.second);
    return object;
  }
  if (node.IsSequence()) {
    json::array array;
    for (const auto& item : node) array.push_back(value_of(item));
    return array;
  }
  return node.IsScalar() ? scalar_of(node) : json::value();
}

}  // namespace

std::string yaml(const json::value& value) {
  YAML::Emitter out;
  out.SetNullFormat(YAML::LowerNull);
  write(out, value);
  return std::string(out.c_str()) + "\n";
}

Outcome<json::value> parse_document(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '{') {
    boost::system::error_code error;
    auto value = json::parse(text, error);
    if (error) return Failure{.message = "this is not JSON: " + error.message()};
    return value;
  }
  try {
    return value_of(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& error) {
    return Failure{.message = "this is not YAML: line " + std::to_string(error.mark.line + 1) +
                              ": " + error.msg};
  }
}

}  // namespace rocctl
