#include "supervise/orphans.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>

#include "supervise/process_harness.hpp"
#include "supervise/process_info.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

// A process that nobody supervises: like one that outlived its rocd.
struct Orphan : Reactor {
  ProcessSpawner spawner{io.get_executor()};
  SpawnedProbe probe;
  OrphanRecord record;

  Orphan() {
    auto child = spawner.spawn({child_argv({"ignore=15", "grandchild=group", "wait"}), {}},
                               probe.callbacks());
    REQUIRE(child.has_value());
    probe.child = std::move(*child);
    REQUIRE(until([&] { return !probe.after("grandchild ").empty(); }));
    record = {current_boot_id(), probe.child->identity()};
  }

  [[nodiscard]] bool alive() const { return process_exists(record.identity.pid); }
};

}  // namespace

TEST_CASE_METHOD(Orphan, "a process that is the recorded one is killed, with its group") {
  const int grandchild = std::stoi(probe.after("grandchild "));
  const auto killed = kill_orphans({record});
  CHECK(killed == std::vector{record.identity});
  CHECK_FALSE(alive());
  CHECK(until([&] { return !process_exists(grandchild); }));
  CHECK(kill_orphans({record}).empty());
}

TEST_CASE_METHOD(Orphan, "a process that began at another time is somebody else's") {
  record.identity.start_ticks += 1;
  CHECK(kill_orphans({record}).empty());
  CHECK(alive());
}

TEST_CASE_METHOD(Orphan, "a record of another boot means nothing") {
  record.boot_id = "01234567-89ab-cdef-0123-456789abcdef";
  CHECK(kill_orphans({record}).empty());
  record.boot_id = "";
  CHECK(kill_orphans({record}).empty());
  CHECK(alive());
}

TEST_CASE_METHOD(Orphan, "of several records each is judged by itself") {
  auto other_boot = record;
  other_boot.boot_id = "x";
  auto reused = record;
  reused.identity.start_ticks = 1;
  OrphanRecord gone{record.boot_id, {0x3ffffff, 77}};
  CHECK(kill_orphans({other_boot, gone, reused, record}) == std::vector{record.identity});
}

TEST_CASE("nonsense records harm nobody") {
  const auto boot_id = current_boot_id();
  const auto self = read_process_stat(::getpid());
  REQUIRE(self);
  const auto init = read_process_stat(1);
  std::vector<OrphanRecord> records{{boot_id, {0, 0}},
                                    {boot_id, {-1, 0}},
                                    {boot_id, {-::getpid(), self->start_ticks}},
                                    {boot_id, {::getpid(), self->start_ticks}}};
  if (init) records.push_back({boot_id, {1, init->start_ticks}});
  CHECK(kill_orphans(records).empty());
  CHECK(kill_orphans({}).empty());
}

TEST_CASE("an orphan without a group of its own is killed alone") {
  int ready[2];
  REQUIRE(::pipe2(ready, O_CLOEXEC) == 0);
  const auto pid = ::fork();
  if (pid == 0) {
    if (::write(ready[1], "x", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char byte;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  ::close(ready[0]);
  ::close(ready[1]);
  const auto stat = read_process_stat(pid);
  REQUIRE(stat);
  REQUIRE(stat->process_group == ::getpgrp());  // ours: this test must survive
  CHECK(kill_orphans({{current_boot_id(), {pid, stat->start_ticks}}}).size() == 1);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  CHECK(WIFSIGNALED(status));
}
