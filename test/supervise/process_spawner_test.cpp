#include "supervise/process_spawner.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/steady_timer.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "supervise/process_harness.hpp"
#include "supervise/process_info.hpp"
#include "support/temp_directory.hpp"

using namespace rocd;
using namespace rocd::test;
using Catch::Matchers::ContainsSubstring;

namespace {

struct Spawning : Reactor {
  ProcessSpawner spawner{io.get_executor()};

  void spawn(SpawnedProbe& probe, std::vector<std::string> arguments,
             std::vector<std::string> environment = {}) {
    auto child = spawner.spawn({child_argv(std::move(arguments)), std::move(environment)},
                               probe.callbacks());
    if (!child) FAIL(to_string(child.error()));
    probe.child = std::move(*child);
  }

  void run_to_end(SpawnedProbe& probe, std::vector<std::string> arguments,
                  std::vector<std::string> environment = {}) {
    spawn(probe, std::move(arguments), std::move(environment));
    REQUIRE(until([&] { return !probe.exits.empty(); }));
  }
};

constexpr ExitStatus exited(int status) {
  return {ExitStatus::Kind::exited, status};
}
constexpr ExitStatus killed_by(int signal) {
  return {ExitStatus::Kind::signaled, signal};
}

}  // namespace

TEST_CASE_METHOD(Spawning, "an exit status and a signal of the same number are told apart") {
  SpawnedProbe status, signal;
  run_to_end(status, {"exit=15"});
  run_to_end(signal, {"crash=15"});
  CHECK(status.exits == std::vector{exited(15)});
  CHECK(signal.exits == std::vector{killed_by(SIGTERM)});
}

TEST_CASE_METHOD(Spawning, "a child gets the environment that it was given, and nothing else") {
  SpawnedProbe probe;
  run_to_end(probe, {"report"}, {"A=1", "EMPTY=", "SPACED=a b=c"});
  std::vector<std::string> environment;
  for (const auto& line : probe.lines())
    if (line.starts_with("env ")) environment.push_back(line.substr(4));
  CHECK(environment == std::vector<std::string>{"A=1", "EMPTY=", "SPACED=a b=c"});
}

TEST_CASE_METHOD(Spawning, "a child inherits no descriptor but its three") {
  const int low = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as libraries do it
  const int high = ::fcntl(low, F_DUPFD, 300);
  REQUIRE(high >= 300);
  SpawnedProbe probe;
  run_to_end(probe, {"report"});
  ::close(low);
  ::close(high);
  CHECK(probe.after("fds ") == "0,1,2");
  CHECK(probe.after("stdin ") == "/dev/null");
}

TEST_CASE_METHOD(Spawning, "a child gets its three also where rocd itself has none of them") {
  // 0, 1 and 2 of rocd are free: its own descriptors get these numbers.
  const int saved_in = ::fcntl(0, F_DUPFD_CLOEXEC, 100);
  const int saved_out = ::fcntl(1, F_DUPFD_CLOEXEC, 100);
  const int saved_err = ::fcntl(2, F_DUPFD_CLOEXEC, 100);
  for (int number = 0; number < 3; ++number) ::close(number);
  SpawnedProbe probe;
  auto child = spawner.spawn({child_argv({"report", "err=to stderr"}), {}}, probe.callbacks());
  const bool ended = until([&] { return !probe.exits.empty(); });
  ::dup2(saved_in, 0);
  ::dup2(saved_out, 1);
  ::dup2(saved_err, 2);
  for (const int saved : {saved_in, saved_out, saved_err}) ::close(saved);
  REQUIRE(child.has_value());
  REQUIRE(ended);
  CHECK(probe.after("fds ") == "0,1,2");
  CHECK(probe.after("stdin ") == "/dev/null");
  CHECK(probe.err == "to stderr\n");
}

TEST_CASE_METHOD(Spawning, "a child starts with default signals, whatever rocd blocks or ignores") {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto pipe = std::signal(SIGPIPE, SIG_IGN);
  const auto hangup = std::signal(SIGHUP, SIG_IGN);
  SpawnedProbe probe;
  run_to_end(probe, {"report"});
  std::signal(SIGPIPE, pipe);
  std::signal(SIGHUP, hangup);
  sigset_t still;
  ::pthread_sigmask(SIG_SETMASK, &before, &still);
  CHECK(probe.after("SigBlk:\t") == "0000000000000000");
  CHECK(probe.after("SigIgn:\t") == "0000000000000000");
  CHECK(probe.after("SigCgt:\t") == "0000000000000000");
  CHECK(sigismember(&still, SIGUSR1) == 1);  // ours is as it was
  CHECK(sigismember(&still, SIGUSR2) == 0);
}

TEST_CASE_METHOD(Spawning, "a child leads its own process group, in /, and dies with its parent") {
  SpawnedProbe probe;
  run_to_end(probe, {"report"});
  const auto pid = std::to_string(probe.child->identity().pid);
  CHECK(probe.after("pgid ") == pid + " pid " + pid);
  CHECK(probe.after("cwd ") == "/");
  CHECK(probe.after("pdeathsig ") == std::to_string(SIGKILL));
}

TEST_CASE_METHOD(Spawning, "a child is named by pid and start time") {
  SpawnedProbe probe;
  spawn(probe, {"wait"});
  const auto identity = probe.child->identity();
  const auto stat = read_process_stat(identity.pid);
  REQUIRE(stat);
  CHECK(identity.start_ticks == stat->start_ticks);
  CHECK(identity.start_ticks > 0);
}

TEST_CASE_METHOD(Spawning, "all output of a child that crashes comes before the news of its end") {
  SpawnedProbe probe;
  std::size_t bytes_at_exit = 0;
  auto callbacks = probe.callbacks();
  callbacks.on_exit = [&, told = callbacks.on_exit](ExitStatus status) {
    bytes_at_exit = probe.err.size();
    told(status);
  };
  auto child = spawner.spawn(
      {child_argv({"out=first", "bytes=60000", "err=the last word", "crash=11"}), {}}, callbacks);
  REQUIRE(child.has_value());
  REQUIRE(until([&] { return !probe.exits.empty(); }));
  CHECK(probe.exits == std::vector{killed_by(SIGSEGV)});
  CHECK(probe.out == "first\n");
  CHECK(bytes_at_exit == 60000 + std::string("the last word\n").size());
  CHECK(probe.err.ends_with("the last word\n"));
}

TEST_CASE_METHOD(Spawning,
                 "the end of a child ends its grandchildren, also those that ignore TERM") {
  SpawnedProbe probe;
  run_to_end(probe, {"grandchild=group", "grandchild=group", "exit=3"});
  CHECK(probe.exits == std::vector{exited(3)});
  std::size_t seen = 0;
  for (const auto& line : probe.lines()) {
    if (!line.starts_with("grandchild ")) continue;
    ++seen;
    CHECK(until([&] { return !process_exists(std::stoi(line.substr(11))); }));
  }
  CHECK(seen == 2);
}

TEST_CASE_METHOD(Spawning, "a signal reaches the whole group") {
  SpawnedProbe probe;
  spawn(probe, {"grandchild=group", "wait"});
  REQUIRE(until([&] { return !probe.after("grandchild ").empty(); }));
  const int grandchild = std::stoi(probe.after("grandchild "));
  REQUIRE(process_exists(grandchild));
  probe.child->signal_group(SIGKILL);
  REQUIRE(until([&] { return !probe.exits.empty() && !process_exists(grandchild); }));
  CHECK(probe.exits == std::vector{killed_by(SIGKILL)});
}

TEST_CASE_METHOD(Spawning, "a grandchild that holds the pipes delays the news for a moment only") {
  SpawnedProbe probe;
  spawn(probe, {"grandchild=session", "sleep=50", "exit=0"});
  const auto leader = probe.child->identity().pid;
  REQUIRE(until([&] { return probe.out.find("left") != std::string::npos; }));
  REQUIRE(until([&] { return !process_exists(leader); }));
  const auto ended = Now::read().mono;
  REQUIRE(until([&] { return !probe.exits.empty(); }));
  CHECK(Now::read().mono - ended < 5s);  // the drain limit is 200 ms
  for (const auto& line : probe.lines())
    if (line.starts_with("grandchild ")) ::kill(std::stoi(line.substr(11)), SIGKILL);
}

TEST_CASE_METHOD(Spawning, "letting go of a child kills its group, reaps it and silences it") {
  SpawnedProbe probe;
  const auto before = own_children();
  spawn(probe, {"ignore=15", "grandchild=group", "spam=out"});
  REQUIRE(until([&] { return probe.out.find("spam 10\n") != std::string::npos; }));
  const int grandchild = std::stoi(probe.after("grandchild "));
  probe.child.reset();
  CHECK(own_children() == before);
  CHECK(until([&] { return !process_exists(grandchild); }));
  const auto bytes = probe.out.size();
  io.restart();
  io.run_for(50ms);
  CHECK(probe.out.size() == bytes);
  CHECK(probe.exits.empty());
}

TEST_CASE_METHOD(Spawning, "a child may be let go of from within its own callbacks") {
  std::unique_ptr<SpawnedChild> child;
  int calls = 0;
  const auto let_go = [&] {
    ++calls;
    child.reset();
  };
  SECTION("output") {
    auto spawned =
        spawner.spawn({child_argv({"spam=err"}), {}},
                      {[let_go, big = std::string(1000, 'x')](OutputChannel, std::string_view) {
                         let_go();
                         CHECK(big.size() == 1000);  // the callback's own state is still there
                       },
                       nullptr});
    REQUIRE(spawned.has_value());
    child = std::move(*spawned);
  }
  SECTION("exit") {
    auto spawned =
        spawner.spawn({child_argv({"exit=0"}), {}}, {nullptr, [&](ExitStatus) { let_go(); }});
    REQUIRE(spawned.has_value());
    child = std::move(*spawned);
  }
  REQUIRE(until([&] { return child == nullptr; }));
  io.restart();
  io.run_for(20ms);
  CHECK(calls == 1);
}

TEST_CASE_METHOD(Spawning, "a program that cannot be started says why, and leaves nothing behind") {
  const TempDirectory directory;
  const auto file = directory.path() / "program";
  std::ofstream(file) << "not a program";
  std::filesystem::create_directory(directory.path() / "folder");
  SpawnedProbe first;
  run_to_end(first, {"exit=0"});  // the reactor opens descriptors of its own at its first use
  const auto descriptors = open_descriptors();
  const auto children = own_children();
  const auto why = [&](const std::string& program) {
    SpawnedProbe probe;
    auto child =
        spawner.spawn({{program}, {"PATH=" + directory.path().string()}}, probe.callbacks());
    REQUIRE_FALSE(child.has_value());
    return child.error();
  };
  CHECK_THAT(why("/no/such/program").message,
             ContainsSubstring("'/no/such/program'") && ContainsSubstring("No such file"));
  CHECK_THAT(why(file.string()).message, ContainsSubstring("Permission denied"));
  ::chmod(file.c_str(), 0755);
  CHECK_THAT(why(file.string()).message, ContainsSubstring("Exec format error"));
  CHECK_THAT(why("rocd-no-such-program").message, ContainsSubstring("not found in PATH"));
  CHECK(why("rocd-no-such-program").code == ErrorCode::not_found);
  CHECK(why("folder").code == ErrorCode::not_found);  // a directory is not a program
  CHECK(own_children() == children);
  CHECK(open_descriptors() == descriptors);
  CHECK(spawner.spawn({}, {}).error().code == ErrorCode::invalid_argument);
}

TEST_CASE_METHOD(Spawning, "a name is looked up in the PATH that the child is given") {
  const TempDirectory directory;
  std::filesystem::create_symlink(child_argv({}).front(), directory.path() / "some-tool");
  SpawnedProbe probe;
  auto child = spawner.spawn(
      {{"some-tool", "exit=7"}, {"PATH=/nowhere:" + directory.path().string()}}, probe.callbacks());
  REQUIRE(child.has_value());
  REQUIRE(until([&] { return !probe.exits.empty(); }));
  CHECK(probe.exits == std::vector{exited(7)});
}

TEST_CASE_METHOD(Spawning,
                 "a relative path means rocd's own directory, although the child is in /") {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(std::filesystem::path(child_argv({}).front()).parent_path());
  SpawnedProbe probe;
  auto child = spawner.spawn({{"./rocd_test_child", "exit=5"}, {}}, probe.callbacks());
  std::filesystem::current_path(before);
  REQUIRE(child.has_value());
  REQUIRE(until([&] { return !probe.exits.empty(); }));
  CHECK(probe.exits == std::vector{exited(5)});
}

TEST_CASE_METHOD(Spawning, "the end of a child is noticed even where SIGCHLD is ignored") {
  const auto before = std::signal(SIGCHLD, SIG_IGN);  // the kernel reaps: the status is lost
  SpawnedProbe probe;
  run_to_end(probe, {"out=hello", "exit=0"});
  std::signal(SIGCHLD, before);
  CHECK(probe.out == "hello\n");
  CHECK(probe.exits.size() == 1);
}

TEST_CASE_METHOD(Spawning,
                 "two children that print without end starve neither a third nor timers") {
  std::size_t bytes = 0;
  const auto count = [&](OutputChannel, std::string_view part) { bytes += part.size(); };
  std::vector<std::unique_ptr<SpawnedChild>> spammers;
  for (int i = 0; i < 2; ++i) {
    auto child = spawner.spawn({child_argv({"spam=err"}), {}}, {count, nullptr});
    REQUIRE(child.has_value());
    spammers.push_back(std::move(*child));
  }
  boost::asio::steady_timer timer(io);
  int ticks = 0;
  const std::function<void()> tick = [&] {
    timer.expires_after(1ms);
    timer.async_wait([&](boost::system::error_code error) {
      if (error) return;
      ++ticks;
      tick();
    });
  };
  tick();
  REQUIRE(until([&] { return bytes > 4'000'000 && ticks > 20; }));
  SpawnedProbe third;
  spawn(third, {"out=heard", "exit=0"});
  REQUIRE(until([&] { return !third.exits.empty(); }));
  CHECK(third.out == "heard\n");
}
