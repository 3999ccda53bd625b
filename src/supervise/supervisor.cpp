#include "supervise/supervisor.hpp"

#include <fmt/format.h>
#include <string.h>  // sigabbrev_np(3)
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <map>

#include "aio/machine_timer.hpp"
#include "base/log.hpp"
#include "base/log_throttle.hpp"
#include "base/token_bucket.hpp"
#include "supervise/process_info.hpp"
#include "supervise/start_gate.hpp"

namespace rocd {
namespace asio = boost::asio;
namespace {

constexpr std::size_t exits_kept = 10;
constexpr std::size_t exit_lines = 20;
// How much of what a child prints is looked at. A tool that works prints less than 1 KB a second,
// and some 20 KB at its start; one that screams in a loop must not keep the others waiting.
constexpr double output_per_second = 64 * 1024;
constexpr double output_reserve = 256 * 1024;

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

ExitRecord to_record(ExitStatus status) {
  ExitRecord record;
  record.code = status.value;
  const bool exited = status.kind == ExitStatus::Kind::exited;
  record.kind = exited ? ExitRecord::Kind::exit : ExitRecord::Kind::signal;
  record.text = exited ? fmt::format("exit status {}", status.value) : signal_name(status.value);
  return record;
}

}  // namespace

struct Supervisor::Impl {
  struct Entry {
    Entry(const asio::any_io_executor& executor, ChildSpec child_spec, std::uint64_t seed,
          std::function<void()> on_timeout)
        : spec(std::move(child_spec)),
          machine(spec.policy, seed),
          timer(executor, std::move(on_timeout)) {}

    ChildSpec spec;
    ChildMachine machine;
    std::unique_ptr<SpawnedChild> process;
    std::optional<std::uint64_t> waiting;  // for its turn to start: the generation
    struct Told {
      std::uint64_t generation = 0;
      ChildState state = ChildState::stopped;
      bool crash_looping = false;
      std::optional<int> pid;
      friend bool operator==(const Told&, const Told&) = default;
    };
    [[nodiscard]] Told to_tell() const {
      const auto& status = machine.status();
      return {status.generation, status.state, status.crash_looping, status.pid};
    }

    Told told;
    LineRing lines;
    std::uint64_t lines_before = 0;  // number of the last line of earlier generations
    std::map<OutputChannel, LineSplitter> splitters;
    TokenBucket output{output_per_second, output_reserve};
    std::uint64_t skipped_bytes = 0;  // beyond that
    LogThrottle skipped_log;
    LogThrottle skipped_news{500ms};
    LogThrottle exit_log{1min};  // of one that ends again and again, for months if need be
    std::deque<ExitRecord> exits;
    std::string fault;  // of this generation
    Now spawned_at{};
    bool worked = false;  // the generation before the next
    bool forgotten = false;
    bool driving = false;
    MachineTimer timer;
  };

  Impl(asio::any_io_executor executor_, Spawner& spawner_, ChildRegistry& registry_,
       std::uint64_t seed_)
      : executor(std::move(executor_)),
        spawner(spawner_),
        registry(registry_),
        seed(seed_),
        gate_timer(executor, [this] { admit(); }),
        gone(executor, asio::steady_timer::time_point::max()) {}

  Entry* find(const Uid& id) {
    const auto found = entries.find(id);
    return found == entries.end() ? nullptr : found->second.get();
  }

  // Told something: does what the machine wants, tells who listens, sleeps until its next time.
  // Callbacks may come back here for the same child; the outermost call then goes round again.
  template <class Tell>
  void drive(const Uid& id, Entry& entry, Tell&& tell) {
    tell(entry.machine);
    if (std::exchange(entry.driving, true)) return;
    do {
      do {
        while (const auto effect = entry.machine.poll_effect())
          std::visit([&](const auto& e) { perform(id, entry, e); }, *effect);
      } while (withdraw(id, entry));
      report(id, entry);
    } while (entry.told != entry.to_tell());
    entry.driving = false;
    entry.timer.arm(entry.machine.poll_timeout());
    if (!entry.process) release_if_gone(id, entry);
  }

  void report(const Uid& id, Entry& entry) {
    if (entry.told == entry.to_tell()) return;
    entry.told = entry.to_tell();
    const auto status = entry.machine.status();  // a copy: the callback may change it
    rocd::log("supervise")
        .debug("child {} generation {}: {}", id.str(), status.generation, to_string(status.state));
    if (callbacks.on_status) callbacks.on_status(id, status);
  }

  void perform(const Uid& id, Entry& entry, const ChildMachine::Spawn& spawn) {
    if (!entry.spec.policy.takes_turns ||
        gate.enter(id, std::exchange(entry.worked, false), Now::read().mono))
      return launch(id, entry, spawn.generation);
    entry.waiting = spawn.generation;
    gate_timer.arm(gate.poll_timeout());
  }

  // Stopped before its turn: there is nothing to end.
  bool withdraw(const Uid& id, Entry& entry) {
    if (!entry.waiting || entry.machine.status().state != ChildState::stopping) return false;
    leave_gate(id);
    entry.machine.handle_spawn_failed(*std::exchange(entry.waiting, std::nullopt), Now::read());
    return true;
  }

  void leave_gate(const Uid& id) {
    gate.leave(id);
    gate_timer.arm(gate.poll_timeout());
  }

  void admit() {
    while (const auto next = gate.poll_next(Now::read().mono)) {
      auto* entry = find(*next);
      if (entry == nullptr || !entry->waiting) continue;
      const auto generation = *std::exchange(entry->waiting, std::nullopt);
      drive(*next, *entry, [&](ChildMachine&) { launch(*next, *entry, generation); });
    }
    gate_timer.arm(gate.poll_timeout());
  }

  void launch(const Uid& id, Entry& entry, std::uint64_t generation) {
    const auto now = Now::read();
    entry.splitters.clear();
    entry.lines_before = entry.lines.last_number();
    entry.spawned_at = now;
    auto process = spawner.spawn(
        entry.spec.request,
        {[this, id, generation](OutputChannel channel, std::string_view bytes) {
           handle_output(id, generation, channel, bytes);
         },
         [this, id, generation](ExitStatus status) { handle_exit(id, generation, status); }});
    if (!process) {
      ExitRecord record;
      record.kind = ExitRecord::Kind::spawn_error;
      record.code = process.error().error_number;
      record.text = process.error().message;
      remember_exit(id, entry, std::move(record));
      leave_gate(id);
      entry.machine.handle_spawn_failed(generation, now);
      return;
    }
    entry.process = std::move(*process);
    registry.add(id, entry.process->identity());
    entry.machine.handle_spawned(generation, entry.process->identity().pid, now);
  }

  void perform(const Uid&, Entry& entry, const ChildMachine::Signal& signal) {
    if (!entry.process || signal.generation != entry.machine.status().generation) return;
    entry.process->signal_group(signal.signal);
    // One that was stopped gets any other signal only when it goes on.
    if (signal.signal != SIGKILL) entry.process->signal_group(SIGCONT);
  }

  void handle_output(const Uid& id, std::uint64_t generation, OutputChannel channel,
                     std::string_view bytes) {
    auto* entry = find(id);
    if (entry == nullptr || generation != entry->machine.status().generation) return;
    const auto now = Now::read();
    auto& splitter = entry->splitters[channel];
    const auto take = [&](std::string line) {
      take_line(id, *entry, now.wall, channel, std::move(line));
    };
    if (!entry->output.take(static_cast<double>(bytes.size()), now.mono)) {
      const auto skipped = splitter.skip(bytes, take);
      entry->skipped_bytes += skipped;
      entry->lines.count_dropped_bytes(skipped);
      if (const auto more = entry->skipped_log.admit(now.mono))
        rocd::log("supervise")
            .warn("child {} prints more than 64 KiB a second: not all of it is read{}", id.str(),
                  *more);
      if (entry->skipped_news.admit(now.mono) && callbacks.on_skipped)
        callbacks.on_skipped(id, generation);
      return;
    }
    entry->lines.count_dropped_bytes(splitter.feed(bytes, take));
  }

  void take_line(const Uid& id, Entry& entry, WallTime at, OutputChannel channel,
                 std::string text) {
    const auto line = entry.lines.push(at, channel, std::move(text));
    if (callbacks.on_line) callbacks.on_line(id, entry.machine.status().generation, line);
  }

  void handle_exit(const Uid& id, std::uint64_t generation, ExitStatus status) {
    auto* entry = find(id);
    if (entry == nullptr || generation != entry->machine.status().generation) return;
    const auto at = Now::read().wall;
    for (auto& [channel, splitter] : entry->splitters)
      splitter.finish([&, channel = channel](std::string line) {
        take_line(id, *entry, at, channel, std::move(line));
      });
    remember_exit(id, *entry, to_record(status));
    entry->process.reset();
    leave_gate(id);
    drive(id, *entry,
          [&](ChildMachine& machine) { machine.handle_exit(generation, status, Now::read()); });
    // After the restart: what is written down may wait, the audio may not.
    if (!entry->process) registry.remove(id);
  }

  void remember_exit(const Uid& id, Entry& entry, ExitRecord record) {
    record.at = Now::read();
    record.ran_for = record.at.mono - entry.spawned_at.mono;
    record.requested = entry.machine.exit_requested();
    record.log = last_lines(entry);
    if (record.requested) {
      rocd::log("supervise").debug("child {}: {}, as asked", id.str(), record.text);
    } else if (const auto more = entry.machine.status().crash_looping
                                     ? entry.exit_log.admit(record.at.mono)
                                     : std::optional<std::string>("")) {
      rocd::log("supervise")
          .warn("child {}: {} after {:.1f} s{}", id.str(), record.text,
                std::chrono::duration<double>(record.ran_for).count(), *more);
    }
    record.reason = std::exchange(entry.fault, {});
    entry.exits.push_back(std::move(record));
    if (entry.exits.size() > exits_kept) entry.exits.pop_front();
  }

  // Of this generation.
  [[nodiscard]] static std::vector<std::string> last_lines(const Entry& entry) {
    std::vector<std::string> texts;
    for (auto& line : entry.lines.last(exit_lines, entry.lines_before))
      texts.push_back(std::move(line.text));
    return texts;
  }

  // Not here and now: the caller may stand in a callback of this entry.
  void release_if_gone(const Uid& id, const Entry& entry) {
    if (entry.forgotten)
      asio::post(executor, [this, id, alive = std::weak_ptr(alive)] {
        if (alive.expired()) return;
        if (auto* later = find(id); later != nullptr && later->forgotten && !later->process)
          entries.erase(id);
      });
    if (!any_process()) gone.cancel();
  }

  [[nodiscard]] bool any_process() const {
    for (const auto& [id, entry] : entries)
      if (entry->process) return true;
    return false;
  }

  asio::any_io_executor executor;
  Spawner& spawner;
  ChildRegistry& registry;
  std::uint64_t seed;
  SupervisorCallbacks callbacks;
  bool closing = false;
  StartGate gate;
  MachineTimer gate_timer;
  asio::steady_timer gone;  // never expires; cancelled when the last process is gone
  std::map<Uid, std::unique_ptr<Entry>> entries;
  std::shared_ptr<int> alive = std::make_shared<int>(0);  // posted handlers hold it weakly
};

Supervisor::Supervisor(asio::any_io_executor executor, Spawner& spawner, ChildRegistry& registry,
                       std::uint64_t seed)
    : impl_(std::make_unique<Impl>(std::move(executor), spawner, registry, seed)) {}

Supervisor::~Supervisor() {
  for (auto& [id, entry] : impl_->entries) {
    if (!entry->process) continue;
    entry->process.reset();
    impl_->registry.remove(id);
  }
}

void Supervisor::set_callbacks(SupervisorCallbacks callbacks) {
  impl_->callbacks = std::move(callbacks);
}

void Supervisor::ensure(const Uid& child, ChildSpec spec) {
  if (impl_->closing) return;
  auto* entry = impl_->find(child);
  if (entry == nullptr) {
    auto made = std::make_unique<Impl::Entry>(
        impl_->executor, std::move(spec), ++impl_->seed, [impl = impl_.get(), child] {
          if (auto* later = impl->find(child))
            impl->drive(child, *later, [later](ChildMachine& machine) {
              const bool starting = machine.status().state == ChildState::starting;
              machine.handle_timeout(Now::read());
              if (starting && machine.status().state == ChildState::stopping)
                later->fault = "it did not become ready in time";
            });
        });
    entry = impl_->entries.emplace(child, std::move(made)).first->second.get();
    impl_->drive(child, *entry, [](ChildMachine& machine) { machine.handle_start(Now::read()); });
    return;
  }
  entry->forgotten = false;
  const bool changed = entry->spec.request != spec.request;
  entry->spec = std::move(spec);
  impl_->drive(child, *entry, [&](ChildMachine& machine) {
    machine.handle_policy(entry->spec.policy);
    const auto state = machine.status().state;
    const bool ended = state == ChildState::stopped || state == ChildState::failed;
    if (changed && !ended)
      machine.handle_restart(Now::read());
    else
      machine.handle_start(Now::read());
  });
}

void Supervisor::restart(const Uid& child) {
  if (auto* entry = impl_->find(child); entry != nullptr && !impl_->closing)
    impl_->drive(child, *entry, [](ChildMachine& machine) { machine.handle_restart(Now::read()); });
}

void Supervisor::fault(const Uid& child, std::uint64_t generation, std::string reason) {
  auto* entry = impl_->find(child);
  if (entry == nullptr || generation != entry->machine.status().generation) return;
  if (entry->process) entry->fault = std::move(reason);
  impl_->drive(child, *entry, [](ChildMachine& machine) { machine.handle_fault(Now::read()); });
}

void Supervisor::ready(const Uid& child, std::uint64_t generation) {
  auto* entry = impl_->find(child);
  if (entry == nullptr) return;
  if (generation == entry->machine.status().generation) {
    entry->worked = true;
    impl_->leave_gate(child);
  }
  impl_->drive(child, *entry,
               [&](ChildMachine& machine) { machine.handle_ready(generation, Now::read()); });
}

void Supervisor::stop(const Uid& child) {
  if (auto* entry = impl_->find(child))
    impl_->drive(child, *entry, [](ChildMachine& machine) { machine.handle_stop(Now::read()); });
}

void Supervisor::forget(const Uid& child) {
  auto* entry = impl_->find(child);
  if (entry == nullptr) return;
  entry->forgotten = true;
  stop(child);
}

const ChildStatus* Supervisor::status(const Uid& child) const {
  const auto* entry = impl_->find(child);
  return entry == nullptr ? nullptr : &entry->machine.status();
}

const LineRing* Supervisor::log(const Uid& child) const {
  const auto* entry = impl_->find(child);
  return entry == nullptr ? nullptr : &entry->lines;
}

std::uint64_t Supervisor::skipped_bytes(const Uid& child) const {
  const auto* entry = impl_->find(child);
  return entry == nullptr ? 0 : entry->skipped_bytes;
}

std::vector<ExitRecord> Supervisor::exits(const Uid& child) const {
  const auto* entry = impl_->find(child);
  if (entry == nullptr) return {};
  return {entry->exits.begin(), entry->exits.end()};
}

std::optional<Supervisor::Usage> Supervisor::usage(const Uid& child) const {
  const auto* entry = impl_->find(child);
  if (entry == nullptr || !entry->process) return std::nullopt;
  const auto stat = read_process_stat(entry->process->identity().pid);
  if (!stat || stat->rss_bytes == 0) return std::nullopt;  // dead already, or not in exec(2) yet
  const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return Usage{static_cast<double>(stat->cpu_ticks) / ticks_per_second, stat->rss_bytes};
}

std::optional<ProcessActivity> Supervisor::activity(const Uid& child) const {
  const auto* entry = impl_->find(child);
  if (entry == nullptr || !entry->process) return std::nullopt;
  return read_process_activity(entry->process->identity().pid);
}

asio::awaitable<void> Supervisor::shutdown() {
  impl_->closing = true;
  for (auto& [id, entry] : impl_->entries)
    impl_->drive(id, *entry, [](ChildMachine& machine) { machine.handle_stop(Now::read()); });
  while (impl_->any_process()) {
    boost::system::error_code ignored;  // operation_aborted is the notification
    co_await impl_->gone.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void Supervisor::kill_now() {
  impl_->closing = true;
  for (auto& [id, entry] : impl_->entries) {
    impl_->drive(id, *entry, [](ChildMachine& machine) { machine.handle_stop(Now::read()); });
    if (entry->process) entry->process->signal_group(SIGKILL);
  }
}

}  // namespace rocd
