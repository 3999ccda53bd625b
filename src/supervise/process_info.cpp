#include "supervise/process_info.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string_view>

#include "base/descriptor.hpp"

namespace rocd {
namespace {

// The value behind "\nNAME:\t" of proc_pid_status(5).
std::optional<std::uint64_t> number_of(std::string_view status, std::string_view name) {
  const auto at = status.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t number = 0;
  const auto* begin = status.data() + at + name.size();
  const auto [end, failure] = std::from_chars(begin, status.data() + status.size(), number);
  if (failure != std::errc()) return std::nullopt;
  return number;
}

std::optional<double> cpu_seconds_of(int pid) {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0)
    return std::nullopt;
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

}  // namespace

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

std::optional<ProcessActivity> read_process_activity(int pid) {
  const Descriptor file(
      ::open(("/proc/" + std::to_string(pid) + "/status").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> bytes{};  // a page: the file is made in one piece
  const auto size = file ? ::read(file.get(), bytes.data(), bytes.size()) : -1;
  if (size <= 0) return std::nullopt;
  const std::string_view status(bytes.data(), static_cast<std::size_t>(size));
  constexpr std::string_view state = "\nState:\t";
  const auto state_at = status.find(state);
  const auto tracer = number_of(status, "\nTracerPid:\t");
  const auto waited = number_of(status, "\nvoluntary_ctxt_switches:\t");
  const auto cpu = cpu_seconds_of(pid);
  if (state_at == std::string_view::npos || !tracer || !waited || !cpu) return std::nullopt;
  const auto letter = status.substr(state_at + state.size(), 1);
  return ProcessActivity{letter == "T", *tracer != 0, *waited, *cpu};
}

std::string current_boot_id() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

}  // namespace rocd
