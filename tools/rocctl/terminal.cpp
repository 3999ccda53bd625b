#include "rocctl/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

namespace rocctl {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

std::size_t width_of(int descriptor) {
  const auto asked = variable("COLUMNS");
  std::size_t columns = 0;
  const auto [end, error] = std::from_chars(asked.data(), asked.data() + asked.size(), columns);
  if (error == std::errc() && end == asked.data() + asked.size() && columns > 0) return columns;
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace

Terminal look_at_terminal(int descriptor) {
  if (::isatty(descriptor) != 1) return {};
  const auto term = variable("TERM");
  return {.is_terminal = true,
          .takes_colour = variable("NO_COLOR").empty() && !term.empty() && term != "dumb",
          .width = width_of(descriptor)};
}

Style style_for(const Terminal& terminal, Colour colour) {
  return {.colour = colour == Colour::always ||
                    (colour == Colour::automatic && terminal.is_terminal && terminal.takes_colour),
          .width = terminal.is_terminal ? terminal.width : 0};
}

}  // namespace rocctl
