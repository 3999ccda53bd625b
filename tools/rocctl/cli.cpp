#include "rocctl/cli.hpp"

#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <sstream>

#include "base/duration.hpp"
#include "base/version.hpp"
#include "model/object_reader.hpp"
#include "rocctl/cli_nouns.hpp"
#include "rocctl/completion.hpp"
#include "rocctl/json_access.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

using namespace std::chrono_literals;

// Nobody waits longer for a list of names.
constexpr auto completion_limit = 500ms;

constexpr const char* footer = R"(
Examples:
  rocctl status
  rocctl connect kitchen rtp+rs8m://192.168.1.20:10001 --wait
  rocctl stream ls -o json
  rocctl doctor

Without --url and ROCCTL_URL: the socket $XDG_RUNTIME_DIR/rocd.sock if a daemon listens there, else
http://127.0.0.1:4040. ROCCTL_TOKEN is sent as a bearer token.
Exit codes: 0 ok, 1 error, 2 wrong command line, 3 unhealthy or not healthy in time, 4 no daemon,
5 conflict.)";

constexpr const char* default_wait = "--wait=10s";

struct Root {
  std::string format = "table";
  std::string colour = "auto";
  std::string limit = "10s";
};

void add_root_options(CLI::App& app, Invocation& invocation, Root& root) {
  app.set_version_flag("-V,--version", "rocctl " + std::string(rocd::version()));
  limit_to(*app.add_option("-o,--output", root.format,
                           "for people (default), as the API has it, or the names only"),
           {"table", "json", "yaml", "name"});
  limit_to(*app.add_option("--color", root.colour,
                           "auto (default): on a terminal, unless NO_COLOR is set or TERM is dumb"),
           {"auto", "always", "never"});
  app.add_option("--url", invocation.url, "the daemon, http://HOST:PORT or unix:/path")
      ->envname("ROCCTL_URL")
      ->option_text("URL");
  app.add_option("--timeout", root.limit, "for one request (default 10s)")
      ->check(duration_validator())
      ->option_text("TIME");
}

void add_completion_command(CLI::App& app, Command& chosen) {
  auto* command = add_command(app, "completion", "Print the completion script of a shell", R"(
  source <(rocctl completion bash)       # in ~/.bashrc
  source <(rocctl completion zsh)        # in ~/.zshrc, after compinit
Where rocctl was installed with 'cmake --install', the shells find it without that.)");
  const auto shell = std::make_shared<std::string>();
  auto* option = command->add_option("SHELL", *shell, "your shell")->required();
  limit_to(*option, {"bash", "zsh"});
  command->callback([shell, &chosen] {
    chosen = [shell](const Session& session) -> CommandResult {
      session.out << (*shell == "bash" ? completion_script_bash() : completion_script_zsh());
      return Exit::ok;
    };
  });
}

void add_root_commands(CLI::App& app, Command& chosen) {
  add_status_command(app, chosen);
  add_endpoint_commands(app, chosen);
  add_stream_commands(app, chosen);
  add_connect_command(app, chosen);
  add_daemon_commands(app, chosen);
  add_token_commands(app, chosen);
  add_completion_command(app, chosen);
}

// CLI11 has no option whose value may be left out but not be the next word.
void complete_wait(std::vector<std::string>& words) {
  for (auto& word : words) {
    if (word == "--") return;
    if (word == "--wait") word = default_wait;
  }
}

// CLI11 says of a mistyped command, and of --wait 20s, that it did not expect the
// argument.
std::string suggestion(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* level = &app;
  for (std::size_t i = 0; i + 1 < words.size(); ++i)
    if (words[i] == default_wait && rocd::parse_duration(words[i + 1]))
      return "'" + words[i + 1] + "' was not expected, did you mean '--wait=" + words[i + 1] +
             "'?\n";
  for (const auto& word : words) {
    if (word.starts_with('-')) return {};
    const auto commands = level->get_subcommands([](const CLI::App*) { return true; });
    if (commands.empty()) return {};
    std::vector<std::string> names;
    for (const auto* each : commands) names.push_back(each->get_name());
    const auto found = std::find(names.begin(), names.end(), word);
    if (found != names.end()) {
      level = commands[static_cast<std::size_t>(found - names.begin())];
      continue;
    }
    const std::vector<std::string_view> views(names.begin(), names.end());
    const auto similar = rocd::closest(word, views);
    std::string text = "there is no command '" + word + "'";
    if (!similar.empty()) return text + ", did you mean '" + std::string(similar) + "'?\n";
    text += ", expected one of ";
    for (const auto& name : names) text += (name == names.front() ? "" : ", ") + name;
    return text + "\n";
  }
  return {};
}

}  // namespace

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& description,
                      const std::string& examples) {
  auto* command = app.add_subcommand(name, description);
  command->footer("\nExamples:" + examples);
  command->fallthrough();
  return command;
}

void add_wait(CLI::App& command, Wait& wait, const std::string& what) {
  command
      .add_option_function<std::string>(
          "--wait", [&wait](const std::string& text) { wait = *rocd::parse_duration(text); },
          "wait " + what + ", at most this long (without a value 10s)")
      ->check(duration_validator())
      ->option_text("[=TIME]");
}

namespace {

std::string joined(const std::vector<std::string>& words, const char* separator) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

}  // namespace

void takes(CLI::Option& option, const std::string& what) {
  option.option_text(what);
  option.type_name(what);  // which the completion can read
}

void limit_to(CLI::Option& option, const std::vector<std::string>& choices) {
  takes(option, joined(choices, "|"));
  option.check(CLI::IsMember(choices));
}

CLI::Validator duration_validator(bool allow_auto) {
  return CLI::Validator(
      [allow_auto](std::string& text) {
        if (allow_auto && text == "auto") return std::string();
        const auto duration = rocd::parse_duration(text);
        return duration ? std::string() : duration.error().message;
      },
      "", "duration");
}

namespace {

// The whole command line; what is parsed lands in `invocation` and `root`.
struct CommandLine {
  CommandLine() : app("rocctl: look at and control rocd, the audio daemon.", "rocctl") {
    app.footer(footer);
    app.require_subcommand(1);
    app.get_formatter()->label("TEXT", "");
    add_root_options(app, invocation, root);
    add_root_commands(app, invocation.command);
  }
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  CLI::App app;
  Invocation invocation;
  Root root;
};

const char* token_of_environment() {
  const char* token = std::getenv("ROCCTL_TOKEN");
  return token == nullptr ? "" : token;
}

// What the daemon has that the words name, or that of the environment.
json::array ask_for_completion(const std::vector<std::string>& words, const std::string& kind) {
  const char* variable = std::getenv("ROCCTL_URL");
  std::string url = variable == nullptr ? "" : variable;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--url" && i + 1 < words.size()) url = unquote(words[i + 1]);
    if (words[i].starts_with("--url=")) url = unquote(words[i].substr(6));
  }
  const auto target = choose_target(url, std::getenv("XDG_RUNTIME_DIR"));
  if (!target) return {};
  const Client client(*target, completion_limit, token_of_environment());
  const auto items = client.get(kind == "stream" ? "/streams" : "/peers/self/endpoints");
  return items ? items_of(*items) : json::array();
}

}  // namespace

std::variant<Invocation, EarlyExit> parse_command_line(std::vector<std::string> words) {
  CommandLine line;
  complete_wait(words);
  try {
    // CLI11 takes its vector from the back.
    line.app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    std::ostringstream out, err;
    if (line.app.exit(error, out, err) == 0) return EarlyExit{Exit::ok, out.str()};
    const auto better = suggestion(line.app, words);
    return EarlyExit{
        Exit::usage,
        "rocctl: " +
            (better.empty() ? err.str() : better + "Run with --help for more information.\n")};
  }
  const auto& root = line.root;
  auto invocation = std::move(line.invocation);
  invocation.format = root.format == "json"   ? Format::json
                      : root.format == "yaml" ? Format::yaml
                      : root.format == "name" ? Format::name
                                              : Format::table;
  invocation.colour = root.colour == "always"  ? Colour::always
                      : root.colour == "never" ? Colour::never
                                               : Colour::automatic;
  invocation.limit = *rocd::parse_duration(root.limit);
  return invocation;
}

std::string answer_completion(const std::vector<std::string>& words) {
  const CommandLine line;
  return completion_text(complete(
      line.app, words, [&](const std::string& kind) { return ask_for_completion(words, kind); }));
}

Exit run(const std::vector<std::string>& words, std::ostream& out, std::ostream& err,
         const Terminal& terminal) {
  if (!words.empty() && words[0] == "__complete") {
    out << answer_completion({words.begin() + 1, words.end()});
    return Exit::ok;
  }
  const auto parsed = parse_command_line(words);
  if (const auto* exit = std::get_if<EarlyExit>(&parsed)) {
    (exit->code == Exit::ok ? out : err) << exit->text;
    return exit->code;
  }
  const auto& invocation = std::get<Invocation>(parsed);
  const auto target = choose_target(invocation.url, std::getenv("XDG_RUNTIME_DIR"));
  if (!target) {
    err << describe(target.error());
    return target.error().exit;
  }
  const Client client(*target,
                      std::chrono::duration_cast<std::chrono::milliseconds>(invocation.limit),
                      token_of_environment());
  const auto result = invocation.command(
      {client, invocation.format, style_for(terminal, invocation.colour), out, err});
  if (result) return *result;
  out.flush();
  err << describe(result.error());
  return result.error().exit;
}

}  // namespace rocctl
