// The supervisor with a fake spawner: what it does with what its machines decide.
#include "supervise/supervisor.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch_test_macros.hpp>
#include <csignal>

#include "fake/fake_spawner.hpp"
#include "supervise/process_harness.hpp"
#include "supervise/start_gate.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

// The spawner is a base, so that it outlives the harness.
struct WithFakeSpawner {
  FakeSpawner spawner;
};

struct Supervised : WithFakeSpawner, SupervisorHarness {
  Supervised() : SupervisorHarness(spawner) {
    spawner.on_pending = [this] { boost::asio::post(io, [this] { spawner.deliver(); }); };
  }
  ~Supervised() { spawner.on_pending = nullptr; }

  static ChildSpec spec(std::string argument = "a", ChildPolicy policy = quick_policy()) {
    return {{{"/bin/tool", std::move(argument)}, {"K=V"}}, policy};
  }

  void start(const Uid& child, const ChildSpec& child_spec = spec()) {
    supervisor.ensure(child, child_spec);
  }

  [[nodiscard]] std::uint64_t generation(const Uid& child) const {
    return supervisor.status(child)->generation;
  }

  // Lets everything happen that was posted.
  void settle() {
    io.restart();
    io.poll();
  }

  const Uid id = child_uid();
};

}  // namespace

TEST_CASE_METHOD(Supervised, "an ensured child is spawned as asked, and written down") {
  start(id, spec("x"));
  REQUIRE(spawner.count() == 1);
  CHECK(spawner.last().request.argv == std::vector<std::string>{"/bin/tool", "x"});
  CHECK(spawner.last().request.environment == std::vector<std::string>{"K=V"});
  CHECK(state(id) == ChildState::starting);
  CHECK(supervisor.status(id)->pid == spawner.last().identity.pid);
  CHECK(registry.running.at(id) == spawner.last().identity);
  REQUIRE(statuses.size() == 1);
  CHECK(statuses[0].second.state == ChildState::starting);
  CHECK(statuses[0].second.pid == spawner.last().identity.pid);
}

TEST_CASE_METHOD(Supervised, "what nobody ensured is unknown, and commands for it do nothing") {
  supervisor.stop(id);
  supervisor.forget(id);
  supervisor.restart(id);
  supervisor.ready(id, 1);
  supervisor.fault(id, 1, "it stands still");
  CHECK(supervisor.status(id) == nullptr);
  CHECK(supervisor.log(id) == nullptr);
  CHECK(supervisor.exits(id).empty());
  CHECK_FALSE(supervisor.usage(id));
  CHECK(spawner.attempts() == 0);
}

TEST_CASE_METHOD(Supervised, "ensuring the same again has no effect") {
  start(id);
  supervisor.ready(id, 1);
  start(id);
  settle();
  CHECK(spawner.count() == 1);
  CHECK(spawner.last().signals.empty());
  CHECK(state(id) == ChildState::running);
}

TEST_CASE_METHOD(Supervised, "a changed request restarts the child once the old one is gone") {
  start(id, spec("old"));
  start(id, spec("new"));
  CHECK(spawner.count() == 1);
  CHECK(spawner.last().signals == std::vector<int>{SIGTERM, SIGCONT});
  settle();
  REQUIRE(spawner.count() == 2);
  CHECK_FALSE(spawner.at(0).alive());
  CHECK(spawner.at(1).request.argv.back() == "new");
  CHECK(supervisor.exits(id).back().requested);
  CHECK_FALSE(supervisor.status(id)->crash_looping);
}

TEST_CASE_METHOD(Supervised, "of changes while the old child ends, only the last one is started") {
  start(id, spec("1"));
  start(id, spec("2"));
  start(id, spec("3"));
  settle();
  REQUIRE(spawner.count() == 2);
  CHECK(spawner.last().request.argv.back() == "3");
}

TEST_CASE_METHOD(Supervised, "a changed request starts a child that had given up") {
  auto policy = quick_policy();
  policy.restart = RestartPolicy::never;
  start(id, spec("old", policy));
  spawner.last().crash();
  CHECK(state(id) == ChildState::failed);
  SECTION("and so does the same request") {
    start(id, spec("old", policy));
  }
  SECTION("changed") {
    start(id, spec("new", policy));
  }
  CHECK(spawner.count() == 2);
}

TEST_CASE_METHOD(Supervised, "a change of policy alone does not restart the child") {
  start(id);
  auto policy = quick_policy();
  policy.restart = RestartPolicy::never;
  start(id, spec("a", policy));
  CHECK(spawner.last().signals.empty());
  spawner.last().crash();
  CHECK(state(id) == ChildState::failed);
}

TEST_CASE_METHOD(Supervised, "a crashed child is back after its delay, with its exit on record") {
  start(id);
  spawner.last().print("half a line");
  spawner.last().crash(SIGSEGV);
  CHECK(state(id) == ChildState::backoff);
  const auto exits = supervisor.exits(id);
  REQUIRE(exits.size() == 1);
  CHECK(exits[0].kind == ExitRecord::Kind::signal);
  CHECK(exits[0].code == SIGSEGV);
  CHECK(exits[0].text == "SIGSEGV");
  CHECK_FALSE(exits[0].requested);
  CHECK(exits[0].log == std::vector<std::string>{"half a line"});
  CHECK(registry.running.empty());
  REQUIRE(until([&] { return spawner.count() == 2; }));
  CHECK(registry.running.at(id) == spawner.last().identity);
  CHECK(supervisor.status(id)->restarts == 1);
}

TEST_CASE_METHOD(Supervised, "a stable child that crashes is back before anybody hears of it") {
  auto policy = quick_policy();
  policy.stable_after = Duration::zero();
  start(id, spec("a", policy));
  supervisor.ready(id, 1);
  spawner.last().exit(0);
  CHECK(spawner.count() == 2);
  CHECK(state(id) == ChildState::starting);
  CHECK(supervisor.exits(id).back().text == "exit status 0");
  CHECK(registry.running.at(id) == spawner.last().identity);
}

TEST_CASE_METHOD(Supervised, "a program that cannot be started is on record, and tried again") {
  spawner.spawn_error =
      SpawnError{{ErrorCode::not_found, "cannot start 'tool': not found", "", "", {}}, ENOENT};
  start(id);
  CHECK(state(id) == ChildState::backoff);
  const auto exits = supervisor.exits(id);
  REQUIRE(exits.size() == 1);
  CHECK(exits[0].kind == ExitRecord::Kind::spawn_error);
  CHECK(exits[0].text == "cannot start 'tool': not found");
  CHECK(exits[0].code == ENOENT);
  CHECK(registry.added == 0);
  REQUIRE(until([&] { return spawner.attempts() >= 4; }));
  spawner.spawn_error.reset();
  REQUIRE(until([&] { return spawner.count() == 1; }));
  CHECK(state(id) == ChildState::starting);
}

TEST_CASE_METHOD(Supervised, "a loop of crashes is told, and its end too") {
  auto policy = quick_policy();
  policy.crash_loop_after = 3;
  policy.stable_after = 20ms;
  start(id, spec("a", policy));
  for (std::size_t crash = 1; crash <= 3; ++crash) {
    REQUIRE(until([&] { return spawner.count() == crash; }));
    spawner.last().crash();
  }
  CHECK(statuses.back().second.crash_looping);
  REQUIRE(until([&] { return spawner.count() == 4; }));
  supervisor.ready(id, generation(id));
  CHECK(statuses.back().second.crash_looping);
  REQUIRE(until([&] { return !statuses.back().second.crash_looping; }));
  CHECK(statuses.back().second.state == ChildState::running);
}

TEST_CASE_METHOD(Supervised, "the last ten exits are kept, each with the lines of its own child") {
  start(id);
  for (std::size_t crash = 1; crash <= 14; ++crash) {
    REQUIRE(until([&] { return spawner.count() == crash; }));
    if (crash % 2 == 0) {
      for (int line = 0; line < 30; ++line)
        spawner.last().print_line(std::to_string(crash) + "." + std::to_string(line));
    }
    spawner.last().exit(static_cast<int>(crash));
  }
  const auto exits = supervisor.exits(id);
  REQUIRE(exits.size() == 10);
  CHECK(exits.front().code == 5);
  CHECK(exits.back().code == 14);
  CHECK(exits[8].log.empty());  // the 13th printed nothing
  REQUIRE(exits.back().log.size() == 20);
  CHECK(exits.back().log.front() == "14.10");
  CHECK(exits.back().log.back() == "14.29");
}

TEST_CASE_METHOD(Supervised, "output is cut into lines by channel, numbered over generations") {
  start(id);
  spawner.last().print("one\ntw", OutputChannel::out);
  spawner.last().print("noise\n", OutputChannel::err);
  spawner.last().print("o\r\n", OutputChannel::out);
  spawner.last().crash();
  REQUIRE(until([&] { return spawner.count() == 2; }));
  spawner.last().print_line("again");
  const auto kept = supervisor.log(id)->last(10);
  REQUIRE(kept.size() == 4);
  CHECK(kept[0].text == "one");
  CHECK(kept[1].text == "noise");
  CHECK(kept[2].text == "two");
  CHECK(kept[2].channel == OutputChannel::out);
  CHECK(kept[3].number == 4);
  REQUIRE(lines.size() == 4);
  CHECK(lines[2].generation == 1);
  CHECK(lines[3].generation == 2);
}

TEST_CASE_METHOD(Supervised, "a line without end is cut, and what was dropped is counted") {
  start(id);
  for (int i = 0; i < 1024; ++i) spawner.last().print(std::string(1024, 'x'));
  spawner.last().print_line("");
  REQUIRE(supervisor.log(id)->size() == 1);
  CHECK(supervisor.log(id)->last(1)[0].text.size() == 4096);
  CHECK(supervisor.log(id)->dropped_bytes() == 1024 * 1024 - 4096);
}

TEST_CASE_METHOD(Supervised, "of many children that take turns a few start at once") {
  auto policy = quick_policy();
  policy.takes_turns = true;
  constexpr int many = 40;
  for (int i = 0; i < many; ++i) start(child_uid(i), spec("a", policy));
  const auto starting = [&] {
    std::vector<Uid> all;
    for (int i = 0; i < many; ++i)
      if (state(child_uid(i)) == ChildState::starting && supervisor.status(child_uid(i))->pid)
        all.push_back(child_uid(i));
    return all;
  };
  const auto last = child_uid(many - 1);
  CHECK(spawner.count() == StartGate::at_once);
  CHECK(starting().size() == StartGate::at_once);
  CHECK(state(last) == ChildState::starting);
  CHECK_FALSE(supervisor.status(last)->pid);
  // One that is stopped, one that is begun anew, and one that is given up, while they wait.
  supervisor.stop(child_uid(20));
  CHECK(state(child_uid(20)) == ChildState::stopped);
  supervisor.restart(child_uid(21));
  CHECK(state(child_uid(21)) == ChildState::starting);
  supervisor.forget(child_uid(22));
  settle();
  CHECK(supervisor.status(child_uid(22)) == nullptr);
  supervisor.ensure(child_uid(22), spec("a", policy));
  while (spawner.count() < many - 1) {
    const auto before = spawner.count();
    const auto now = starting();
    REQUIRE(now.size() == StartGate::at_once);
    supervisor.ready(now.front(), generation(now.front()));
    REQUIRE(until([&] { return spawner.count() == before + 1; }));
  }
  for (const auto& child : starting()) supervisor.ready(child, generation(child));
  CHECK(starting().empty());
  CHECK(state(last) == ChildState::running);
  // Who was told of a start was told of its process, too.
  for (const auto& [child, status] : statuses)
    if (status.state == ChildState::running) CHECK(status.pid);
  // When nobody else starts, it starts again without waiting.
  spawner.last().crash();
  REQUIRE(until([&] { return spawner.count() == many; }));
}

TEST_CASE_METHOD(Supervised, "a child that ends while it starts makes room for the next") {
  auto policy = quick_policy();
  policy.takes_turns = true;
  policy.restart = RestartPolicy::never;
  for (int i = 0; i < 12; ++i) start(child_uid(i), spec("a", policy));
  REQUIRE(spawner.count() == StartGate::at_once);
  for (std::size_t i = 0; i < 4; ++i) spawner.at(i).crash();
  CHECK(until([&] { return spawner.count() == 12; }));
}

TEST_CASE_METHOD(Supervised, "of a child that screams only a part is looked at, the rest counted") {
  start(id);
  start(child_uid(1));
  auto& screaming = spawner.at(0);
  std::uint64_t printed = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto line = "trouble " + std::to_string(i) + std::string(200, '!') + "\n";
    printed += line.size();
    screaming.print(line);
  }
  const auto looked_at = printed - supervisor.skipped_bytes(id);
  CHECK(looked_at >= 255 * 1024);
  CHECK(looked_at < printed / 2);
  CHECK(supervisor.log(id)->dropped_bytes() > supervisor.skipped_bytes(id));
  spawner.at(1).print_line("whisper");
  CHECK(supervisor.log(child_uid(1))->last(1).at(0).text == "whisper");
  CHECK(supervisor.skipped_bytes(child_uid(1)) == 0);
}

TEST_CASE_METHOD(Supervised, "readiness and faults of an older generation are ignored") {
  start(id);
  spawner.last().crash();
  REQUIRE(until([&] { return spawner.count() == 2; }));
  supervisor.ready(id, 1);
  CHECK(state(id) == ChildState::starting);
  supervisor.fault(id, 1, "it stands still");
  CHECK(state(id) == ChildState::starting);
  supervisor.fault(id, 2, "it stands still");
  CHECK(state(id) == ChildState::stopping);
  CHECK(spawner.last().signals == std::vector<int>{SIGTERM, SIGCONT});
  settle();
  CHECK_FALSE(supervisor.exits(id).back().requested);
  CHECK(supervisor.exits(id).back().reason == "it stands still");
  REQUIRE(until([&] { return spawner.count() == 3; }));
  spawner.last().crash();
  settle();
  CHECK(supervisor.exits(id).back().reason.empty());  // another one's
}

TEST_CASE_METHOD(Supervised, "the record of a child that was not ready in time says so") {
  auto policy = quick_policy();
  policy.ready_timeout = 20ms;
  start(id, spec("a", policy));
  REQUIRE(until([&] { return !supervisor.exits(id).empty(); }));
  CHECK_FALSE(supervisor.exits(id).back().requested);
  CHECK(supervisor.exits(id).back().reason == "it did not become ready in time");
  REQUIRE(until([&] { return spawner.count() == 2; }));
  spawner.last().crash();
  settle();
  CHECK(supervisor.exits(id).back().reason.empty());
}

TEST_CASE_METHOD(Supervised, "who ignores TERM gets KILL after the stop timeout") {
  auto policy = quick_policy();
  policy.stop_timeout = 20ms;
  spawner.new_processes_obey_term = false;
  start(id, spec("a", policy));
  supervisor.stop(id);
  REQUIRE(until([&] { return state(id) == ChildState::stopped; }));
  CHECK(spawner.last().signals == std::vector<int>{SIGTERM, SIGCONT, SIGKILL});
  CHECK(supervisor.exits(id).back().requested);
}

TEST_CASE_METHOD(Supervised, "a stopped child keeps its log and exits, and can be ensured again") {
  start(id);
  spawner.last().print_line("hello");
  supervisor.stop(id);
  settle();
  CHECK(state(id) == ChildState::stopped);
  CHECK(supervisor.log(id)->size() == 1);
  CHECK(supervisor.exits(id).size() == 1);
  CHECK(registry.running.empty());
  start(id);
  CHECK(spawner.count() == 2);
}

TEST_CASE_METHOD(Supervised, "a forgotten child is gone once its process is") {
  spawner.new_processes_obey_term = false;
  start(id);
  supervisor.forget(id);
  settle();
  CHECK(state(id) == ChildState::stopping);
  spawner.last().exit(0);
  CHECK(statuses.back().second.state == ChildState::stopped);
  settle();
  CHECK(supervisor.status(id) == nullptr);
  CHECK(registry.running.empty());
}

TEST_CASE_METHOD(Supervised, "a child that is ensured again while it is being forgotten stays") {
  start(id);
  supervisor.forget(id);
  start(id);
  settle();
  CHECK(spawner.count() == 2);
  CHECK(state(id) == ChildState::starting);
}

TEST_CASE_METHOD(Supervised, "callbacks may call back: stop at the first sign of life") {
  on_status = [this](const Uid& child, const ChildStatus& status) {
    if (status.state == ChildState::starting) supervisor.stop(child);
  };
  start(id);
  settle();
  CHECK(state(id) == ChildState::stopped);
  CHECK(spawner.count() == 1);
  std::vector<ChildState> seen;
  for (const auto& [child, status] : statuses) seen.push_back(status.state);
  CHECK(seen == std::vector{ChildState::starting, ChildState::stopping, ChildState::stopped});
}

TEST_CASE_METHOD(Supervised, "callbacks may call back: a new child for each that has ended") {
  int made = 0;
  on_status = [&](const Uid& child, const ChildStatus& status) {
    if (status.state != ChildState::backoff) return;
    supervisor.forget(child);
    if (++made < 20) start(child_uid(made));
  };
  start(child_uid(0));
  for (std::size_t i = 0; i < 20; ++i) {
    REQUIRE(spawner.count() == i + 1);
    spawner.last().crash();
    settle();
  }
  for (int i = 0; i < 20; ++i) CHECK(supervisor.status(child_uid(i)) == nullptr);
}

TEST_CASE_METHOD(Supervised, "callbacks may call back: everything from within a line") {
  on_line = [this](const Uid& child, std::uint64_t current, const LogLine& line) {
    if (line.text == "ready") supervisor.ready(child, current);
    if (line.text == "fault") supervisor.fault(child, current, "it said so");
    if (line.text == "restart") supervisor.restart(child);
    if (line.text == "forget") supervisor.forget(child);
    if (line.text == "change") start(child, spec("changed"));
  };
  start(id);
  spawner.last().print("ready\nchange\nfault\nrestart\n");
  CHECK(state(id) == ChildState::stopping);
  settle();
  REQUIRE(spawner.count() == 2);
  CHECK(spawner.last().request.argv.back() == "changed");
  spawner.last().print("ready\nforget\nready\nfault\n");
  settle();
  CHECK(supervisor.status(id) == nullptr);
  CHECK(spawner.count() == 2);
}

TEST_CASE_METHOD(Supervised, "a child may be faulted by its very last line") {
  on_line = [this](const Uid& child, std::uint64_t current, const LogLine&) {
    supervisor.fault(child, current, "it said so");
  };
  start(id);
  spawner.last().print("no newline");
  spawner.last().exit(1);
  CHECK(state(id) == ChildState::backoff);
  CHECK_FALSE(supervisor.exits(id).back().requested);
  CHECK(until([&] { return spawner.count() == 2; }));
}

TEST_CASE_METHOD(Supervised, "shutdown stops all, and ends when the last process is gone") {
  spawner.new_processes_obey_term = false;
  for (int i = 0; i < 5; ++i) start(child_uid(i));
  spawner.at(4).crash();  // waiting for its restart
  bool done = false;
  boost::asio::co_spawn(io, supervisor.shutdown(), [&](const std::exception_ptr&) { done = true; });
  settle();
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(spawner.at(i).signals == std::vector<int>{SIGTERM, SIGCONT});
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK_FALSE(done);
    spawner.at(i).crash(SIGTERM);
    settle();
  }
  REQUIRE(until([&] { return done; }));
  CHECK(spawner.count() == 5);
  CHECK(registry.running.empty());
  start(id);
  supervisor.restart(child_uid(1));
  CHECK(spawner.count() == 5);  // nothing starts any more
}

TEST_CASE_METHOD(Supervised, "shutdown without children ends at once, a second time too") {
  shut_down();
  shut_down();
}

TEST_CASE_METHOD(Supervised, "kill_now ends at once what shutdown waits for") {
  spawner.new_processes_obey_term = false;
  for (int i = 0; i < 5; ++i) start(child_uid(i));
  bool done = false;
  boost::asio::co_spawn(io, supervisor.shutdown(), [&](const std::exception_ptr&) { done = true; });
  settle();
  CHECK_FALSE(done);
  supervisor.kill_now();
  REQUIRE(until([&] { return done; }));
  CHECK(spawner.alive().empty());
}

TEST_CASE("a supervisor that is destroyed takes its children with it") {
  FakeSpawner spawner;
  {
    SupervisorHarness harness(spawner);
    harness.supervisor.ensure(child_uid(), Supervised::spec());
    REQUIRE(spawner.alive().size() == 1);
  }
  CHECK(spawner.alive().empty());
  CHECK(spawner.last().destroyed);
}
