#include "base/utf8.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace rocd::test {

TEST_CASE("Text of any script is UTF-8") {
  const std::string text = GENERATE("", "a", "\x7f", "K\u00fcche", "\u53a8\u623f", "\U0001F50A");
  CHECK(is_utf8(text));
  CHECK(to_utf8(text) == text);
}

TEST_CASE("Overlong forms, surrogates, stray and missing bytes are not UTF-8") {
  struct Row {
    const char* text;
    const char* mended;
  };
  const auto row = GENERATE(Row{"\xC0\xAF", "\uFFFD\uFFFD"}, Row{"a\x80z", "a\uFFFDz"},
                            Row{"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"}, Row{"\xC3", "\uFFFD"},
                            Row{"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"});
  CHECK_FALSE(is_utf8(row.text));
  CHECK(to_utf8(row.text) == row.mended);
}

}  // namespace rocd::test
