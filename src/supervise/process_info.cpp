#include "supervise/process_info.hpp"

#include <unistd.h>

#include <fstream>
#include <sstream>

namespace rocd {

std::optional<ProcessStat> read_process_stat(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The second field is the program's name in parentheses and may hold anything, ')' too.
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));

  ProcessStat stat;
  std::string skipped;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  std::uint64_t rss_pages = 0;
  fields >> stat.state >> skipped >> stat.process_group;  // fields 3 to 5
  for (int field = 6; field <= 13; ++field) fields >> skipped;
  fields >> user >> system;  // 14, 15
  for (int field = 16; field <= 21; ++field) fields >> skipped;
  fields >> stat.start_ticks >> skipped >> rss_pages;  // 22 to 24
  if (!fields) return std::nullopt;
  stat.cpu_ticks = user + system;
  stat.rss_bytes = rss_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return stat;
}

std::string current_boot_id() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

}  // namespace rocd
