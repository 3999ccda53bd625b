// YAML that means what the JSON meant, to every reader.
#include "rocctl/yaml.hpp"

#include <yaml-cpp/yaml.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>

#include "rocctl/json_access.hpp"
#include "rocctl/samples.hpp"

namespace rocctl::test {
namespace json = boost::json;

TEST_CASE("resources come back from YAML as they were") {
  for (const json::value& value :
       {stream("ssssss-ssssss-ssssss", "Music"),
        endpoint("111111-222222-333333", "Küche", "rocd.k"), system(), json::value(json::array{}),
        json::value(json::object{}),
        json::parse(R"({"a": {}, "b": [], "c": [[1, [2]], {"d": null}], "e": 1e300, "f": 1e-9,
                        "g": -12.25, "h": 1.0, "i": -5, "j": 9007199254740993})")}) {
    const auto text = yaml(value);
    INFO(text);
    CHECK(parse_document(text).value() == value);
  }
}

TEST_CASE("strings that look like something else are quoted") {
  for (const char* text :
       {"",      "true",    "True",        "NO",    "yes",   "on",         "Off",   "y",
        "n",     "null",    "Null",        "~",     "nan",   ".nan",       ".inf",  "1",
        "0x10",  "0o7",     "1e3",         "12:30", "1_000", "2026-11-20", "-1",    "+1",
        ".5",    "- a",     "a: b",        "a #b",  "#a",    "&a",         "*a",    "!a",
        "|",     ">",       "%a",          "@a",    "`a",    "'a'",        "\"a\"", "{a}",
        "[a]",   "a ",      " a",          "a:",    "?",     "=",          "<<",    "two\nlines",
        "tab\t", "\033[2J", "back\\slash", "---",   "...",   "Küche"}) {
    INFO(text);
    const auto document = yaml(json::object{{"key", text}});
    INFO(document);
    const auto node = YAML::Load(document)["key"];
    CHECK(node.Tag() == "!");  // quoted: a string to every reader
    CHECK(node.as<std::string>() == text);
    CHECK(parse_document(yaml(json::object{{text, 1}})).value() == json::object{{text, 1}});
  }
}

TEST_CASE("names, paths and addresses stay readable") {
  CHECK(yaml(json::parse(R"({"name": "Music to kitchen", "uri": "/streams/a1b2c3-d4e5f6-a7b8c9",
            "media": "rtp+rs8m://192.168.1.20:10001", "on": true, "none": null, "volume": 0.25,
            "list": [1, "x"], "empty": []})")) ==
        "name: Music to kitchen\n"
        "uri: /streams/a1b2c3-d4e5f6-a7b8c9\n"
        "media: rtp+rs8m://192.168.1.20:10001\n"
        "\"on\": true\n"
        "none: null\n"
        "volume: 0.25\n"
        "list:\n"
        "  - 1\n"
        "  - x\n"
        "empty: []\n");
}

TEST_CASE("numbers are numbers to readers of YAML 1.1, too") {
  CHECK(number_text(1e300) == "1.0e+300");
  CHECK(number_text(1) == "1.0");
  CHECK(number_text(0.1) == "0.1");
  CHECK(number_text(-2.5e-10) == "-2.5e-10");
}

TEST_CASE("documents are read as JSON or YAML, and what is neither is said") {
  CHECK(parse_document(R"( {"a": "\ud83d\udd0a"})").value() == json::object{{"a", "🔊"}});
  CHECK(parse_document("a: 1\nb: 'x'\nc: [1.5, true, ~, -2, 10.0.0.1]\n").value() ==
        json::parse(R"({"a": 1, "b": "x", "c": [1.5, true, null, -2, "10.0.0.1"]})"));
  CHECK(parse_document("{\"a\": }").error().message.starts_with("this is not JSON: "));
  CHECK(parse_document("a: 1\nb: [1\n").error().message.starts_with("this is not YAML: line "));
}

}  // namespace rocctl::test
