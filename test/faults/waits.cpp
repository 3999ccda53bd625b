#include "faults/waits.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace rocd::test {
namespace {

constexpr std::chrono::milliseconds interval{100};

}  // namespace

double waited_for_processor(int pid) {
  double nanoseconds = 0;
  std::error_code gone;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone)) {
    double on = 0, waiting = 0;
    if (std::ifstream(task.path() / "schedstat") >> on >> waiting) nanoseconds += waiting;
  }
  return nanoseconds / 1e9;
}

ProcessorWaits::ProcessorWaits(std::map<std::string, int> pids)
    : pids_(std::move(pids)), thread_([this](const std::stop_token& stop) { watch(stop); }) {}

void ProcessorWaits::watch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Sample sample{.at = std::chrono::steady_clock::now(), .seconds = {}};
    for (const auto& [name, pid] : pids_) sample.seconds[name] = waited_for_processor(pid);
    {
      const std::lock_guard lock(mutex_);
      samples_.push_back(std::move(sample));
    }
    std::this_thread::sleep_for(interval);
  }
}

double ProcessorWaits::waited(const std::string& name, Time since, Time until) const {
  const std::lock_guard lock(mutex_);
  if (samples_.empty() || !pids_.contains(name)) return 0;
  // The last one before, the first one after.
  const auto by_time = [](const Sample& sample, Time time) { return sample.at < time; };
  auto from = std::lower_bound(samples_.begin(), samples_.end(), since, by_time);
  if (from != samples_.begin()) --from;
  auto to = std::lower_bound(samples_.begin(), samples_.end(), until, by_time);
  if (to == samples_.end()) --to;
  return std::max(0.0, to->seconds.at(name) - from->seconds.at(name));
}

}  // namespace rocd::test
