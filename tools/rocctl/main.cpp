// rocctl: the process around the command line.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "rocctl/cli.hpp"
#include "rocctl/standard_output.hpp"

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
    rocctl::StandardOutput output;
    std::ostream out(&output);
    const auto code =
        rocctl::run({argv + 1, argv + argc}, out, std::cerr, {.colour = wants_colour()});
    out.flush();
    if (!output.failure()) return static_cast<int>(code);
    if (output.reader_is_gone()) {  // `rocctl … | head`: no more is wanted, as of any other tool
      (void)std::signal(SIGPIPE, SIG_DFL);
      (void)std::raise(SIGPIPE);
    }
    std::cerr << "rocctl: " << rocd::to_string(*output.failure()) << '\n';
    return 1;  // a full disk is no success
  } catch (const std::exception& error) {
    std::cerr << "rocctl: " << error.what() << '\n';
    return 1;
  }
}
