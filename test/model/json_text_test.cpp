#include "model/json_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <limits>

#include "base/utf8.hpp"

namespace rocd::test {

TEST_CASE("What a child wrote that is not UTF-8 does not break an answer") {
  const auto text = json_text(boost::json::object{{"a", "x\xFFy\xC3\xA9\xED\xA0\x80z\xF0\x9F"}});
  CHECK(is_utf8(text));
  CHECK(boost::json::parse(text).at("a").as_string() ==
        "x\uFFFDy\u00e9\uFFFD\uFFFD\uFFFDz\uFFFD\uFFFD");
}

TEST_CASE("Numbers are written as people do") {
  CHECK(json_text(boost::json::array{1, 1.0, 0.5, -0.25, 1e21, 203.6, 1e-7,
                                     std::numeric_limits<double>::infinity(), "a\"b", true}) ==
        R"([1,1.0,0.5,-0.25,1e+21,203.6,1e-07,null,"a\"b",true])");
  CHECK(json_text(boost::json::object{{"a", boost::json::object{}}, {"b\n", nullptr}}) ==
        R"({"a":{},"b\n":null})");
}

}  // namespace rocd::test
