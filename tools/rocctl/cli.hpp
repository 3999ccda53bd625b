// The command line of rocctl: from its words to one command.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <variant>
#include <vector>

#include "rocctl/commands.hpp"
#include "rocctl/terminal.hpp"

namespace rocctl {

struct Invocation {
  Format format = Format::table;
  Colour colour = Colour::automatic;
  std::string url;         // --url or ROCCTL_URL; may be empty
  rocd::Duration limit{};  // of one request
  std::function<CommandResult(const Session&)> command;
};

// --help, --version (code ok) or a wrong command line (code usage).
struct EarlyExit {
  Exit code = Exit::ok;
  std::string text;
};

// words: without the name of the program.
[[nodiscard]] std::variant<Invocation, EarlyExit> parse_command_line(
    std::vector<std::string> words);

// The whole program, but for the process around it. terminal: what `out` is.
[[nodiscard]] Exit run(const std::vector<std::string>& words, std::ostream& out, std::ostream& err,
                       const Terminal& terminal);

}  // namespace rocctl
