// What trying the tools leaves behind: no file, and no opinion if it was stopped.
#include "stream/roc_probe.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "stream/roc_cli_engine.hpp"
#include "supervise/process_spawner.hpp"
#include "support/temp_directory.hpp"

namespace rocd::test {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// Two scripts that play the tools, in a directory of their own, and an engine that tries them.
struct Tried {
  TempDirectory directory;
  asio::io_context io;
  ProcessSpawner spawner{io.get_executor()};
  std::optional<RocCliEngine> engine;
  int changes = 0;

  [[nodiscard]] fs::path path(const std::string& name) const { return directory.path() / name; }

  // `trial`: what the tool does when it is tried. $4 is file:… of what is to be sent.
  void tool(const std::string& name, const std::string& trial) const {
    const auto file = path(name);
    std::ofstream(file) << "#!/bin/sh\ncase \"$1\" in\n--version) echo '" << name
                        << " 0.4.0'; exit;;\n--list-supported) echo '  pulse://'; exit;;\nesac\n"
                        << trial << "\n";
    fs::permissions(file, fs::perms::owner_all);
  }

  void start() {
    RocCliEngine::Options options;
    options.tools = {path("roc-send"), path("roc-recv")};
    options.environment = ::getenv;
    engine.emplace(io.get_executor(), spawner, options);
    engine->set_on_changed([this] { ++changes; });
    engine->start();
  }

  bool until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      io.restart();
      io.run_one_for(20ms);
    }
    return condition();
  }

  bool shut_down() {
    bool done = false;
    asio::co_spawn(io, engine->shutdown(), [&](const std::exception_ptr&) { done = true; });
    return until([&] { return done; });
  }
};

// The directory for temporary files of this program, as long as it lives.
class TemporaryFilesIn {
 public:
  explicit TemporaryFilesIn(const fs::path& path) {
    if (const char* before = ::getenv("TMPDIR")) before_ = before;
    fs::create_directory(path);
    ::setenv("TMPDIR", path.c_str(), 1);
  }
  ~TemporaryFilesIn() {
    if (before_)
      ::setenv("TMPDIR", before_->c_str(), 1);
    else
      ::unsetenv("TMPDIR");
  }
  TemporaryFilesIn(const TemporaryFilesIn&) = delete;
  TemporaryFilesIn& operator=(const TemporaryFilesIn&) = delete;

 private:
  std::optional<std::string> before_;
};

const std::string sends = "echo 'pump: starting main loop'; exec sleep 1000";

}  // namespace

TEST_CASE_METHOD(Tried, "an engine that ends while it tries a tool says nothing of the tool") {
  tool("roc-send", sends);
  // Does the first scheme, and never says whether it does the second.
  tool("roc-recv", "case \"$*\" in *rs8m*) echo 'openfec decoder: initializing';; *) touch " +
                       path("tried").string() + ";; esac; exec sleep 1000");
  start();
  REQUIRE(until([&] { return fs::exists(path("tried")); }));
  REQUIRE(shut_down());
  CHECK(changes == 0);
  CHECK_FALSE(engine->info().probed);
}

TEST_CASE_METHOD(Tried, "what a trial sends is in no directory, so that no kill leaves it behind") {
  const TemporaryFilesIn temporary(path("tmp"));
  tool("roc-send", "cp \"${4#file:}\" " + path("sent").string() + "; touch " +
                       path("copied").string() + "; exec sleep 1000");
  tool("roc-recv", "exit 1");
  start();
  REQUIRE(until([&] { return fs::exists(path("copied")); }));
  CHECK(fs::is_empty(path("tmp")));
  CHECK(content(path("sent")).starts_with("RIFF"));
  CHECK(content(path("sent")).size() == 44 + 44100 / 5 * 4);
  CHECK(shut_down());
}

}  // namespace rocd::test
