#include "supervise/process_info.hpp"

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include "supervise/process_harness.hpp"

using namespace rocd;
using namespace rocd::test;

TEST_CASE("a process is read from proc") {
  const auto self = read_process_stat(::getpid());
  REQUIRE(self);
  CHECK(self->state == 'R');
  CHECK(self->process_group == ::getpgrp());
  CHECK(self->start_ticks > 0);
  CHECK(self->rss_bytes > 1'000'000);
}

TEST_CASE("the start time is that of the process, whatever it calls itself") {
  // The name stands in the middle of the line, and may look like the rest of it.
  const auto odd =
      std::filesystem::temp_directory_path() / ("a) Z 1 (" + std::to_string(::getpid() % 10000));
  std::filesystem::remove(odd);
  std::filesystem::create_symlink(child_argv({}).front(), odd);
  Reactor reactor;
  ProcessSpawner spawner(reactor.io.get_executor());
  SpawnedProbe plain, named;
  auto first = spawner.spawn({child_argv({"wait"}), {}}, plain.callbacks());
  auto second = spawner.spawn({{odd.string(), "wait"}, {}}, named.callbacks());
  std::filesystem::remove(odd);
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  const int pid = (*second)->identity().pid;
  std::string name;
  std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/comm"), name);
  REQUIRE(name.starts_with("a) Z 1 ("));
  const auto stat = read_process_stat(pid);
  REQUIRE(stat);
  CHECK(stat->state != 'Z');
  CHECK(stat->process_group == pid);
  CHECK(stat->start_ticks >= (*first)->identity().start_ticks);
  CHECK(stat->start_ticks - (*first)->identity().start_ticks < 1000);  // 10 s
}

TEST_CASE("what a process does is told: working, waiting, stopped") {
  Reactor reactor;
  ProcessSpawner spawner(reactor.io.get_executor());
  SpawnedProbe probe;
  auto child = spawner.spawn({child_argv({"wait"}), {}}, probe.callbacks());
  REQUIRE(child.has_value());
  const int pid = (*child)->identity().pid;
  const auto reads = [&](auto&& condition) {
    return reactor.until([&] {
      const auto activity = read_process_activity(pid);
      return activity && condition(*activity);
    });
  };
  CHECK(reads([](const auto& a) { return a.waits > 0 && a.cpu_seconds > 0 && !a.stopped; }));
  ::kill(pid, SIGSTOP);
  CHECK(reads([](const auto& a) { return a.stopped && !a.traced; }));
  const auto stopped = read_process_activity(pid);
  REQUIRE(stopped);
  CHECK(read_process_activity(pid) == stopped);
  ::kill(pid, SIGCONT);
  CHECK(reads([&](const auto& a) { return !a.stopped && a.waits >= stopped->waits; }));

  // Of its own time: a busy loop is seen as it goes on.
  const auto before = read_process_activity(::getpid());
  REQUIRE(before);
  CHECK(reactor.until(
      [&] { return read_process_activity(::getpid())->cpu_seconds > before->cpu_seconds; }));
}

TEST_CASE("a process that is not there is nothing") {
  CHECK_FALSE(read_process_activity(0x3ffffff));
  CHECK_FALSE(read_process_stat(0x3ffffff));
  CHECK_FALSE(read_process_stat(-1));
}

TEST_CASE("the boot has an identity that stays") {
  CHECK(current_boot_id().size() == 36);
  CHECK(current_boot_id() == current_boot_id());
}
