// The command line of rocd: what it may say, and how a mistake in it is told.
// Does not read files: configuration is config/'s.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "base/log.hpp"
#include "config/config.hpp"

namespace rocd {

struct Options {
  std::optional<std::filesystem::path> config_file;
  std::optional<std::string> listen;  // HOST:PORT
  std::optional<std::filesystem::path> state_dir;
  std::optional<LogFormat> log_format;
  int verbosity = 0;   // -v debug, -vv trace
  bool check = false;  // validate the configuration and exit
  std::optional<int> ready_fd;
  bool exit_with_parent = false;
};

// The process is done already: --help, --version (code 0) or a usage error (code 2).
struct EarlyExit {
  int code = 0;
  std::string text;  // for stdout if code is 0, else for stderr
};

[[nodiscard]] std::variant<Options, EarlyExit> parse_options(int argc, const char* const* argv);

// --config, else $XDG_CONFIG_HOME/rocd/rocd.yaml (~/.config), else /etc/rocd/rocd.yaml, else
// nothing.
[[nodiscard]] std::optional<std::filesystem::path> find_config_file(const Options& options,
                                                                    const Environment& environment);

// Command line over file. Errors: a --listen that is not HOST:PORT, or not loopback and no
// tokens are configured.
[[nodiscard]] Result<> apply_options(const Options& options, Config& config);

// File or defaults, environment, command line. With every mistake of them all.
[[nodiscard]] ConfigResult load_configuration(const std::optional<std::filesystem::path>& file,
                                              const Options& options,
                                              const Environment& environment);

}  // namespace rocd
