// rocd ends while it still tries what its tools can do.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <csignal>
#include <sstream>

#include "e2e/rocd.hpp"

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

}  // namespace

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
