#include "supervise/orphans.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "base/clock.hpp"
#include "supervise/process_info.hpp"

namespace rocd {
namespace {

// True if it was ours and was told to end.
bool kill_orphan(const ProcessIdentity& orphan, Instant deadline) {
  // Opened before the check: from here on the pidfd means one process, whatever the number does.
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, orphan.pid, 0));
  if (pidfd < 0) return false;
  const auto stat = read_process_stat(orphan.pid);
  const bool ours = stat && stat->start_ticks == orphan.start_ticks && stat->state != 'Z';
  if (ours) {
    if (stat->process_group == orphan.pid) ::kill(-orphan.pid, SIGKILL);
    ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Now::read().mono);
    pollfd ended{pidfd, POLLIN, 0};
    if (left > 0ms) ::poll(&ended, 1, static_cast<int>(left.count()));
  }
  ::close(pidfd);
  return ours;
}

}  // namespace

std::vector<ProcessIdentity> kill_orphans(const std::vector<OrphanRecord>& records) {
  std::vector<ProcessIdentity> killed;
  const auto boot_id = current_boot_id();
  const auto deadline = Now::read().mono + 1s;
  for (const auto& record : records) {
    if (record.boot_id != boot_id || record.identity.pid <= 1 || record.identity.pid == ::getpid())
      continue;
    if (kill_orphan(record.identity, deadline)) killed.push_back(record.identity);
  }
  return killed;
}

}  // namespace rocd
