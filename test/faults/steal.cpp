#include "faults/steal.hpp"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <random>
#include <sstream>
#include <stop_token>
#include <string>
#include <system_error>
#include <utility>

namespace rocd::test {
namespace {

using Clock = std::chrono::steady_clock;

// Of other processes in this network namespace: those that ran last on this processor.
std::vector<int> threads_on(int processor) {
  namespace fs = std::filesystem;
  static const auto own = fs::read_symlink("/proc/self/ns/net");
  constexpr int field_after_comm = 36;  // of "processor", counted from the state on (proc(5))
  std::vector<int> found;
  std::error_code gone;  // a process or thread that ends meanwhile has nothing to be held
  for (const auto& process : fs::directory_iterator("/proc")) {
    const int pid = std::atoi(process.path().filename().c_str());
    if (pid == 0 || pid == ::getpid() || fs::read_symlink(process.path() / "ns/net", gone) != own)
      continue;
    for (fs::directory_iterator thread(process.path() / "task", gone), end; !gone && thread != end;
         thread.increment(gone)) {
      std::ifstream file(thread->path() / "stat");
      std::string stat;
      std::getline(file, stat);
      std::istringstream fields(stat.substr(stat.rfind(')') + 1));
      const std::vector<std::string> words{std::istream_iterator<std::string>(fields), {}};
      if (words.size() > field_after_comm && std::stoi(words[field_after_comm]) == processor)
        found.push_back(std::stoi(thread->path().filename()));
    }
  }
  return found;
}

// A thread that has ended meanwhile is of no interest.
void allow(const std::vector<int>& threads, const cpu_set_t& processors) {
  for (const int thread : threads)
    if (::sched_setaffinity(thread, sizeof processors, &processors) != 0 && errno != ESRCH)
      throw std::system_error(errno, std::generic_category(), "affinity of a thread");
}

void steal(const std::stop_token& stop, std::uint32_t seed, int processor,
           const cpu_set_t& allowed) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(processor, &only);
  std::minstd_rand random(seed);
  std::exponential_distribution<double> pause(1 / 2.7);
  std::uniform_real_distribution<double> theft(0.005, 0.06);
  const auto later = [](double seconds) {
    return Clock::now() +
           std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  };
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    never.wait_until(lock, stop, later(pause(random)), [] { return false; });
    // A guest's scheduler does not know that the processor is away: who was there waits for it,
    // and does not go to another.
    const auto held = threads_on(processor);
    allow(held, only);
    const auto end = later(theft(random));
    while (!stop.stop_requested() && Clock::now() < end) {
    }
    allow(held, allowed);
  }
}

void require_success(int error, const char* what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

}  // namespace

ProcessorThieves::ProcessorThieves(std::uint32_t seed) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  require_success(::pthread_getaffinity_np(::pthread_self(), sizeof allowed, &allowed), "affinity");
  for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (!CPU_ISSET(processor, &allowed)) continue;
    auto& thread = threads_.emplace_back(steal, seed + static_cast<std::uint32_t>(processor),
                                         processor, allowed);
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(processor, &only);
    require_success(::pthread_setaffinity_np(thread.native_handle(), sizeof only, &only),
                    "affinity of a thief");
    const sched_param most{.sched_priority = ::sched_get_priority_max(SCHED_FIFO)};
    require_success(::pthread_setschedparam(thread.native_handle(), SCHED_FIFO, &most),
                    "SCHED_FIFO of a thief");
  }
}

double steal_share() {
  static double total_before = 0, steal_before = 0;
  std::ifstream file("/proc/stat");
  std::string word;
  file >> word;
  double total = 0, steal = 0, value = 0;
  for (int i = 0; i < 8 && file >> value; ++i) {
    total += value;
    if (i == 7) steal = value;
  }
  return (steal - std::exchange(steal_before, steal)) /
         std::max(1.0, total - std::exchange(total_before, total));
}

}  // namespace rocd::test
