// Keeps a set of children as their machines decide: the shell around ChildMachine and Spawner.
// Owns processes, their timers, captured output and last exits. Single-threaded.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/line_ring.hpp"
#include "base/uid.hpp"
#include "model/stream.hpp"
#include "supervise/child_machine.hpp"
#include "supervise/process_info.hpp"
#include "supervise/spawner.hpp"

namespace rocd {

struct ChildSpec {
  SpawnRequest request;
  ChildPolicy policy;
};

// Called from the reactor; may call back into the Supervisor.
struct SupervisorCallbacks {
  std::function<void(const Uid&, const ChildStatus&)> on_status;
  std::function<void(const Uid&, std::uint64_t generation, const LogLine&)> on_line;
  // It prints more than is looked at; told twice a second while it lasts.
  std::function<void(const Uid&, std::uint64_t generation)> on_skipped = {};
};

// Where running children are written down, so that the next start finds orphans (store/).
class ChildRegistry {
 public:
  virtual ~ChildRegistry() = default;
  virtual void add(const Uid& child, const ProcessIdentity& identity) = 0;
  virtual void remove(const Uid& child) = 0;
};

class Supervisor {
 public:
  // spawner and registry outlive the supervisor. seed: for backoff jitter.
  Supervisor(boost::asio::any_io_executor executor, Spawner& spawner, ChildRegistry& registry,
             std::uint64_t seed);
  ~Supervisor();  // kills what still lives

  void set_callbacks(SupervisorCallbacks callbacks);

  // Starts the child, or restarts it when its request changed. Same spec: no effect.
  void ensure(const Uid& child, ChildSpec spec);
  void restart(const Uid& child);
  // Alive, but does not work; `reason` stands in the record of its exit.
  void fault(const Uid& child, std::uint64_t generation, std::string reason);
  void ready(const Uid& child, std::uint64_t generation);
  void stop(const Uid& child);    // keeps log and exits
  void forget(const Uid& child);  // stops, and removes it once its process is gone

  [[nodiscard]] const ChildStatus* status(const Uid& child) const;
  [[nodiscard]] const LineRing* log(const Uid& child) const;
  // What it printed faster than it is read: in no log, told to nobody.
  [[nodiscard]] std::uint64_t skipped_bytes(const Uid& child) const;
  [[nodiscard]] std::vector<ExitRecord> exits(const Uid& child) const;
  struct Usage {
    double cpu_seconds = 0;
    std::uint64_t rss_bytes = 0;
  };
  [[nodiscard]] std::optional<Usage> usage(const Uid& child) const;  // from proc(5)
  [[nodiscard]] std::optional<ProcessActivity> activity(const Uid& child) const;

  // Stops all; completes when every process is gone. kill_now(): KILL at once (second signal).
  [[nodiscard]] boost::asio::awaitable<void> shutdown();
  void kill_now();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rocd
