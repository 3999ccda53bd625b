// Colours and widths, and the real program on a terminal.
#include "rocctl/terminal.hpp"

#include <boost/json/array.hpp>
#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "rocctl/fake_daemon.hpp"
#include "rocctl/program_run.hpp"
#include "rocctl/samples.hpp"
#include "rocctl/text.hpp"

namespace rocctl::test {
namespace json = boost::json;

namespace {

// What `stream ls` writes to a terminal of 80 columns.
std::string shown(const std::vector<std::string>& environment,
                  const std::vector<std::string>& options = {}) {
  FakeDaemon daemon;
  daemon.answer("GET /peers/self/endpoints", {json_answer(json::array{})});
  daemon.answer("GET /streams",
                {json_answer(json::array{stream("ssssss-ssssss-ssssss", "Music to kitchen")})});
  const PseudoTerminal terminal(80);
  std::vector<std::string> words{"stream", "ls", "--url", daemon.url()};
  words.insert(words.end(), options.begin(), options.end());
  REQUIRE(rocctl(words, environment, "", terminal.path()).exit == 0);
  return terminal.read();
}

std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) widest = std::max(widest, display_width(line));
  return widest;
}

bool has_colour(const std::string& text) {
  return text.find("\033[") != std::string::npos;
}

}  // namespace

TEST_CASE("colour and width are for terminals, unless colour is asked for") {
  const Terminal pipe{};
  const Terminal colourful{.is_terminal = true, .takes_colour = true, .width = 80};
  const Terminal dumb{.is_terminal = true, .takes_colour = false, .width = 80};
  CHECK(!style_for(pipe, Colour::automatic).colour);
  CHECK(style_for(pipe, Colour::always).colour);
  CHECK(style_for(pipe, Colour::always).width == 0);
  CHECK(style_for(colourful, Colour::automatic).colour);
  CHECK(style_for(colourful, Colour::automatic).width == 80);
  CHECK(!style_for(colourful, Colour::never).colour);
  CHECK(!style_for(dumb, Colour::automatic).colour);
  CHECK(style_for(dumb, Colour::always).colour);
}

TEST_CASE("on a terminal a table has colours, and fits") {
  CHECK(has_colour(shown({"TERM=xterm"})));
  const auto plain = shown({"TERM=xterm", "NO_COLOR=1"});
  CHECK(!has_colour(plain));
  CHECK(plain.find("…") != std::string::npos);
  CHECK(widest_line(plain) <= 80);
  CHECK(!has_colour(shown({"TERM=dumb"})));
  CHECK(!has_colour(shown({})));
  CHECK(!has_colour(shown({"TERM=xterm"}, {"--color=never"})));
  CHECK(has_colour(shown({"TERM=dumb", "NO_COLOR=1"}, {"--color", "always"})));
  CHECK(!has_colour(shown({"TERM=xterm", "NO_COLOR="}, {"-o", "json"})));
}

TEST_CASE("COLUMNS is stronger than the terminal, nonsense is not") {
  CHECK(widest_line(shown({"COLUMNS=50"})) <= 50);
  CHECK(shown({"COLUMNS=500"}).find("…") == std::string::npos);
  for (const char* nonsense : {"COLUMNS=", "COLUMNS=0", "COLUMNS=wide", "COLUMNS=-5"}) {
    const auto text = shown({nonsense});
    CHECK(text.find("…") != std::string::npos);
    CHECK(widest_line(text) <= 80);
  }
}

TEST_CASE("in a pipe everything is plain and complete") {
  FakeDaemon daemon;
  const std::string name(300, 'x');
  daemon.answer("GET /peers/self/endpoints", {json_answer(json::array{})});
  daemon.answer("GET /streams", {json_answer(json::array{stream("ssssss-ssssss-ssssss", name)})});
  const auto run = rocctl({"stream", "ls", "--url", daemon.url()}, {"TERM=xterm", "COLUMNS=40"});
  CHECK(!has_colour(run.out));
  CHECK(run.out.find(name) != std::string::npos);
  CHECK(has_colour(rocctl({"stream", "ls", "--color=always", "--url", daemon.url()}).out));
}

}  // namespace rocctl::test
