#include "api/json_body.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstdlib>
#include <random>

#include "model/json_text.hpp"

using namespace rocd;

TEST_CASE("A JSON body is read as it is") {
  const auto value = parse_json_body(R"( {"a": [1, {"b": "\u00e9"}], "c": null} )");
  REQUIRE(value.has_value());
  CHECK(boost::json::serialize(*value) == "{\"a\":[1,{\"b\":\"\xC3\xA9\"}],\"c\":null}");
  CHECK(parse_json_body("3").has_value());
}

TEST_CASE("What is not JSON is malformed, and the message says where") {
  struct Case {
    std::string text, message, where;
  };
  const auto wrong = GENERATE(
      Case{"", "the body is empty, a JSON object is expected", ""},
      Case{" \n\t", "the body is empty, a JSON object is expected", ""},
      Case{"{", "the body is not JSON: it ends too early", "line 1, column 2, offset 1"},
      Case{"{\"a\": 1,\n \"b\": tru}", "the body is not JSON: syntax error",
           "line 2, column 7, offset 15"},
      Case{"{\"a\": 1} x", "the body is not JSON: something follows the JSON value",
           "line 1, column 10, offset 9"},
      Case{"{'a': 1}", "the body is not JSON: syntax error", "line 1, column 2, offset 1"},
      Case{"{\"a\": 01}", "the body is not JSON: syntax error", "line 1, column 8, offset 7"},
      Case{"{\"a\": 1,}", "the body is not JSON: syntax error", "line 1, column 9, offset 8"},
      Case{"// no comments\n{}", "the body is not JSON: syntax error",
           "line 1, column 1, offset 0"},
      Case{"{\"a\": NaN}", "the body is not JSON: syntax error", "line 1, column 7, offset 6"},
      Case{"{\"a\": \"\n\"}", "the body is not JSON: syntax error", "line 1, column 8, offset 7"},
      Case{"{\"a\": \"\xFF\"}", "the body is not JSON: syntax error", "line 1, column 8, offset 7"},
      Case{std::string(33, '['), "the body is not JSON: nested deeper than 32 levels",
           "line 1, column 33, offset 32"});
  CAPTURE(wrong.text);
  const auto result = parse_json_body(wrong.text);
  REQUIRE(!result);
  CHECK(result.error().code == ErrorCode::malformed);
  CHECK(result.error().message == wrong.message);
  CHECK(result.error().where == wrong.where);
}

TEST_CASE("Thirty-two levels are not too deep") {
  CHECK(parse_json_body(std::string(32, '[') + std::string(32, ']')).has_value());
}

TEST_CASE("A number is read as the nearest that there is, and written so that it is read again") {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> volume(0, 4);
  for (int round = 0; round < 10'000; ++round) {
    const double number = volume(random);
    const auto text = json_text(number);
    CAPTURE(text);
    const auto read = parse_json_body(text);
    REQUIRE(read.has_value());
    REQUIRE(read->as_double() == number);
  }
  const std::string digits = "0.30000000000000004440892098500626161694526672363281251";
  CHECK(parse_json_body(digits)->as_double() == std::strtod(digits.c_str(), nullptr));
}

TEST_CASE("A number that is too large is an error, not infinite") {
  for (const std::string text : {"1e400", "-1e400", "[1, 2.5e999999999]"}) {
    CAPTURE(text);
    const auto result = parse_json_body(text);
    REQUIRE(!result);
    CHECK(result.error().code == ErrorCode::malformed);
    CHECK(result.error().message == "the body is not JSON: a number is too large");
  }
  CHECK(parse_json_body("1e-400").value() == 0.0);
}

TEST_CASE("Every key that appears twice is named by its JSON pointer") {
  const auto result = parse_json_body(
      R"({"a": 1, "b": [{}, {"c/d": 1, "e~": 2, "c\/d": 3, "e~": 4}], "a": {"a": 5}, "a": 6})");
  REQUIRE(!result);
  CHECK(result.error().code == ErrorCode::malformed);
  CHECK(result.error().fields == std::vector<FieldError>{{"/b/1/c~1d", "key appears twice"},
                                                         {"/b/1/e~0", "key appears twice"},
                                                         {"/a", "key appears twice"},
                                                         {"/a", "key appears twice"}});
  CHECK(parse_json_body(R"([{"a": 1}, {"a": 1, "b": {"a": 1}}])").has_value());
}
