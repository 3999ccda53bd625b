#include "app/options.hpp"

#include <CLI/CLI.hpp>
#include <sstream>

#include "base/version.hpp"
#include "config/listen.hpp"
#include "config/text.hpp"

namespace rocd {
namespace {

void came_from(const std::string& option, const std::string& key, Config& config) {
  config.origins[key] = {ConfigOrigin::Kind::command_line, option};
}

constexpr const char* footer = R"(
Without --config the first of these is read: $XDG_CONFIG_HOME/rocd/rocd.yaml, /etc/rocd/rocd.yaml;
with none of them rocd starts with its built-in defaults and no streams.

SIGHUP reads the configuration anew, as POST /system/reload does: what did not change goes on
untouched, and a mistake changes nothing. SIGINT and SIGTERM stop every stream and remove every
virtual device; a second one at once.
Exit codes: 0 ended as asked, 1 could not start or run, 2 wrong command line or configuration.

Example:  rocd --config config/rocd.yaml
          curl http://127.0.0.1:4040/streams)";

CLI::Validator not_empty(const std::string& expected) {
  return CLI::Validator(
      [expected](std::string& text) {
        return text.empty() ? "this is empty, expected " + expected : std::string();
      },
      "", "not empty");
}

// CLI11's own choice of words takes the numbers of an enum, too.
LogFormat log_format(const std::string& word) {
  if (word == "text") return LogFormat::text;
  if (word == "json") return LogFormat::json;
  throw CLI::ValidationError("--log-format", "expected text or json");
}

}  // namespace

std::variant<Options, EarlyExit> parse_options(int argc, const char* const* argv) {
  Options options;
  CLI::App app("rocd: audio devices of all computers in a network as one patchbay.", "rocd");
  app.footer(footer);
  app.set_version_flag("-V,--version", "rocd " + std::string(version()));
  app.add_option("-c,--config,CONFIG", options.config_file, "YAML file to read")
      ->check(not_empty("a file"))
      ->option_text("FILE");
  app.add_option("-l,--listen", options.listen,
                 "address of the REST API; port 0 takes a free one (default 127.0.0.1:4040)")
      ->option_text("HOST:PORT");
  app.add_option("--state-dir", options.state_dir,
                 "where run-time state is kept (default $XDG_STATE_HOME/rocd)")
      ->check(not_empty("a directory"))
      ->option_text("DIR");
  app.add_flag("--check", options.check, "check the configuration, tell every mistake, and exit");
  app.add_flag("-v,--verbose", options.verbosity, "log more; twice for even more");
  app.add_option_function<std::string>(
         "--log-format", [&](const std::string& word) { options.log_format = log_format(word); },
         "text (default) or json")
      ->option_text("FORMAT");
  app.add_option("--ready-fd", options.ready_fd,
                 "write the URL of the REST API and a newline to this descriptor, then close it, "
                 "once requests are answered")
      ->check(CLI::Range(0, 65535))
      ->option_text("N");
  app.add_flag("--exit-with-parent", options.exit_with_parent,
               "stop when the process that started rocd ends; and, unless the configuration names "
               "one, make no Unix socket");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out, err;
    const int code = app.exit(error, out, err) == 0 ? 0 : 2;
    return EarlyExit{code, code == 0 ? out.str() : "rocd: " + err.str()};
  }
  return options;
}

std::optional<std::filesystem::path> find_config_file(const Options& options,
                                                      const Environment& environment) {
  if (options.config_file) return options.config_file;
  std::filesystem::path base;
  if (const char* config_home = environment("XDG_CONFIG_HOME"); config_home != nullptr)
    base = config_home;
  else if (const char* home = environment("HOME"); home != nullptr)
    base = std::filesystem::path(home) / ".config";
  for (const auto& candidate :
       {base / "rocd/rocd.yaml", std::filesystem::path("/etc/rocd/rocd.yaml")}) {
    std::error_code ignored;  // unreadable counts as absent here, an explicit --config does not
    if (candidate.is_absolute() && std::filesystem::exists(candidate, ignored)) return candidate;
  }
  return std::nullopt;
}

ConfigResult load_configuration(const std::optional<std::filesystem::path>& file,
                                const Options& options, const Environment& environment) {
  auto loaded = file ? load_config_file(*file, environment) : default_config(environment);
  loaded.config.loaded_at = Now::read().wall;
  if (const auto applied = apply_options(options, loaded.config); !applied) {
    const auto& error = applied.error();
    loaded.errors.push_back(
        {error.where,
         without_secrets(error.hint.empty() ? error.message : error.message + "; " + error.hint)});
  }
  return loaded;
}

Result<> apply_options(const Options& options, Config& config) {
  if (options.listen) {
    auto listen = parse_listen(*options.listen);
    if (!listen) {
      auto error = listen.error();
      error.where = "--listen";
      return error;
    }
    config.http.listen_host = listen->host;
    config.http.listen_port = listen->port;
    if (auto safe = check_exposure(config.http); !safe) {
      auto error = safe.error();
      error.where = "--listen";
      return error;
    }
    came_from("--listen", "http.listen", config);
  }
  if (options.state_dir) {
    config.state_dir = std::filesystem::absolute(*options.state_dir);
    came_from("--state-dir", "state.dir", config);
  }
  if (options.log_format) {
    config.log.format = *options.log_format;
    came_from("--log-format", "log.format", config);
  }
  if (options.verbosity > 0) {
    config.log.level = options.verbosity == 1 ? spdlog::level::debug : spdlog::level::trace;
    came_from("--verbose", "log.level", config);
  }
  // The well-known sockets are for the rocd that everybody on this computer talks to; that of an
  // application would take them away, or not start because they are taken.
  if (options.exit_with_parent && !config.origins.contains("http.unix_socket")) {
    config.http.unix_socket = std::nullopt;
    came_from("--exit-with-parent", "http.unix_socket", config);
  }
  return {};
}

}  // namespace rocd
