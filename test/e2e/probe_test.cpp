// What the tools can do, and where they are, may change while rocd runs; and it may end while it
// still tries them.
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <csignal>
#include <cstdlib>
#include <sstream>

#include "e2e/loopback_tone.hpp"
#include "e2e/scene.hpp"

using namespace rocd::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// Plays both tools up to the second trial of roc-recv, in which both hang; each writes down its
// pid.
constexpr auto tool = R"(#!/bin/sh
name=$(basename "$0")
case "$1" in
--version) echo "$name 0.4.0"; exit;;
--list-supported) echo '  pulse://'; exit;;
esac
say() { echo "00:00:00.000 [1] [dbg] roc_x: [x.cpp:1] $1"; }
case "$name $*" in
roc-send*:9*) say 'pump: starting main loop';;
roc-recv*rs8m*) say 'openfec decoder: initializing';;
roc-recv*)
  echo $$ >>DIRECTORY/pids
  say 'udp port: <udp 0x1 bind=127.0.0.1:10001>: opened port'
  say 'udp port: <udp 0x2 bind=127.0.0.1:10002>: opened port'
  say 'pump: starting main loop';;
roc-send*) echo $$ >>DIRECTORY/pids;;
esac
exec sleep 1000
)";

std::vector<int> pids_in(const std::filesystem::path& file) {
  std::istringstream text(read_file(file));
  std::vector<int> pids;
  for (int pid = 0; text >> pid;) pids.push_back(pid);
  return pids;
}

bool none_runs(const std::vector<int>& pids) {
  return std::none_of(pids.begin(), pids.end(), process_runs);
}

// Directories "a" and "b" are before all others in PATH; a/roc-send is what a test makes of it.
class Installed {
 public:
  explicit Installed(const std::string& sender) : scene(std::nullopt) {
    for (const auto* name : {"a", "b"}) std::filesystem::create_directory(scene.path(name));
    install("a", sender);
    scene.write_config(loopback_config());
    scene.start_rocd({}, {"/usr/bin/env", "PATH=" + scene.path("a").string() + ":" +
                                              scene.path("b").string() + ":" + ::getenv("PATH")});
  }
  // As package managers do it: at no moment there is none. It ends in the tool of this machine.
  void install(const std::string& directory, const std::string& sender) {
    write_program(scene.path(directory) / "roc-send",
                  "#!/bin/sh\n" + sender + "exec " + real() + " \"$@\"\n");
  }
  [[nodiscard]] std::string message() {
    return boost::json::serialize(rocd().stream("send").at("status").at("message"));
  }
  [[nodiscard]] Rocd& rocd() { return scene.rocd(); }

  Scene scene;

 private:
  static std::string real() {
    std::istringstream directories(::getenv("PATH"));
    for (std::string directory; std::getline(directories, directory, ':');)
      if (std::filesystem::exists(directory + "/roc-send")) return directory + "/roc-send";
    return "roc-send";
  }
};

const std::string without_fec =
    "case \"$*\" in *rs8m*|*ldpc*)\n"
    "echo \"00:00:00.000 [1] [err] roc_send: [main.cpp:1] can't connect sender\" >&2; exit 1;; "
    "esac\n";
// Of looking at it and starting; machines that run tests are slow.
constexpr Milliseconds few_seconds = 12s;

}  // namespace

TEST_CASE("a tool that crashed when it was tried is tried again", "[e2e][probe]") {
  const TempDirectory directory;
  const auto crashed = (directory.path() / "crashed").string();
  Installed installed("case \"$*\" in *file:*rs8m*) [ -e " + crashed + " ] || { : >" + crashed +
                      "; kill -SEGV $$; };; esac\n");
  installed.rocd().wait_for_streams({"send", "receive"}, "running", few_seconds);
  CHECK(std::filesystem::exists(crashed));
}

TEST_CASE("a stream that waits for error correction starts when a tool that has it is installed",
          "[e2e][probe]") {
  Installed installed(without_fec);
  installed.rocd().wait_for_streams({"send"}, "waiting");
  REQUIRE(eventually([&] { return installed.message().find("cannot do") != std::string::npos; }));
  installed.install("a", "");
  installed.rocd().wait_for_streams({"send", "receive"}, "running", few_seconds);
}

TEST_CASE("a tool that moved to another directory of PATH is found there", "[e2e][probe]") {
  Installed installed("");
  const LoopbackTone sound(installed.rocd());
  std::filesystem::rename(installed.scene.path("a") / "roc-send",
                          installed.scene.path("b") / "roc-send");
  const int former = installed.rocd().child_of("send");
  REQUIRE(::kill(former, SIGKILL) == 0);
  REQUIRE(eventually([&] { return installed.rocd().child_of("send") != former; }));
  installed.rocd().wait_for_streams({"send"}, "running", few_seconds);
  CHECK(sound.heard() == "heard");
}

TEST_CASE("ended while it tries its tools, rocd leaves no process, no file and no complaint") {
  const int signal = GENERATE(SIGTERM, SIGKILL);
  const TempDirectory directory;
  const auto path = [&](const std::string& name) { return (directory.path() / name).string(); };
  std::string script(tool);
  while (script.find("DIRECTORY") != std::string::npos)
    script.replace(script.find("DIRECTORY"), 9, directory.path());
  std::string config = "http: { unix_socket: off }\nevents: { socket: off }\naudio: { remote: " +
                       path("no-pipewire") + " }\ntools:\n";
  for (const std::string name : {"roc-send", "roc-recv"}) {
    write_file(path(name), script);
    std::filesystem::permissions(path(name), std::filesystem::perms::owner_all);
    config += (name == "roc-send" ? "  roc_send: " : "  roc_recv: ") + path(name) + "\n";
  }
  write_file(path("rocd.yaml"), config);
  std::filesystem::create_directory(path("tmp"));
  Rocd rocd({.config = path("rocd.yaml"),
             .state = path("state"),
             .log = path("log"),
             .launcher = {"/usr/bin/env", "TMPDIR=" + path("tmp")}});
  INFO(rocd.log());
  REQUIRE(eventually([&] { return pids_in(path("pids")).size() == 2; }));
  const auto pids = pids_in(path("pids"));
  CHECK_FALSE(none_runs(pids));

  rocd.process().signal(signal);
  if (signal == SIGTERM) {
    CHECK(rocd.process().wait() == "exit 0");
    CHECK(none_runs(pids));  // they end before rocd does
    CHECK_THAT(rocd.log(), !ContainsSubstring("warning stream"));
  } else {
    CHECK(rocd.process().wait() == "signal 9");
    CHECK(eventually([&] { return none_runs(pids); }));  // the kernel ends them, a moment later
  }
  CHECK(std::filesystem::is_empty(path("tmp")));
}
