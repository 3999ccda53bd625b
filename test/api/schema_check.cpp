#include "api/schema_check.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <set>
#include <stdexcept>

namespace rocd::test {
namespace json = boost::json;

namespace {

bool has_type(const json::value& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "null") return value.is_null();
  if (type == "integer") return value.is_int64() || value.is_uint64();
  if (type == "number") return value.is_number();
  throw std::runtime_error("unknown type in schema: " + std::string(type));
}

struct Checker {
  const json::value& document;
  std::vector<std::string> errors;

  void fail(const std::string& at, const std::string& what) {
    errors.push_back((at.empty() ? "/" : at) + ": " + what);
  }

  void check_object(const json::object& value, const json::object& schema, const std::string& at) {
    if (const auto* required = schema.if_contains("required")) {
      for (const auto& name : required->as_array()) {
        if (!value.contains(name.as_string())) {
          fail(at, "'" + std::string(name.as_string()) + "' is missing");
        }
      }
    }
    const auto* properties = schema.if_contains("properties");
    if (properties == nullptr) return;
    const bool closed = schema.contains("additionalProperties") &&
                        schema.at("additionalProperties") == json::value(false);
    for (const auto& member : value) {
      const auto* wanted = properties->as_object().if_contains(member.key());
      const std::string name(member.key());
      if (wanted != nullptr)
        check(member.value(), *wanted, at + "/" + name);
      else if (closed)
        fail(at, "'" + name + "' is not in the schema");
    }
  }

  void check_one_of(const json::value& value, const json::array& choices, const std::string& at) {
    int matches = 0;
    std::string why;
    for (const auto& choice : choices) {
      Checker attempt{document, {}};
      attempt.check(value, choice, at);
      if (attempt.errors.empty()) ++matches;
      for (const auto& error : attempt.errors) why += "; " + error;
    }
    if (matches != 1) fail(at, std::to_string(matches) + " choices of oneOf match" + why);
  }

  void check(const json::value& value, const json::value& schema_value, const std::string& at) {
    const auto& schema = schema_value.as_object();
    if (schema.contains("$ref")) check(value, resolve(schema_value, document), at);
    if (const auto* type = schema.if_contains("type")) {
      bool matches = type->is_string() && has_type(value, type->as_string());
      if (type->is_array()) {
        for (const auto& each : type->as_array()) {
          matches = matches || has_type(value, each.as_string());
        }
      }
      if (!matches) return fail(at, json::serialize(value) + " is not " + json::serialize(*type));
    }
    if (const auto* choices = schema.if_contains("enum")) {
      const auto& list = choices->as_array();
      if (std::find(list.begin(), list.end(), value) == list.end()) {
        fail(at, json::serialize(value) + " is not in the enum");
      }
    }
    if (const auto* constant = schema.if_contains("const"); constant && *constant != value) {
      fail(at, json::serialize(value) + " is not " + json::serialize(*constant));
    }
    if (const auto* choices = schema.if_contains("oneOf")) {
      check_one_of(value, choices->as_array(), at);
    }
    if (const auto* minimum = schema.if_contains("minimum"); minimum && value.is_number()) {
      if (value.to_number<double>() < minimum->to_number<double>()) fail(at, "below the minimum");
    }
    if (const auto* maximum = schema.if_contains("maximum"); maximum && value.is_number()) {
      if (value.to_number<double>() > maximum->to_number<double>()) fail(at, "above the maximum");
    }
    if (value.is_object()) check_object(value.as_object(), schema, at);
    if (const auto* items = schema.if_contains("items"); items && value.is_array()) {
      for (std::size_t i = 0; i < value.as_array().size(); ++i) {
        check(value.as_array()[i], *items, at + "/" + std::to_string(i));
      }
    }
  }
};

}  // namespace

const json::value& resolve(const json::value& node, const json::value& document) {
  const auto* found = &node;
  while (found->is_object() && found->as_object().contains("$ref")) {
    const std::string_view pointer = found->at("$ref").as_string();
    found = &document.at_pointer(pointer.substr(1));  // without '#'
  }
  return *found;
}

std::vector<std::string> check_schema(const json::value& value, const json::value& schema,
                                      const json::value& document) {
  Checker checker{document, {}};
  checker.check(value, schema, "");
  return checker.errors;
}

const json::value* response_schema(const json::value& document, std::string_view route,
                                   std::string_view method, int status,
                                   std::string_view content_type) {
  const auto& responses = document.at("paths").at(route).at(method).at("responses").as_object();
  const auto* response = responses.if_contains(std::to_string(status));
  if (response == nullptr && status >= 400) response = responses.if_contains("default");
  if (response == nullptr) return nullptr;
  const auto* content = resolve(*response, document).as_object().if_contains("content");
  if (content == nullptr) return nullptr;
  const auto* media = content->as_object().if_contains(content_type);
  return media == nullptr ? nullptr : &media->at("schema");
}

}  // namespace rocd::test
