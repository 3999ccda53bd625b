// How wide text is, and how it is made to fit.
#include "rocctl/text.hpp"

#include <catch2/catch_test_macros.hpp>

namespace rocctl::test {

TEST_CASE("the width of text is that of a terminal, whatever the locale is") {
  CHECK(display_width("") == 0);
  CHECK(display_width("abc") == 3);
  CHECK(display_width("Küche") == 5);
  CHECK(display_width("Ku\u0308che") == 5);  // combining
  CHECK(display_width("台所") == 4);
  CHECK(display_width("🔊") == 2);
  CHECK(display_width("…") == 1);
  CHECK(display_width("\xff\xc3") == 2);  // no UTF-8
}

TEST_CASE("what is cut ends with an ellipsis and never in the middle of a character") {
  CHECK(elide("Kitchen", 7) == "Kitchen");
  CHECK(elide("Kitchen", 6) == "Kitch…");
  CHECK(elide("Küche", 3) == "Kü…");
  CHECK(elide("台所の音", 8) == "台所の音");
  CHECK(elide("台所の音", 7) == "台所の…");
  CHECK(elide("台所の音", 6) == "台所…");
  CHECK(elide("abc", 1) == "…");
  CHECK(elide("abc", 0).empty());
  for (std::size_t width = 0; width < 12; ++width)
    CHECK(display_width(elide("a台b所c🔊d", width)) <= width);
}

TEST_CASE("lines are broken at spaces") {
  using Lines = std::vector<std::string>;
  CHECK(wrap("", 10) == Lines{""});
  CHECK(wrap("one two three", 100) == Lines{"one two three"});
  CHECK(wrap("one two three", 7) == Lines{"one two", "three"});
  CHECK(wrap("one two three", 6) == Lines{"one", "two", "three"});
  CHECK(wrap("send to rtp+rs8m://192.168.1.20:10001 now", 12) ==
        Lines{"send to", "rtp+rs8m://192.168.1.20:10001", "now"});
  CHECK(wrap("one  two", 100) == Lines{"one  two"});
}

TEST_CASE("text of others cannot command the terminal") {
  CHECK(printable("evil\033[2J\x7f\a") == "evil?[2J??");
  CHECK(printable("\u009b2J") == "?2J");                     // CSI as one character
  CHECK(printable("a\u202etxt.exe\u2066") == "a?txt.exe?");  // turned around
  CHECK(printable("\xff\xc3") == "??");
  CHECK(printable("Küche\n台所") == "Küche\n台所");
  CHECK(flat("one\ntwo") == "one two");
}

}  // namespace rocctl::test
