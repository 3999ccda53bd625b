#include "support/network_thread.hpp"

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "e2e/wait.hpp"

namespace rocd::test {
namespace {

bool waits_for_network(const std::filesystem::path& task) {
  static const std::set<long> waits{
#ifdef SYS_epoll_wait
      SYS_epoll_wait,
#endif
      SYS_epoll_pwait, SYS_epoll_pwait2};
  long call = -1;
  std::ifstream(task / "syscall") >> call;  // "running" is no number
  return waits.contains(call);
}

// A thread that has just been woken is met again when it has nothing to do.
pid_t network_thread_of(pid_t pid) {
  std::set<pid_t> found;
  eventually([&] {
    const auto tasks = "/proc/" + std::to_string(pid) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks))
      if (waits_for_network(task.path())) found.insert(std::stoi(task.path().filename()));
    return !found.empty();
  });
  if (found.size() != 1)
    throw std::runtime_error(std::to_string(found.size()) + " threads of process " +
                             std::to_string(pid) + " wait for the network");
  return *found.begin();
}

void check(long result, const char* what) {
  if (result == -1) throw std::system_error(errno, std::generic_category(), what);
}

void hold(pid_t thread) {
  check(::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr), "seize a thread");
  check(::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr), "interrupt a thread");
  int status = 0;
  check(::waitpid(thread, &status, __WALL), "wait for a thread");
  if (!WIFSTOPPED(status)) throw std::runtime_error("the thread ended");
}

}  // namespace

HeldNetworkThread::HeldNetworkThread(pid_t pid) : thread_(network_thread_of(pid)) {
  std::promise<void> held;
  auto is_held = held.get_future();
  tracer_ =
      std::jthread([thread = thread_, held = std::move(held)](const std::stop_token& stop) mutable {
        try {
          hold(thread);
        } catch (...) {
          return held.set_exception(std::current_exception());
        }
        held.set_value();
        // Its process is not gone as long as its tracer has not heard of its end.
        int status = 0;
        while (!stop.stop_requested()) {
          const auto waited = ::waitpid(thread, &status, __WALL | WNOHANG);
          if (waited == -1 || (waited == thread && !WIFSTOPPED(status))) return;
          std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        ::ptrace(PTRACE_DETACH, thread, nullptr, nullptr);  // fails if it has ended meanwhile
      });
  is_held.get();
}

HeldNetworkThread::~HeldNetworkThread() = default;

}  // namespace rocd::test
