// rocctl: the process around the command line.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "rocctl/cli.hpp"

namespace {

// https://no-color.org
bool wants_colour() {
  const char* no_colour = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0');
}

}  // namespace

int main(int argc, char** argv) {
  // A daemon that closes the connection is an error to be told, not a reason to vanish.
  (void)std::signal(SIGPIPE, SIG_IGN);
  try {
    const auto code =
        rocctl::run({argv + 1, argv + argc}, std::cout, std::cerr, {.colour = wants_colour()});
    std::cout.flush();
    return std::cout ? static_cast<int>(code) : 1;  // a full disk is no success
  } catch (const std::exception& error) {
    std::cerr << "rocctl: " << error.what() << '\n';
    return 1;
  }
}
