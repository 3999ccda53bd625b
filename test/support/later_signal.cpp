#include "support/later_signal.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace rocd::test {

LaterSignal::LaterSignal(pid_t pid, int signal, std::chrono::steady_clock::time_point due)
    : process_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {
  if (process_ < 0) throw std::system_error(errno, std::generic_category(), "pidfd_open");
  sender_ = std::jthread([process = process_, signal, due] {
    std::this_thread::sleep_until(due);
    (void)::syscall(SYS_pidfd_send_signal, process, signal, nullptr, 0);  // fails if it has ended
  });
}

LaterSignal::~LaterSignal() {
  wait();
  ::close(process_);
}

void LaterSignal::wait() {
  if (sender_.joinable()) sender_.join();
}

}  // namespace rocd::test
