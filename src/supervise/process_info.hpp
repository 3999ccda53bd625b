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

// Of this boot; empty if the kernel does not tell.
[[nodiscard]] std::string current_boot_id();

}  // namespace rocd
