// How much of this machine's time others take: what makes gaps that are nobody's bug.
#pragma once

#include <cstdint>
#include <thread>
#include <vector>

namespace rocd::test {

// Share of the time since the last call, 0 to 1 (proc(5), /proc/stat).
double steal_share();

// Takes the processors away as a hypervisor does that has other guests: each at random moments,
// 2.7 s apart on average, for 5 to 60 ms (1.2 %), also from PipeWire's realtime threads, and
// whoever was on it stays there. Of the processes in this network namespace; call
// enter_namespaces() before.
class ProcessorThieves {
 public:
  // seed: of the moments. Throws std::system_error where SCHED_FIFO is not allowed (sched(7)).
  explicit ProcessorThieves(std::uint32_t seed);

 private:
  std::vector<std::jthread> threads_;  // one for each processor
};

}  // namespace rocd::test
