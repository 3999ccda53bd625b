#include "fake/fake_spawner.hpp"

#include <utility>

namespace rocd::test {
namespace {

constexpr int first_pid = 1'000'000;  // not to be mistaken for a process of this machine
constexpr std::uint64_t first_start_ticks = 5'000;

}  // namespace

class FakeChild final : public SpawnedChild {
 public:
  FakeChild(FakeSpawner& spawner, std::shared_ptr<FakeProcess> process)
      : spawner_(spawner), pending_(spawner.pending_), process_(std::move(process)) {}
  ~FakeChild() override {
    process_->destroyed = true;
    process_->callbacks_.reset();
    if (std::exchange(process_->alive_, false)) process_->signals.push_back(SIGKILL);
  }
  FakeChild(const FakeChild&) = delete;
  FakeChild& operator=(const FakeChild&) = delete;

  [[nodiscard]] ProcessIdentity identity() const override { return process_->identity; }

  void signal_group(int signal) override {
    if (!process_->alive_ || pending_.expired()) return;
    process_->signals.push_back(signal);
    const bool ends = signal == SIGKILL || (signal == SIGTERM && process_->obeys_term);
    if (!ends) return;
    spawner_.queue([process = process_, signal] { process->crash(signal); });
  }

 private:
  FakeSpawner& spawner_;
  std::weak_ptr<std::deque<std::function<void()>>> pending_;
  std::shared_ptr<FakeProcess> process_;
};

std::optional<std::string> FakeProcess::environment(std::string_view key) const {
  for (const auto& entry : request.environment)
    if (entry.size() > key.size() && entry.starts_with(key) && entry[key.size()] == '=')
      return entry.substr(key.size() + 1);
  return std::nullopt;
}

void FakeProcess::print(std::string_view bytes, OutputChannel channel) {
  const auto told = callbacks_;  // the callback may destroy the child
  if (alive_ && told && told->on_output) told->on_output(channel, bytes);
}

void FakeProcess::print_line(std::string_view line, OutputChannel channel) {
  print(std::string(line) + "\n", channel);
}

void FakeProcess::exit(int status) {
  end({ExitStatus::Kind::exited, status});
}

void FakeProcess::crash(int signal) {
  end({ExitStatus::Kind::signaled, signal});
}

void FakeProcess::end(ExitStatus status) {
  if (!std::exchange(alive_, false)) return;
  if (const auto told = std::exchange(callbacks_, nullptr); told && told->on_exit)
    told->on_exit(status);
}

SpawnResult<std::unique_ptr<SpawnedChild>> FakeSpawner::spawn(const SpawnRequest& request,
                                                              SpawnCallbacks callbacks) {
  ++attempts_;
  if (spawn_error) return *spawn_error;
  const auto process = std::make_shared<FakeProcess>();
  process->request = request;
  process->identity = {first_pid + static_cast<int>(processes_.size()),
                       first_start_ticks + processes_.size()};
  process->obeys_term = new_processes_obey_term;
  process->callbacks_ = std::make_shared<SpawnCallbacks>(std::move(callbacks));
  processes_.push_back(process);
  queue([this, process] {
    if (process->alive_ && on_spawn) on_spawn(*process);
  });
  return std::make_unique<FakeChild>(*this, process);
}

std::size_t FakeSpawner::deliver() {
  std::size_t delivered = 0;
  while (!pending_->empty()) {
    const auto action = std::move(pending_->front());
    pending_->pop_front();
    action();
    ++delivered;
  }
  return delivered;
}

std::vector<FakeProcess*> FakeSpawner::alive() const {
  std::vector<FakeProcess*> result;
  for (const auto& process : processes_)
    if (process->alive_) result.push_back(process.get());
  return result;
}

void FakeSpawner::queue(std::function<void()> action) {
  pending_->push_back(std::move(action));
  if (on_pending) on_pending();
}

}  // namespace rocd::test
