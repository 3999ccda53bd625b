// A library to be loaded before a program's own (LD_PRELOAD): its wall clock is ahead by the
// seconds in the file ROCD_CLOCK_FILE ("+3600"), whenever that changes. Nothing else is touched.
// libfaketime 0.9.10 also computes the times of monotonic timers anew: Roc Toolkit 0.4 aborts
// ("clock_nanosleep(): Invalid argument"), and timerfd_settime(2) turns Asio's "at once", an
// absolute 1 ns, into "in a month", so that none of rocd's timers comes any more.
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

namespace {

constexpr long read_every = 100'000'000;  // ns

long monotonic_ns() {
  timespec now{};
  ::syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// before: if it cannot be read, because no descriptor is left, say.
long seconds_in(const char* path, long before) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return before;
  char text[32] = {};
  const auto size = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  return size > 0 ? std::strtol(text, nullptr, 10) : before;
}

long seconds_ahead() {
  static std::atomic<long> ahead{0}, read_at{0};
  static const char* const path = std::getenv("ROCD_CLOCK_FILE");
  const long now = monotonic_ns();
  if (path != nullptr && now - read_at >= read_every) {
    read_at = now;
    ahead = seconds_in(path, ahead);
  }
  return ahead;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* now) {
  const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock, now));
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    now->tv_sec += seconds_ahead();
  return result;
}
