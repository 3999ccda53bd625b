#include "config/take_over.hpp"

#include <catch2/catch_test_macros.hpp>

#include "config_support.hpp"

using namespace rocd;
using namespace rocd::test;
using Keys = std::vector<std::string>;

TEST_CASE("what can change while rocd runs is taken over, what cannot waits for a restart") {
  const auto before = parse("name: studio\nhttp: { listen: 127.0.0.1:81 }\n").config;
  auto read = parse(
                  "name: attic\n"
                  "http: { listen: 127.0.0.1:82 }\n"
                  "log: { level: debug }\n"
                  "state: { dir: /elsewhere }\n"
                  "ports: { range: 5-6 }\n"
                  "endpoints: [{ name: a, direction: output }]\n",
                  {{"ROCD_LOG_FORMAT", "json"}})
                  .config;
  read.loaded_at = Now::read().wall;
  const auto [config, changed, waiting] = take_over(before, read);
  CHECK(changed == Keys{"name", "ports.range", "log.level", "log.format"});
  CHECK(waiting == Keys{"http.listen", "state.dir"});
  CHECK(config.name == "attic");
  CHECK(config.log.level == spdlog::level::debug);
  CHECK(config.log.format == LogFormat::json);
  CHECK(config.ports.first == 5);
  CHECK(config.http.listen_port == 81);
  CHECK(config.state_dir == before.state_dir);
  CHECK(config.endpoints.size() == 1);
  CHECK(config.loaded_at == read.loaded_at);
  CHECK(config.origins.at("log.format").place == "ROCD_LOG_FORMAT");
  CHECK(config.origins.at("http.listen").place == "rocd.yaml:2:17");
  CHECK_FALSE(config.origins.contains("state.dir"));
  // Until then it is said again each time.
  CHECK(take_over(config, read).waiting == waiting);
  CHECK(take_over(config, read).changed.empty());
}

TEST_CASE("a value that is the same is no change, but may come from elsewhere") {
  const auto before = parse("http: { listen: 127.0.0.1:81 }\nlog: { level: debug }\n").config;
  const auto read =
      parse("# moved\nlog:\n  level: debug\n", {{"ROCD_HTTP_LISTEN", "127.0.0.1:81"}}).config;
  const auto [config, changed, waiting] = take_over(before, read);
  CHECK(changed.empty());
  CHECK(waiting.empty());
  CHECK(config.origins.at("http.listen").place == "ROCD_HTTP_LISTEN");
  CHECK(config.origins.at("log.level").place == "rocd.yaml:3:10");
  CHECK_FALSE(take_over(read, parse("").config).config.origins.contains("log.level"));
}
