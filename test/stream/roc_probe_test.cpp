// What trying the tools leaves behind: no file, and no opinion if it was stopped.
#include "stream/roc_probe.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
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
  Duration limit = 3s, look_again = 100ms, look_again_at_most = 100ms;

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
    options.run_limit = limit;
    options.look_again = look_again;
    options.look_again_at_most = look_again_at_most;
    engine.emplace(io.get_executor(), spawner, options);
    engine->set_on_changed([this] { ++changes; });
    engine->start();
  }

  bool until(const std::function<bool()>& condition, Duration limit_of_it = 20s) {
    const auto deadline = std::chrono::steady_clock::now() + limit_of_it;
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

TEST_CASE_METHOD(Tried, "a trial that did not end says nothing of the tool, and is made again") {
  // Both tools hang until somebody lets them go.
  const auto hangs = "[ -e " + path("goes").string() + " ] || exec sleep 1000; ";
  tool("roc-send", hangs + sends);
  tool("roc-recv", hangs + "echo 'port bound'; echo 'openfec decoder: initializing'; " +
                       "echo 'pump: starting main loop'; exec sleep 1000");
  limit = 200ms;
  start();
  REQUIRE(until([&] { return engine->info().probed; }));
  for (const auto& tool : engine->info().tools) {
    INFO(tool.name);
    CHECK(tool.usable);
    CHECK(tool.fec.empty());
    CHECK(tool.untried.size() == 2);
    CHECK(tool.problem == "whether " + tool.name + " can correct errors could not be tried");
  }
  std::ofstream(path("goes")) << "on";
  CHECK(until([&] {
    return std::ranges::all_of(engine->info().tools, [](const ToolInfo& tool) {
      return tool.fec.size() == 2 && tool.untried.empty() && tool.problem.empty();
    });
  }));
  CHECK(shut_down());
}

TEST_CASE_METHOD(Tried, "a tool that does not work at all says nothing of its error correction") {
  // As where the loopback interface is down.
  const auto ends = "[ -e " + path("goes").string() + " ] || exit 1; ";
  tool("roc-send", sends);
  tool("roc-recv", ends + "echo 'port bound'; echo 'openfec decoder: initializing'; " +
                       "echo 'pump: starting main loop'; exec sleep 1000");
  start();
  REQUIRE(until([&] { return engine->info().probed; }));
  CHECK(engine->info().tools[0].fec.size() == 2);
  CHECK(engine->info().tools[1].untried.size() == 2);
  std::ofstream(path("goes")) << "on";
  CHECK(until([&] { return engine->info().tools[1].fec.size() == 2; }));
  CHECK(shut_down());
}

TEST_CASE_METHOD(Tried, "a tool that works, but not with error correction, cannot correct errors") {
  const std::string refuses = "case \"$*\" in *--repair*) exit 1;; esac; ";
  tool("roc-send", refuses + sends);
  tool("roc-recv", refuses + "echo 'pump: starting main loop'; exec sleep 1000");
  start();
  REQUIRE(until([&] { return engine->info().probed; }));
  for (const auto& tool : engine->info().tools) {
    INFO(tool.name);
    CHECK(tool.fec.empty());
    CHECK(tool.untried.empty());
  }
  CHECK(shut_down());
}

TEST_CASE_METHOD(Tried, "a tool that crashes at a trial may work at the next one") {
  const auto crash_once = "[ -e " + path("crashed").string() + " ] || { touch " +
                          path("crashed").string() + "; kill -SEGV $$; }; ";
  tool("roc-send", crash_once + sends);
  tool("roc-recv", "echo 'openfec decoder: initializing'; exec sleep 1000");
  start();
  REQUIRE(until([&] { return engine->info().probed; }));
  CHECK(engine->info().tools[0].untried == std::vector{FecScheme::rs8m});
  CHECK(engine->info().tools[0].problem ==
        "whether roc-send can correct errors could not be tried");
  CHECK(until([&] { return engine->info().tools[0].fec.size() == 2; }));
  CHECK(shut_down());
}

TEST_CASE_METHOD(Tried, "a refusal is believed when it comes again, also by an abort") {
  const std::string how = GENERATE("exit 1", "kill -ABRT $$");
  const bool again = GENERATE(true, false);
  CAPTURE(how, again);
  const auto refuse = "case \"$*\" in *--repair*) echo >>" + path("trials").string() + "; [ " +
                      (again ? "0" : "$(wc -l <" + path("trials").string() + ")") + " -gt 1 ] || " +
                      how + ";; esac; ";
  tool("roc-send", refuse + sends);
  tool("roc-recv", "echo 'openfec decoder: initializing'; exec sleep 1000");
  start();
  REQUIRE(until([&] { return engine->info().probed; }));
  CHECK(engine->info().tools[0].untried.empty());
  CHECK(engine->info().tools[0].fec.size() == (again ? 0 : 2));
  CHECK(shut_down());
}

TEST_CASE_METHOD(Tried, "a tool that fails is tried again at once when it is another file") {
  tool("roc-send", sends);
  tool("roc-recv", "echo 'openfec decoder: initializing'; exec sleep 1000");
  std::ofstream(path("roc-recv"), std::ios::trunc)
      << "#!/bin/sh\necho . >>" << path("runs").string() << "\nexit 1\n";
  look_again = 20ms;
  look_again_at_most = 1h;
  start();
  // Every 20 ms it is looked whether it is the same file; it is run after 20, 40, 80 ms …
  REQUIRE(until([&] { return content(path("runs")).size() > 6; }));
  CHECK_FALSE(engine->info().tools[1].usable);
  tool("roc-recv", "echo 'openfec decoder: initializing'; exec sleep 1000");
  CHECK(until([&] { return engine->info().tools[1].usable; }));
  CHECK(shut_down());
}

TEST_CASE_METHOD(Tried, "a tool that all is known of is run again only when it is another file") {
  const auto refuses = "case \"$*\" in *--repair*) exit 1;; esac; ";
  tool("roc-send", "echo >>" + path("runs").string() + "; " + refuses + sends);
  tool("roc-recv", "echo 'openfec decoder: initializing'; exec sleep 1000");
  look_again = look_again_at_most = 20ms;
  start();
  REQUIRE(until([&] { return engine->info().probed; }));
  CHECK(engine->info().tools[0].fec.empty());
  const auto runs = content(path("runs"));
  engine->check_tools();
  CHECK_FALSE(until([&] { return content(path("runs")) != runs; }, 500ms));

  tool("roc-send", sends);
  CHECK_FALSE(until([&] { return !engine->info().tools[0].fec.empty(); }, 500ms));  // nobody asks
  CHECK(changes == 1);
  engine->check_tools();
  CHECK(until([&] { return engine->info().tools[0].fec.size() == 2; }));
  CHECK(changes == 2);
  // And once more.
  tool("roc-send", refuses + sends);
  CHECK(until([&] {
    engine->check_tools();
    return engine->info().tools[0].fec.empty();
  }));
  CHECK(shut_down());
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
