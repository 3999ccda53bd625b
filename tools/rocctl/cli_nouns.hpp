// The subcommands of `rocctl`, added to its command line one noun at a time.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "rocctl/commands.hpp"

namespace rocctl {

using Command = std::function<CommandResult(const Session&)>;

// chosen: set when the words are parsed; outlives the app.
void add_endpoint_commands(CLI::App& app, Command& chosen);
void add_stream_commands(CLI::App& app, Command& chosen);
void add_connect_command(CLI::App& app, Command& chosen);
void add_token_commands(CLI::App& app, Command& chosen);
void add_status_command(CLI::App& app, Command& chosen);
void add_daemon_commands(CLI::App& app, Command& chosen);

// A subcommand that accepts the options of `rocctl` itself after its own.
CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& description,
                      const std::string& examples);
void add_log_options(CLI::App& command, LogRequest& request);
void add_wait(CLI::App& command, Wait& wait, const std::string& what);
// What its value is called by the help; the completion knows FILE, SOURCE and DESTINATION.
void takes(CLI::Option& option, const std::string& what);
// Takes one of these words only; the help and the completion name them.
void limit_to(CLI::Option& option, const std::vector<std::string>& choices);
CLI::Validator duration_validator(bool allow_auto = false);

}  // namespace rocctl
