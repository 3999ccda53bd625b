// Tables, and what becomes of them on a narrow terminal.
#include "rocctl/table.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "rocctl/text.hpp"

namespace rocctl::test {
namespace {

const std::vector<Column> columns{{.head = "UID", .importance = 2, .narrowest = 4},
                                  {.head = "NAME", .importance = 4, .narrowest = 6},
                                  {.head = "STATE", .importance = 3},
                                  {.head = "MS", .importance = 1, .to_right = true}};
const std::vector<Row> rows{{"aaaaaa-bbbbbb", "Kitchen speakers", "running", "7"},
                            {"cccccc-dddddd", "Mic", "backoff", "1234"}};

std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) widest = std::max(widest, display_width(line));
  return widest;
}

}  // namespace

TEST_CASE("columns are aligned by what is seen, numbers to the right") {
  const std::vector<Column> three{
      {.head = "NAME"}, {.head = "MS", .to_right = true}, {.head = "X"}};
  CHECK(table(three, {{"Küche", "7", ""}, {"a", "1234", "y"}, {"台所", "5", "z"}}, {}) ==
        "NAME     MS  X\n"
        "Küche     7\n"
        "a      1234  y\n"
        "台所      5  z\n");
}

TEST_CASE("colours are for terminals only, and names cannot command the terminal") {
  const std::vector<Row> evil{{{"evil\033[2J\nname", Tone::bad}}};
  CHECK(table({{.head = "NAME"}}, evil, {}) == "NAME\nevil?[2J name\n");
  CHECK(table({{.head = "NAME"}}, evil, {.colour = true}) ==
        "\033[2mNAME\033[0m\n\033[31mevil?[2J name\033[0m\n");
}

TEST_CASE("nothing is cut where the width is not known, or is enough") {
  const auto whole = table(columns, rows, {});
  CHECK(whole ==
        "UID            NAME              STATE      MS\n"
        "aaaaaa-bbbbbb  Kitchen speakers  running     7\n"
        "cccccc-dddddd  Mic               backoff  1234\n");
  CHECK(table(columns, rows, {.width = 46}) == whole);
}

TEST_CASE("on a narrow terminal the least important text is cut first, then columns are left out") {
  CHECK(table(columns, rows, {.width = 40}) ==
        "UID      NAME              STATE      MS\n"
        "aaaaaa…  Kitchen speakers  running     7\n"
        "cccccc…  Mic               backoff  1234\n");
  CHECK(table(columns, rows, {.width = 30}) ==
        "UID   NAME       STATE      MS\n"
        "aaa…  Kitchen …  running     7\n"
        "ccc…  Mic        backoff  1234\n");
  CHECK(table(columns, rows, {.width = 24}) ==
        "UID   NAME       STATE\n"
        "aaa…  Kitchen …  running\n"
        "ccc…  Mic        backoff\n");
  CHECK(table(columns, rows, {.width = 16}) ==
        "NAME     STATE\n"
        "Kitche…  running\n"
        "Mic      backoff\n");
}

TEST_CASE("no line is longer than the terminal, down to a few columns") {
  for (std::size_t width = 6; width < 60; ++width) {
    INFO(width);
    CHECK(widest_line(table(columns, rows, {.width = width})) <= width);
  }
}

TEST_CASE("long values are wrapped beside their names") {
  const std::vector<Row> values{{"state", "running"}, {"hint", {"send to it, or wait", Tone::bad}}};
  CHECK(pairs(values, {}) == "state  running\nhint   send to it, or wait\n");
  CHECK(pairs({{"a", ""}, {"bbb", "c"}}, {}) == "a\nbbb  c\n");
  const std::vector<Row> longer{
      {"hint", {"send to rtp+rs8m://192.168.1.20:10001, or wait until somebody does", Tone::bad}}};
  CHECK(pairs(longer, {.width = 40}) ==
        "hint  send to\n"
        "      rtp+rs8m://192.168.1.20:10001, or\n"
        "      wait until somebody does\n");
  CHECK(pairs(values, {.colour = true, .width = 40}) ==
        "state  running\nhint   \033[31msend to it, or wait\033[0m\n");
}

}  // namespace rocctl::test
