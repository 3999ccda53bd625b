#include "base/log.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <cstdlib>
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

TEST_CASE("the journal gets priorities, and no second time") {
  const auto text = [](LogFormat format) {
    return captured([&] {
      struct stat status{};
      REQUIRE(::fstat(STDERR_FILENO, &status) == 0);
      const auto stream = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
      ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
      configure_log({.level = spdlog::level::trace, .format = format});
      log("test").critical("two");
      log("test").error("three");
      log("test").warn("four");
      log("test").info("six");
      log("test").debug("seven");
      CHECK(journal_prefix(spdlog::level::err) == "<3>");
      ::unsetenv("JOURNAL_STREAM");
    });
  };
  const auto lines = text(LogFormat::text);
  CHECK(lines == "<2>test: two\n<3>test: three\n<4>test: four\n<6>test: six\n<7>test: seven\n");
  CHECK(text(LogFormat::json).starts_with(R"(<2>{"time":")"));
  configure_log({});
}

TEST_CASE("a stderr that was redirected away from the journal is not the journal") {
  ::setenv("JOURNAL_STREAM", "1:1", 1);
  configure_log({});
  const auto text = captured([] { log("test").warn("hello"); });
  CHECK(journal_prefix(spdlog::level::err).empty());
  ::unsetenv("JOURNAL_STREAM");
  configure_log({});
  CHECK(text.ends_with("Z warning test      hello\n"));
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
