// The supervisor with real children.
#include <boost/asio/co_spawn.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <csignal>

#include "supervise/process_harness.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

// A base, so that it outlives the harness; and it needs the reactor of the harness, so the real
// spawner is made later.
struct Lazy final : Spawner {
  SpawnResult<std::unique_ptr<SpawnedChild>> spawn(const SpawnRequest& request,
                                                   SpawnCallbacks callbacks) override {
    return real->spawn(request, std::move(callbacks));
  }
  std::unique_ptr<ProcessSpawner> real;
};

struct WithRealSpawner {
  Lazy spawner;
};

struct RealChildren : WithRealSpawner, SupervisorHarness {
  RealChildren() : SupervisorHarness(spawner) {
    spawner.real = std::make_unique<ProcessSpawner>(io.get_executor());
  }

  void start(const Uid& child, std::vector<std::string> arguments,
             const ChildPolicy& policy = quick_policy()) {
    supervisor.ensure(child, {{child_argv(std::move(arguments)), {}}, policy});
  }

  const Uid id = child_uid();
};

}  // namespace

TEST_CASE_METHOD(RealChildren, "a thousand crashes leave no descriptor and no zombie behind") {
  constexpr int children = 20;
  constexpr std::uint32_t crashes_each = 50;
  auto policy = quick_policy();
  policy.stable_after = Duration::zero();
  const auto before = own_children();

  start(child_uid(999), {"exit=0"});  // what a reactor opens at its first use
  REQUIRE(until([&] { return supervisor.status(child_uid(999))->restarts > 0; }));
  supervisor.forget(child_uid(999));
  REQUIRE(until([&] { return supervisor.status(child_uid(999)) == nullptr; }));
  const auto descriptors = open_descriptors();

  for (int i = 0; i < children; ++i) {
    // Some die by a signal, some exit, some with grandchildren, some are ready before.
    std::vector<std::string> arguments{"err=about to end", i % 2 == 0 ? "crash=11" : "exit=1"};
    if (i % 5 == 0) arguments.insert(arguments.begin(), "grandchild=group");
    start(child_uid(i), arguments, policy);
  }
  const auto total = [&] {
    std::uint32_t restarts = 0;
    for (int i = 0; i < children; ++i) restarts += supervisor.status(child_uid(i))->restarts;
    return restarts;
  };
  REQUIRE(until([&] { return total() >= children * crashes_each; }, 100s));
  shut_down();
  CHECK(open_descriptors() == descriptors);
  CHECK(own_children() == before);
  CHECK(registry.running.empty());
}

TEST_CASE_METHOD(RealChildren, "a stable child that is killed is back at once, many times") {
  auto policy = quick_policy();
  policy.stable_after = Duration::zero();
  policy.backoff.initial = 3600s;  // whoever waits, waits for ever
  policy.backoff.cap = 3600s;
  on_line = [this](const Uid& child, std::uint64_t generation, const LogLine& line) {
    if (line.text == "up") supervisor.ready(child, generation);
  };
  start(id, {"err=up", "wait"}, policy);
  for (std::uint32_t round = 1; round <= 20; ++round) {
    REQUIRE(until([&] { return state(id) == ChildState::running; }));
    ::kill(*supervisor.status(id)->pid, SIGKILL);
    REQUIRE(until([&] { return supervisor.status(id)->restarts == round; }));
  }
}

TEST_CASE_METHOD(RealChildren, "who ignores TERM is killed, with its whole group") {
  auto policy = quick_policy();
  policy.stop_timeout = 50ms;
  start(id, {"ignore=15", "grandchild=group", "out=up", "wait"}, policy);
  const int grandchild = std::stoi(wait_for_line(id, "grandchild "));
  wait_for_line(id, "up");
  supervisor.stop(id);
  REQUIRE(until([&] { return state(id) == ChildState::stopped; }));
  CHECK(supervisor.exits(id).back().text == "SIGKILL");
  CHECK(supervisor.exits(id).back().requested);
  CHECK(until([&] { return !process_exists(grandchild); }));
}

TEST_CASE_METHOD(RealChildren, "a stopped child obeys TERM at once") {
  auto policy = quick_policy();
  policy.stop_timeout = 3600s;
  start(id, {"out=up", "wait"}, policy);
  wait_for_line(id, "up");
  ::kill(*supervisor.status(id)->pid, SIGSTOP);
  REQUIRE(until([&] { return supervisor.activity(id).value_or(ProcessActivity{}).stopped; }));
  supervisor.stop(id);
  REQUIRE(until([&] { return state(id) == ChildState::stopped; }));
  CHECK(supervisor.exits(id).back().text == "SIGTERM");
}

TEST_CASE_METHOD(RealChildren, "who obeys TERM is not killed") {
  start(id, {"out=up", "wait"});
  wait_for_line(id, "up");
  supervisor.stop(id);
  REQUIRE(until([&] { return state(id) == ChildState::stopped; }));
  CHECK(supervisor.exits(id).back().text == "SIGTERM");
}

TEST_CASE_METHOD(RealChildren, "the last lines before a crash are kept with the exit") {
  auto policy = quick_policy();
  policy.restart = RestartPolicy::never;
  start(id, {"err=[err] roc_recv: can't bind", "err=the very last", "crash=6"}, policy);
  REQUIRE(until([&] { return state(id) == ChildState::failed; }));
  const auto exits = supervisor.exits(id);
  REQUIRE(exits.size() == 1);
  CHECK(exits[0].text == "SIGABRT");
  CHECK(exits[0].log == std::vector<std::string>{"[err] roc_recv: can't bind", "the very last"});
  CHECK(exits[0].ran_for > Duration::zero());
}

TEST_CASE_METHOD(RealChildren, "a megabyte without a newline costs four kilobytes") {
  auto policy = quick_policy();
  policy.restart = RestartPolicy::never;
  start(id, {"bytes=1048576", "exit=0"}, policy);
  REQUIRE(until([&] { return state(id) == ChildState::failed; }));
  REQUIRE(supervisor.log(id)->size() == 1);
  CHECK(supervisor.log(id)->last(1)[0].text.size() == 4096);
  CHECK(supervisor.log(id)->dropped_bytes() == 1048576 - 4096);
}

TEST_CASE_METHOD(RealChildren, "of a child that prints without end a bounded part is kept") {
  start(id, {"spam=err"});
  start(child_uid(1), {"out=up", "wait"});
  // More than is looked at of it in all the time that this may take.
  constexpr std::size_t much = 16 * 1024 * 1024;
  REQUIRE(until([&] { return supervisor.skipped_bytes(id) > much; }));
  // Twice a second; who judges whether it says anything cannot wait for the log's ten seconds.
  const auto told = skipped_told[id];
  const auto since = Now::read().mono;
  REQUIRE(until([&] { return skipped_told[id] >= told + 2; }));
  CHECK(Now::read().mono - since < 8s);
  CHECK(skipped_told[child_uid(1)] == 0);
  wait_for_line(child_uid(1), "up");
  CHECK(supervisor.log(id)->size() <= 1024);
  CHECK(supervisor.log(id)->dropped_bytes() >= supervisor.skipped_bytes(id));
  CHECK(supervisor.skipped_bytes(child_uid(1)) == 0);
  // Of what was looked at, each line is whole.
  for (const auto& line : supervisor.log(id)->last(1024)) CHECK(line.text.starts_with("spam "));
  supervisor.stop(id);
  REQUIRE(until([&] { return state(id) == ChildState::stopped; }));
}

TEST_CASE_METHOD(RealChildren, "a tool that is not there is a visible failure, not a silent one") {
  const auto before = own_children();
  supervisor.ensure(id, {{{"/no/such/tool"}, {}}, quick_policy()});
  REQUIRE(until([&] { return supervisor.status(id)->crash_looping; }));
  CHECK(supervisor.exits(id).back().kind == ExitRecord::Kind::spawn_error);
  CHECK(supervisor.exits(id).back().code == ENOENT);
  CHECK_THAT(supervisor.exits(id).back().text,
             Catch::Matchers::ContainsSubstring("No such file or directory"));
  CHECK(own_children() == before);
}

TEST_CASE_METHOD(RealChildren, "time and memory that a child uses can be asked for") {
  start(id, {"out=up", "wait"});
  wait_for_line(id, "up");
  const auto usage = supervisor.usage(id);
  REQUIRE(usage);
  CHECK(usage->rss_bytes > 50'000);
  CHECK(usage->cpu_seconds < 10);
  supervisor.stop(id);
  REQUIRE(until([&] { return state(id) == ChildState::stopped; }));
  CHECK_FALSE(supervisor.usage(id));
}

TEST_CASE_METHOD(RealChildren, "shutdown ends a hundred children, stubborn ones too") {
  auto policy = quick_policy();
  policy.stop_timeout = 100ms;
  const auto before = own_children();
  for (int i = 0; i < 100; ++i) {
    std::vector<std::string> arguments{"out=up", "wait"};
    if (i % 10 == 0) arguments.insert(arguments.begin(), "ignore=15");
    start(child_uid(i), arguments, policy);
  }
  REQUIRE(until([&] { return lines.size() == 100; }));
  shut_down();
  CHECK(own_children() == before);
}

TEST_CASE_METHOD(RealChildren, "kill_now does not wait for a stubborn child") {
  auto policy = quick_policy();
  policy.stop_timeout = 3600s;
  start(id, {"ignore=15", "out=up", "wait"}, policy);
  wait_for_line(id, "up");
  supervisor.kill_now();
  shut_down();
  CHECK(supervisor.exits(id).back().text == "SIGKILL");
}

TEST_CASE("destroying a supervisor kills and reaps its real children") {
  const auto before = own_children();
  const auto mark = unique_mark();
  {
    RealChildren children;
    children.start(child_uid(), {"ignore=15", "grandchild=group", "out=up", "wait", mark});
    children.wait_for_line(child_uid(), "up");
    CHECK_FALSE(processes_marked(mark).empty());
  }
  CHECK(own_children() == before);
  Reactor reactor;
  CHECK(reactor.until([&] { return processes_marked(mark).empty(); }));  // grandchildren
}
