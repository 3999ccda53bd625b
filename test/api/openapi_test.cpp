// openapi/rocd.yaml as the daemon reads it. What it says is checked by test/contract.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "api/document.hpp"
#include "api/problem.hpp"
#include "base/version.hpp"

using namespace rocd;
namespace json = boost::json;

namespace {

const json::value& schema(std::string_view name) {
  return openapi_json().at("components").at("schemas").at(name);
}

}  // namespace

TEST_CASE("The document is of this version") {
  CHECK(openapi_json().at("info").at("version").as_string() == version());
}

TEST_CASE("The error codes are those that the daemon has, with their statuses and meanings") {
  std::set<std::string> listed;
  for (const auto& code : schema("ErrorCode").at("enum").as_array()) {
    listed.insert(std::string(code.as_string()));
  }
  std::set<std::string> described, made;
  for (const auto& error : schema("ErrorCode").at("x-errors").as_object()) {
    CHECK(listed.contains(std::string(error.key())));
    described.insert(std::string(error.key()) + " " + json::serialize(error.value()));
  }
  for (const auto& kind : problem_kinds()) {
    const json::object about{{"status", kind.status}, {"meaning", kind.meaning}};
    made.insert(std::string(kind.code) + " " + json::serialize(about));
  }
  CHECK(described == made);
  CHECK(listed.size() == made.size());
}

TEST_CASE("YAML scalars become JSON as the core schema says") {
  const auto value = yaml_to_json(
      "a: 1\nb: 1.5\nc: true\nd: null\ne: \"1\"\nf: '200'\ng: text\nh: [x, -3, {i: ~}]\n"
      "k: |\n  two\n  lines\nl: 3.1.0\n\"404\": m\nn: inf\no: ''\n");
  CHECK(
      json::serialize(value) ==
      R"({"a":1,"b":1.5E0,"c":true,"d":null,"e":"1","f":"200","g":"text","h":["x",-3,{"i":null}],)"
      R"("k":"two\nlines\n","l":"3.1.0","404":"m","n":"inf","o":""})");
}
