#include "app/options.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <map>
#include <string_view>
#include <vector>

#include "support/temp_directory.hpp"

using namespace rocd;
using rocd::test::TempDirectory;

namespace {
std::variant<Options, EarlyExit> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "rocd");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}
}  // namespace

TEST_CASE("every option of the command line arrives") {
  const auto parsed =
      parse({"--config", "a.yaml", "--listen", "127.0.0.1:0", "--state-dir", "/s", "--check", "-vv",
             "--log-format", "json", "--ready-fd", "3", "--exit-with-parent"});
  REQUIRE(std::holds_alternative<Options>(parsed));
  const auto& options = std::get<Options>(parsed);
  CHECK(options.config_file == "a.yaml");
  CHECK(options.listen == "127.0.0.1:0");
  CHECK(options.state_dir == "/s");
  CHECK(options.check);
  CHECK(options.verbosity == 2);
  CHECK(options.log_format == LogFormat::json);
  CHECK(options.ready_fd == 3);
  CHECK(options.exit_with_parent);
}

TEST_CASE("the configuration may be named without its option") {
  const auto parsed = parse({"--check", "a.yaml"});
  REQUIRE(std::holds_alternative<Options>(parsed));
  CHECK(std::get<Options>(parsed).config_file == "a.yaml");
}

TEST_CASE("help and version go to stdout with code 0, mistakes to stderr with code 2") {
  for (const auto* word : {"--help", "--version"}) {
    const auto parsed = parse({word});
    REQUIRE(std::holds_alternative<EarlyExit>(parsed));
    CHECK(std::get<EarlyExit>(parsed).code == 0);
    CHECK_FALSE(std::get<EarlyExit>(parsed).text.empty());
  }
  const std::vector<std::vector<const char*>> wrong = {
      {"--nonsense"}, {"--config"},           {"--log-format", "xml"},
      {"a", "b"},     {"--ready-fd", "many"}, {"--ready-fd", "-1"}};
  for (const auto& arguments : wrong) {
    INFO(arguments.front());
    const auto parsed = parse(arguments);
    REQUIRE(std::holds_alternative<EarlyExit>(parsed));
    CHECK(std::get<EarlyExit>(parsed).code == 2);
    CHECK(std::get<EarlyExit>(parsed).text.starts_with("rocd: "));
  }
}

TEST_CASE("a log format is one of two words, not what stands for them inside") {
  for (const auto* word : {"xml", "1", "TEXT", ""}) {
    CAPTURE(word);
    const auto parsed = parse({"--log-format", word});
    REQUIRE(std::holds_alternative<EarlyExit>(parsed));
    CHECK(std::get<EarlyExit>(parsed).code == 2);
    CHECK(std::get<EarlyExit>(parsed).text.starts_with(
        "rocd: --log-format: expected text or json\n"));
  }
  const auto parsed = parse({"--log-format", "text"});
  REQUIRE(std::holds_alternative<Options>(parsed));
  CHECK(std::get<Options>(parsed).log_format == LogFormat::text);
}

TEST_CASE("a file or directory without name is a mistake of the command line") {
  const std::vector<std::pair<const char*, std::string>> wrong = {
      {"--config", "--config: this is empty, expected a file"},
      {"--state-dir", "--state-dir: this is empty, expected a directory"}};
  for (const auto& [option, message] : wrong) {
    const auto parsed = parse({option, ""});
    REQUIRE(std::holds_alternative<EarlyExit>(parsed));
    CHECK(std::get<EarlyExit>(parsed).code == 2);
    CHECK(std::get<EarlyExit>(parsed).text.starts_with("rocd: " + message + "\n"));
  }
}

TEST_CASE("the command line wins over the configuration, and is held to the same rules") {
  Config config;
  Options options;
  options.listen = "[::1]:0";
  options.verbosity = 1;
  REQUIRE(apply_options(options, config).has_value());
  CHECK(config.http.listen_host == "::1");
  CHECK(config.http.listen_port == 0);
  CHECK(config.log.level == spdlog::level::debug);
  const auto from = [&](const char* key) { return config.origins.at(key); };
  CHECK(from("http.listen") == ConfigOrigin{ConfigOrigin::Kind::command_line, "--listen"});
  CHECK(from("log.level") == ConfigOrigin{ConfigOrigin::Kind::command_line, "--verbose"});
  CHECK(config.origins.size() == 2);

  options.listen = "0.0.0.0:4040";
  const auto refused = apply_options(options, config);
  REQUIRE(refused.has_error());
  CHECK(refused.error().where == "--listen");
  CHECK(refused.error().hint.find("rocctl token new") != std::string::npos);
  config.http.tokens.push_back({"alice", Role::viewer, TokenHash::of("")});
  REQUIRE(apply_options(options, config).has_value());
  CHECK(config.http.listen_host == "0.0.0.0");
}

TEST_CASE("an application's rocd makes no Unix socket, unless it was told which") {
  const auto environment = [](const char* name) {
    return std::string(name) == "XDG_RUNTIME_DIR" ? "/run/user/7" : nullptr;
  };
  Options options;
  options.exit_with_parent = true;
  auto config = default_config(environment).config;
  REQUIRE(config.http.unix_socket == "/run/user/7/rocd.sock");
  REQUIRE(apply_options(options, config).has_value());
  CHECK_FALSE(config.http.unix_socket.has_value());
  CHECK_FALSE(events_socket(config).has_value());
  CHECK(config.origins.at("http.unix_socket") ==
        ConfigOrigin{ConfigOrigin::Kind::command_line, "--exit-with-parent"});

  auto told = parse_config("http: { unix_socket: /a.sock }\n", "rocd.yaml", environment).config;
  REQUIRE(apply_options(options, told).has_value());
  CHECK(told.http.unix_socket == "/a.sock");
}

TEST_CASE(
    "an explicit configuration file is used even if it does not exist, so that the mistake shows") {
  Options options;
  options.config_file = "/nowhere/rocd.yaml";
  CHECK(find_config_file(options, [](const char*) -> const char* { return nullptr; }) ==
        "/nowhere/rocd.yaml");
}

TEST_CASE("mistakes of the file, the environment and the command line are told together") {
  const TempDirectory directory;
  const auto file = directory.path() / "rocd.yaml";
  std::ofstream(file) << "nme: x\n";
  const auto environment = [](const char* name) -> const char* {
    return std::string_view(name) == "ROCD_LOG_LEVEL" ? "loud" : nullptr;
  };
  Options options;
  options.listen = "4040";
  const auto loaded = load_configuration(file, options, environment);
  REQUIRE(loaded.errors.size() == 3);
  CHECK(loaded.errors[0].location == file.string() + ":1:1");
  CHECK(loaded.errors[1].location == "environment ROCD_LOG_LEVEL");
  CHECK(loaded.errors[2].location == "--listen");
}

TEST_CASE("a configuration knows its file and when it was read") {
  const TempDirectory directory;
  const auto file = directory.path() / "rocd.yaml";
  std::ofstream(file) << "name: studio\n";
  const auto nothing = [](const char*) -> const char* { return nullptr; };
  const auto before = Now::read().wall;
  const auto loaded = load_configuration(file, {}, nothing);
  CHECK(loaded.errors.empty());
  CHECK(loaded.config.file == file);
  CHECK(loaded.config.name == "studio");
  CHECK(loaded.config.loaded_at >= before);
  CHECK(load_configuration(std::nullopt, {}, nothing).config.file.empty());
}
