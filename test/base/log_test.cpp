#include "base/log.hpp"

#include <unistd.h>

#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <functional>
#include <string>

using namespace rocd;

namespace {
// What `body` writes to stderr.
std::string captured(const std::function<void()>& body) {
  FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  std::fflush(stderr);
  const int saved = ::dup(2);
  ::dup2(::fileno(file), 2);
  body();
  std::fflush(stderr);
  ::dup2(saved, 2);
  ::close(saved);
  std::rewind(file);
  std::string text;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
  std::fclose(file);
  return text;
}
}  // namespace

TEST_CASE("a JSON log line is one valid object whatever the message holds") {
  configure_log({.level = spdlog::level::info, .format = LogFormat::json});
  const std::string nasty = "say \"hi\"\n\\ \t\x01 ü";
  const auto line = captured([&] { log("test").warn("{}", nasty); });
  configure_log({});
  REQUIRE(line.find('\n') == line.size() - 1);
  const auto object = boost::json::parse(line).as_object();
  CHECK(object.at("message").as_string() == nasty);
  CHECK(object.at("level").as_string() == "warning");
  CHECK(object.at("room").as_string() == "test");
}

TEST_CASE("the level is respected by loggers made before and after it was set") {
  auto& before = log("before");
  configure_log({.level = spdlog::level::err, .format = LogFormat::text});
  const auto text = captured([&] {
    before.warn("hidden");
    log("after").warn("hidden");
    log("after").error("shown");
  });
  configure_log({});
  CHECK(text.find("hidden") == std::string::npos);
  CHECK(text.find("shown") != std::string::npos);
}
