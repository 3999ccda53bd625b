#include "supervise/process_harness.hpp"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch_test_macros.hpp>
#include <exception>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/log.hpp"
#include "supervise/process_info.hpp"

namespace rocd::test {
namespace {

std::vector<int> all_pids() {
  std::vector<int> pids;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") == std::string::npos) pids.push_back(std::stoi(name));
  }
  return pids;
}

}  // namespace

std::vector<std::string> child_argv(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), ROCD_BIN_DIR "/rocd_test_child");
  return arguments;
}

std::string unique_mark() {
  static int counter = 0;
  return "name=" + std::to_string(::getpid()) + "-" + std::to_string(++counter) + "-" +
         std::to_string(Now::read().mono.time_since_epoch().count());
}

std::vector<int> processes_marked(const std::string& mark) {
  std::vector<int> found;
  for (const int pid : all_pids()) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline");
    std::ostringstream text;
    text << file.rdbuf();
    // The mark is an argument of its own; who only mentions it (a guardian) has it too.
    if (text.str().find(mark) != std::string::npos && process_exists(pid)) found.push_back(pid);
  }
  return found;
}

bool process_exists(int pid) {
  const auto stat = read_process_stat(pid);
  return stat && stat->state != 'Z' && stat->state != 'X';
}

std::vector<int> own_children() {
  std::vector<int> found;
  for (const int pid : all_pids()) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(file, line);)
      if (line == "PPid:\t" + std::to_string(::getpid())) found.push_back(pid);
  }
  return found;
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    ++count;
  return count;
}

bool Reactor::until(const std::function<bool()>& condition, Duration limit) {
  const auto deadline = Now::read().mono + limit;
  while (!condition()) {
    if (Now::read().mono >= deadline) return false;
    io.restart();
    // Some conditions are about other processes, of which the reactor hears nothing.
    if (io.run_one_for(10ms) == 0 && io.stopped()) ::usleep(1000);
  }
  return true;
}

SpawnCallbacks SpawnedProbe::callbacks() {
  return {[this](OutputChannel channel, std::string_view bytes) {
            (channel == OutputChannel::out ? out : err) += bytes;
          },
          [this](ExitStatus status) { exits.push_back(status); }};
}

std::vector<std::string> SpawnedProbe::lines(OutputChannel channel) const {
  std::vector<std::string> result;
  std::istringstream text(channel == OutputChannel::out ? out : err);
  for (std::string line; std::getline(text, line);) result.push_back(line);
  return result;
}

std::string SpawnedProbe::after(const std::string& prefix) const {
  for (const auto& line : lines())
    if (line.starts_with(prefix)) return line.substr(prefix.size());
  return "";
}

void RecordingRegistry::add(const Uid& child, const ProcessIdentity& identity) {
  running[child] = identity;
  ++added;
}

void RecordingRegistry::remove(const Uid& child) {
  running.erase(child);
  ++removed;
}

SupervisorHarness::SupervisorHarness(Spawner& spawner)
    : supervisor(io.get_executor(), spawner, registry, 42) {
  rocd::log("supervise").set_level(spdlog::level::off);  // thousands of crashes
  supervisor.set_callbacks(
      {[this](const Uid& child, const ChildStatus& status) {
         statuses.emplace_back(child, status);
         if (on_status) on_status(child, status);
       },
       [this](const Uid& child, std::uint64_t generation, const LogLine& line) {
         lines.push_back({child, generation, line.text});
         if (on_line) on_line(child, generation, line);
       },
       [this](const Uid& child, std::uint64_t) { ++skipped_told[child]; }});
}

ChildState SupervisorHarness::state(const Uid& child) const {
  const auto* status = supervisor.status(child);
  return status == nullptr ? ChildState::stopped : status->state;
}

std::string SupervisorHarness::wait_for_line(const Uid& child, const std::string& prefix) {
  std::string rest;
  const bool found = until([&] {
    for (const auto& line : lines) {
      if (line.child != child || !line.text.starts_with(prefix)) continue;
      rest = line.text.substr(prefix.size());
      return true;
    }
    return false;
  });
  REQUIRE(found);
  return rest;
}

void SupervisorHarness::shut_down() {
  bool done = false;
  boost::asio::co_spawn(io, supervisor.shutdown(), [&](const std::exception_ptr& failure) {
    REQUIRE_FALSE(failure);
    done = true;
  });
  REQUIRE(until([&] { return done; }));
}

ChildPolicy quick_policy() {
  ChildPolicy policy;
  policy.ready_timeout = Duration::zero();
  policy.stop_timeout = 10s;
  policy.stable_after = 3600s;
  policy.backoff = {.initial = 1ms, .cap = 1ms, .factor = 1.0, .jitter = 0.0};
  return policy;
}

Uid child_uid(int number) {
  return Uid::derive("test", "child", std::to_string(number));
}

}  // namespace rocd::test
