// For how long processes could have gone on, but had no processor.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace rocd::test {

// Seconds for which its threads could have gone on, but had none (schedstat, proc(5)). 0: it is
// gone.
[[nodiscard]] double waited_for_processor(int pid);

// Looks at processes ten times a second, from its begin to its end.
class ProcessorWaits {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // By any name.
  explicit ProcessorWaits(std::map<std::string, int> pids);
  // Seconds, of all its threads. 0: it is not known by that name.
  [[nodiscard]] double waited(const std::string& name, Time since, Time until) const;

 private:
  void watch(const std::stop_token& stop);

  struct Sample {
    Time at;
    std::map<std::string, double> seconds;
  };
  const std::map<std::string, int> pids_;
  mutable std::mutex mutex_;
  std::vector<Sample> samples_;
  std::jthread thread_;
};

}  // namespace rocd::test
