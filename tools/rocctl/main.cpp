// rocctl: the process around the command line.
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>

#include "rocctl/cli.hpp"
#include "rocctl/standard_output.hpp"

int main(int argc, char** argv) {
  // A daemon that closes the connection is an error to be told, not a reason to vanish.
  (void)std::signal(SIGPIPE, SIG_IGN);
  try {
    rocctl::StandardOutput output;
    std::ostream out(&output);
    const auto code = rocctl::run({argv + 1, argv + argc}, out, std::cerr,
                                  rocctl::look_at_terminal(STDOUT_FILENO));
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
