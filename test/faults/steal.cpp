#include "faults/steal.hpp"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <random>
#include <stop_token>
#include <string>
#include <system_error>
#include <utility>

namespace rocd::test {
namespace {

using Clock = std::chrono::steady_clock;

void steal(const std::stop_token& stop, std::uint32_t seed) {
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
    const auto end = later(theft(random));
    while (!stop.stop_requested() && Clock::now() < end) {
    }
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
    auto& thread = threads_.emplace_back(steal, seed + static_cast<std::uint32_t>(processor));
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
