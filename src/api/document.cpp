#include "api/document.hpp"

#include <yaml-cpp/yaml.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <string>

namespace rocd {
namespace json = boost::json;

namespace {

template <class Number>
bool parse_number(const std::string& text, Number& value) {
  const auto* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end;
}

json::value scalar(const YAML::Node& node) {
  const auto& text = node.Scalar();
  if (node.Tag() == "!") return json::string(text);  // it was quoted
  if (text == "null" || text == "~" || text.empty()) return nullptr;
  if (text == "true" || text == "false") return text == "true";
  std::int64_t integer = 0;
  if (parse_number(text, integer)) return integer;
  double number = 0;
  if (parse_number(text, number) && text.find_first_of("0123456789") != text.npos) return number;
  return json::string(text);
}

json::value convert(const YAML::Node& node) {
  if (node.IsMap()) {
    json::object object;
    for (const auto& member : node) object[member.first.Scalar()] = convert(member.second);
    return object;
  }
  if (node.IsSequence()) {
    json::array array;
    for (const auto& element : node) array.push_back(convert(element));
    return array;
  }
  return node.IsScalar() ? scalar(node) : json::value(nullptr);
}

}  // namespace

json::value yaml_to_json(std::string_view yaml) {
  return convert(YAML::Load(std::string(yaml)));
}

const json::value& openapi_json() {
  static const json::value document = yaml_to_json(openapi_yaml());
  return document;
}

}  // namespace rocd
