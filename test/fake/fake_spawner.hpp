// A Spawner without processes: a test plays the programs. It sees what was asked for, prints and
// exits for them, lets spawns fail, decides whether SIGTERM is obeyed.
//
// Like the real one it never calls back from within a call: what signals and destruction lead to
// waits until deliver(). print() and exit() of a process call back at once: the test is the
// reactor.
#pragma once

#include <csignal>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervise/spawner.hpp"

namespace rocd::test {

class FakeProcess {
 public:
  SpawnRequest request;
  ProcessIdentity identity;
  std::vector<int> signals;  // sent to its group, in order
  bool obeys_term = true;    // else only SIGKILL ends it
  bool destroyed = false;    // its owner let go of it; no callback comes any more

  [[nodiscard]] bool alive() const { return alive_; }
  [[nodiscard]] std::optional<std::string> environment(std::string_view key) const;

  void print(std::string_view bytes, OutputChannel channel = OutputChannel::err);
  void print_line(std::string_view line, OutputChannel channel = OutputChannel::err);
  void exit(int status);
  void crash(int signal = SIGSEGV);

 private:
  friend class FakeSpawner;
  friend class FakeChild;
  void end(ExitStatus status);

  std::shared_ptr<SpawnCallbacks> callbacks_;
  bool alive_ = true;
};

class FakeSpawner final : public Spawner {
 public:
  [[nodiscard]] SpawnResult<std::unique_ptr<SpawnedChild>> spawn(const SpawnRequest& request,
                                                                 SpawnCallbacks callbacks) override;

  // Carries out what is due: on_spawn of new processes, exits of signalled ones, and what follows
  // from that. Returns how many.
  std::size_t deliver();
  // Called whenever there is something to deliver: post deliver() to a reactor there, if there is
  // one.
  std::function<void()> on_pending;

  // Plays every new program: runs in deliver(), may print and exit. Not for those that died before.
  std::function<void(FakeProcess&)> on_spawn;
  // While it is set, spawn() fails with it.
  std::optional<SpawnError> spawn_error;
  bool new_processes_obey_term = true;

  // --- what happened; processes stay listed after their end, references stay valid
  [[nodiscard]] std::size_t count() const { return processes_.size(); }  // spawns that succeeded
  [[nodiscard]] std::size_t attempts() const { return attempts_; }
  [[nodiscard]] FakeProcess& at(std::size_t index) { return *processes_.at(index); }
  [[nodiscard]] FakeProcess& last() { return *processes_.back(); }  // count() > 0
  [[nodiscard]] std::vector<FakeProcess*> alive() const;

 private:
  friend class FakeChild;
  void queue(std::function<void()> action);

  std::size_t attempts_ = 0;
  std::vector<std::shared_ptr<FakeProcess>> processes_;
  // Children of the supervisor may outlive this object in a test's teardown: they hold it weakly.
  std::shared_ptr<std::deque<std::function<void()>>> pending_ =
      std::make_shared<std::deque<std::function<void()>>>();
};

}  // namespace rocd::test
