#include "config/settings.hpp"

#include <fmt/format.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cctype>
#include <charconv>
#include <map>

#include "config/listen.hpp"
#include "config/text.hpp"

namespace rocd {
namespace {

namespace fs = std::filesystem;

Error bad(std::string message) {
  Error error;
  error.code = ErrorCode::invalid_argument;
  error.message = std::move(message);
  return error;
}

// The XDG specification: a relative path is to be ignored, as if it were not set.
fs::path absolute_from(const Environment& environment, const char* variable) {
  const char* value = environment(variable);
  fs::path path = value != nullptr ? value : "";
  return path.is_absolute() ? path : fs::path();
}

fs::path default_state_dir(const Environment& environment) {
  if (const auto state = absolute_from(environment, "XDG_STATE_HOME"); !state.empty())
    return state / "rocd";
  if (const auto home = absolute_from(environment, "HOME"); !home.empty())
    return home / ".local/state/rocd";
  return "/var/lib/rocd";
}

std::optional<fs::path> default_unix_socket(const Environment& environment) {
  const auto runtime = absolute_from(environment, "XDG_RUNTIME_DIR");
  if (runtime.empty()) return std::nullopt;
  return runtime / "rocd.sock";
}

std::string default_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "rocd";
  return name.data();
}

template <class T>
Result<> choose(T& target, const std::string& text, const Choices<T>& choices) {
  std::vector<std::string> words;
  for (const auto& [word, value] : choices) {
    if (word == text) {
      target = value;
      return {};
    }
    words.push_back(word);
  }
  return bad(fmt::format("'{}' is not known, expected {}{}", text, one_of(words),
                         did_you_mean(text, words)));
}

Result<> set_name(Config& config, const std::string& text, const Environment&) {
  constexpr std::size_t longest = 128;
  if (text.size() > longest)
    return bad(fmt::format("it has {} bytes, expected at most {}", text.size(), longest));
  config.name = text;
  return {};
}

Result<> set_listen(Config& config, const std::string& text, const Environment&) {
  const auto address = parse_listen(text);
  if (!address) {
    const auto& error = address.error();
    return bad(error.hint.empty() ? error.message : error.message + "; " + error.hint);
  }
  config.http.listen_host = address->host;
  config.http.listen_port = address->port;
  return {};
}

// What a path may be that is neither auto nor off.
Result<> set_socket(std::optional<fs::path>& target, const std::string& text) {
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  if (!fs::path(text).is_absolute())
    return bad(fmt::format("'{}' is not known, expected auto, off or an absolute path", text));
  if (text.size() > longest)
    return bad(fmt::format("the path has {} bytes, expected at most {} (the system's limit)",
                           text.size(), longest));
  target = text;
  return {};
}

Result<> set_unix_socket(Config& config, const std::string& text, const Environment& environment) {
  auto& socket = config.http.unix_socket;
  if (text != "auto" && text != "off") return set_socket(socket, text);
  socket = text == "auto" ? default_unix_socket(environment) : std::nullopt;
  return {};
}

Result<> set_events_socket(Config& config, const std::string& text, const Environment&) {
  auto& events = config.events;
  events.beside_api = text == "auto";
  events.socket.reset();
  return text == "auto" || text == "off" ? Result<>() : set_socket(events.socket, text);
}

Result<> set_driver(Config& config, const std::string& text, const Environment&) {
  return choose(config.audio.driver, text, {{"pipewire", "pipewire"}});
}

Result<> set_remote(Config& config, const std::string& text, const Environment&) {
  config.audio.remote = text;
  return {};
}

// A relative path would depend on where rocd happened to be started.
Result<> set_tool(std::string& tool, const std::string& text) {
  if (text.find('/') != std::string::npos && !fs::path(text).is_absolute())
    return bad(fmt::format(
        "'{}' is a relative path, expected a name found in PATH, or an absolute path", text));
  tool = text;
  return {};
}

Result<> set_roc_send(Config& config, const std::string& text, const Environment&) {
  return set_tool(config.tools.roc_send, text);
}

Result<> set_roc_recv(Config& config, const std::string& text, const Environment&) {
  return set_tool(config.tools.roc_recv, text);
}

Result<> set_allow_extra_args(Config& config, const std::string& text, const Environment&) {
  return choose(config.tools.allow_extra_args, text, {{"true", true}, {"false", false}});
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, port);
  if (failure != std::errc{} || rest != end || port == 0) return std::nullopt;
  return port;
}

Result<> set_ports(Config& config, const std::string& text, const Environment&) {
  const std::string_view view(text);
  const auto dash = view.find('-');
  const auto first = parse_port(view.substr(0, dash));
  const auto last =
      parse_port(dash == std::string_view::npos ? std::string_view() : view.substr(dash + 1));
  if (!first || !last)
    return bad(
        fmt::format("'{}' is not a range of ports, expected FIRST-LAST such as "
                    "'10000-10999'",
                    text));
  if (*first > *last)
    return bad(fmt::format("'{}' ends before it begins, expected '{}-{}'", text, *last, *first));
  config.ports = {*first, *last};
  return {};
}

Result<> set_state_dir(Config& config, const std::string& text, const Environment& environment) {
  if (text == "auto")
    config.state_dir = default_state_dir(environment);
  else if (fs::path(text).is_absolute())
    config.state_dir = text;
  else
    return bad(fmt::format("'{}' is not an absolute path, expected one, or auto", text));
  return {};
}

const Choices<spdlog::level::level_enum>& levels() {
  using spdlog::level::level_enum;
  static const Choices<level_enum> words{{"trace", level_enum::trace},
                                         {"debug", level_enum::debug},
                                         {"info", level_enum::info},
                                         {"warn", level_enum::warn},
                                         {"error", level_enum::err}};
  return words;
}

const Choices<LogFormat>& formats() {
  static const Choices<LogFormat> words{{"text", LogFormat::text}, {"json", LogFormat::json}};
  return words;
}

Result<> set_level(Config& config, const std::string& text, const Environment&) {
  return choose(config.log.level, text, levels());
}

Result<> set_format(Config& config, const std::string& text, const Environment&) {
  return choose(config.log.format, text, formats());
}

// --- showing

template <class T>
boost::json::value word_of(T value, const Choices<T>& choices) {
  for (const auto& [word, choice] : choices)
    if (choice == value) return boost::json::string(word);
  return nullptr;
}

boost::json::value shown(const std::string& text) {
  return boost::json::string(text);
}

boost::json::value shown(const fs::path& path) {
  return boost::json::string(path.string());
}

boost::json::value shown(bool value) {
  return value;
}

boost::json::value shown(const PortRange& ports) {
  return boost::json::string(fmt::format("{}-{}", ports.first, ports.last));
}

boost::json::value shown(const std::vector<std::string>& texts) {
  boost::json::array list;
  for (const auto& text : texts) list.push_back(boost::json::string(text));
  return list;
}

template <auto Member>
boost::json::value show(const Config& config) {
  return shown(config.*Member);
}

template <auto Section, auto Member>
boost::json::value show(const Config& config) {
  return shown((config.*Section).*Member);
}

boost::json::value show_listen(const Config& config) {
  const auto& host = config.http.listen_host;
  const bool v6 = host.find(':') != std::string::npos;
  return boost::json::string(
      fmt::format("{}:{}", v6 ? "[" + host + "]" : host, config.http.listen_port));
}

boost::json::value show_unix_socket(const Config& config) {
  const auto& path = config.http.unix_socket;
  return boost::json::string(path ? path->string() : "off");
}

boost::json::value show_events_socket(const Config& config) {
  const auto path = events_socket(config);
  return boost::json::string(path ? path->string() : "off");
}

// Without the hashes: whoever asks for them wants to compare them with something.
boost::json::value show_tokens(const Config& config) {
  boost::json::array list;
  for (const auto& token : config.http.tokens)
    list.push_back(boost::json::object{{"name", token.name}, {"role", to_string(token.role)}});
  return list;
}

// A token that was replaced by another one of the same name is another token.
bool same_tokens(const Config& a, const Config& b) {
  return a.http.tokens == b.http.tokens;
}

boost::json::value show_level(const Config& config) {
  return word_of(config.log.level, levels());
}

boost::json::value show_format(const Config& config) {
  return word_of(config.log.format, formats());
}

// --- taking over while rocd runs

template <auto Member>
void take(Config& config, const Config& from) {
  config.*Member = from.*Member;
}

template <auto Section, auto Member>
void take(Config& config, const Config& from) {
  (config.*Section).*Member = (from.*Section).*Member;
}

}  // namespace

const std::vector<Setting>& settings() {
  using C = Config;
  static const std::vector<Setting> table{
      {"", "name", "ROCD_NAME", set_name, show<&C::name>, take<&C::name>},
      {"http", "listen", "ROCD_HTTP_LISTEN", set_listen, show_listen},
      {"http", "unix_socket", "ROCD_HTTP_UNIX_SOCKET", set_unix_socket, show_unix_socket},
      {"http", "tokens", nullptr, nullptr, show_tokens, take<&C::http, &HttpConfig::tokens>,
       nullptr, false, same_tokens},
      {"http", "allowed_origins", nullptr, nullptr, show<&C::http, &HttpConfig::allowed_origins>,
       take<&C::http, &HttpConfig::allowed_origins>},
      {"http", "allowed_hosts", nullptr, nullptr, show<&C::http, &HttpConfig::allowed_hosts>,
       take<&C::http, &HttpConfig::allowed_hosts>},
      {"events", "socket", "ROCD_EVENTS_SOCKET", set_events_socket, show_events_socket},
      {"audio", "driver", "ROCD_AUDIO_DRIVER", set_driver, show<&C::audio, &AudioConfig::driver>},
      {"audio", "remote", "ROCD_AUDIO_REMOTE", set_remote, show<&C::audio, &AudioConfig::remote>},
      {"tools", "roc_send", "ROCD_TOOLS_ROC_SEND", set_roc_send,
       show<&C::tools, &ToolsConfig::roc_send>},
      {"tools", "roc_recv", "ROCD_TOOLS_ROC_RECV", set_roc_recv,
       show<&C::tools, &ToolsConfig::roc_recv>},
      // No variable: whoever may set one, in a unit or a shell, need not be who decides this.
      {"tools", "allow_extra_args", nullptr, set_allow_extra_args,
       show<&C::tools, &ToolsConfig::allow_extra_args>,
       take<&C::tools, &ToolsConfig::allow_extra_args>, "true or false"},
      {"ports", "range", "ROCD_PORTS_RANGE", set_ports, show<&C::ports>, take<&C::ports>},
      {"state", "dir", "ROCD_STATE_DIR", set_state_dir, show<&C::state_dir>},
      {"log", "level", "ROCD_LOG_LEVEL", set_level, show_level, take<&C::log, &LogOptions::level>},
      {"log", "format", "ROCD_LOG_FORMAT", set_format, show_format,
       take<&C::log, &LogOptions::format>},
  };
  return table;
}

std::vector<std::string> unknown_variables(const std::vector<std::string>& environment) {
  constexpr std::string_view prefix = "ROCD_";
  std::vector<std::string> known;
  std::map<std::string, std::string> only_in_file;  // by the variable that one might think of
  for (const auto& setting : settings()) {
    if (setting.variable != nullptr) {
      known.emplace_back(setting.variable);
      continue;
    }
    std::string name(prefix);
    for (const char c : setting.path())
      name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    only_in_file[name] = setting.path();
  }
  std::vector<std::string> said;
  for (const auto& entry : environment) {
    if (!entry.starts_with(prefix)) continue;
    const auto name = entry.substr(0, entry.find('='));
    if (std::ranges::find(known, name) != known.end()) continue;
    if (const auto found = only_in_file.find(name); found != only_in_file.end())
      said.push_back(
          fmt::format("the variable {} is ignored: {} can be set in the configuration file only",
                      name, found->second));
    else
      said.push_back(fmt::format("the variable {} is not known, and is ignored{}", name,
                                 did_you_mean(name, known)));
  }
  return said;
}

void set_defaults(Config& config, const Environment& environment) {
  config.name = default_name();
  config.http.unix_socket = default_unix_socket(environment);
  config.state_dir = default_state_dir(environment);
}

void read_settings(const std::string& section, MapReader& reader, Config& config,
                   const Environment& environment) {
  for (const auto& setting : settings()) {
    if (setting.section != section || setting.set == nullptr) continue;
    const auto text = setting.unquoted == nullptr ? reader.text(setting.key)
                                                  : reader.plain(setting.key, setting.unquoted);
    if (!text) continue;
    if (const auto set = setting.set(config, *text, environment); !set)
      reader.wrong(setting.key, fmt::format("'{}': {}", setting.key, set.error().message));
    else
      config.origins[setting.path()] = reader.origin(setting.key);
  }
}

void apply_environment(Config& config, const Environment& environment, Mistakes& mistakes) {
  for (const auto& setting : settings()) {
    if (setting.variable == nullptr) continue;
    const char* text = environment(setting.variable);
    if (text == nullptr || *text == '\0') continue;
    const auto where = fmt::format("environment {}", setting.variable);
    if (const auto character = find_bad_character(text, false))
      mistakes.add_elsewhere(where, character->what + ", expected text in one line");
    else if (const auto set = setting.set(config, text, environment); !set)
      mistakes.add_elsewhere(where, set.error().message);
    else
      config.origins[setting.path()] = {ConfigOrigin::Kind::environment, setting.variable};
  }
}

}  // namespace rocd
