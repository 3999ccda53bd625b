// What proc(5) tells of a process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace rocd {

struct ProcessStat {
  char state = '?';  // 'Z': ended, not reaped
  int process_group = 0;
  std::uint64_t cpu_ticks = 0;    // user and system time, in clock ticks (sysconf(_SC_CLK_TCK))
  std::uint64_t start_ticks = 0;  // since boot
  std::uint64_t rss_bytes = 0;
};

[[nodiscard]] std::optional<ProcessStat> read_process_stat(int pid);  // nullopt: no such process

// What a process does, told often: whether it goes on, and how much of a processor it uses.
struct ProcessActivity {
  bool stopped = false;     // by a signal (SIGSTOP, SIGTSTP, …)
  bool traced = false;      // a debugger decides whether it runs
  std::uint64_t waits = 0;  // how often its main thread has waited for something
  double cpu_seconds = 0;   // of all its threads
  friend bool operator==(const ProcessActivity&, const ProcessActivity&) = default;
};

[[nodiscard]] std::optional<ProcessActivity> read_process_activity(int pid);

// Of this boot; empty if the kernel does not tell.
[[nodiscard]] std::string current_boot_id();

}  // namespace rocd
