// What tests with real children need: a reactor that runs until a condition holds, and a look at
// the processes and descriptors that are really there.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "supervise/process_spawner.hpp"
#include "supervise/supervisor.hpp"

namespace rocd::test {

// The command line of test/supervise/programs/child.cpp.
[[nodiscard]] std::vector<std::string> child_argv(std::vector<std::string> arguments);

// A mark that no other process has on its command line: an argument of the child to be watched.
[[nodiscard]] std::string unique_mark();
[[nodiscard]] std::vector<int> processes_marked(const std::string& mark);  // zombies excluded
[[nodiscard]] bool process_exists(int pid);                                // zombies excluded
[[nodiscard]] std::vector<int> own_children();                             // zombies included
[[nodiscard]] std::size_t open_descriptors();

class Reactor {
 public:
  // Runs the reactor until the condition holds; false after the deadline.
  [[nodiscard]] bool until(const std::function<bool()>& condition, Duration limit = 30s);

  boost::asio::io_context io{1};
};

// One child of a Spawner, with all that it told.
struct SpawnedProbe {
  SpawnCallbacks callbacks();

  std::unique_ptr<SpawnedChild> child;
  std::string out, err;
  std::vector<ExitStatus> exits;
  [[nodiscard]] std::vector<std::string> lines(OutputChannel channel = OutputChannel::out) const;
  // The rest of the first line of stdout that begins so; empty if there is none.
  [[nodiscard]] std::string after(const std::string& prefix) const;
};

class RecordingRegistry final : public ChildRegistry {
 public:
  void add(const Uid& child, const ProcessIdentity& identity) override;
  void remove(const Uid& child) override;

  std::map<Uid, ProcessIdentity> running;
  std::size_t added = 0, removed = 0;
};

// A supervisor and all that it told.
class SupervisorHarness : public Reactor {
 public:
  explicit SupervisorHarness(Spawner& spawner);

  [[nodiscard]] ChildState state(const Uid& child) const;
  // Returns the rest of the line; a REQUIRE fails if it does not come.
  std::string wait_for_line(const Uid& child, const std::string& prefix);
  void shut_down();  // runs Supervisor::shutdown() to its end

  RecordingRegistry registry;
  Supervisor supervisor;
  std::vector<std::pair<Uid, ChildStatus>> statuses;
  struct Line {
    Uid child;
    std::uint64_t generation;
    std::string text;
  };
  std::vector<Line> lines;
  std::map<Uid, std::size_t> skipped_told;  // how often
  // Called after the event was noted; may call back into the supervisor.
  std::function<void(const Uid&, const ChildStatus&)> on_status;
  std::function<void(const Uid&, std::uint64_t, const LogLine&)> on_line;
};

// A policy whose times suit tests: failures are retried after about a millisecond.
[[nodiscard]] ChildPolicy quick_policy();

[[nodiscard]] Uid child_uid(int number = 0);

}  // namespace rocd::test
