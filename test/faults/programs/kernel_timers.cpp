// Goes before libfaketime in LD_PRELOAD. That takes each absolute time of timerfd_settime(2) for
// wall time, also of a monotonic timer: with its clock a month behind, Asio's "at once" (1 ns)
// became "in a month", and all of rocd's timers stood still until something earlier was asked for.
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

extern "C" int timerfd_settime(int fd, int flags, const itimerspec* value,
                               itimerspec* old) noexcept {
  return static_cast<int>(::syscall(SYS_timerfd_settime, fd, flags, value, old));
}
