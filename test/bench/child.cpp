// The child of the restart benchmark, the same one under every supervisor.
//   rocd_bench_child [--times FILE]   FILE: ./times if not given; s6 passes an argument of its own
//   rocd_bench_child --idle           only sleeps
// Appends "start NS" first thing in main(), runs for 1.3 to 1.7 s (more than the second for which
// runit and s6 want a service to stay up), appends "crash NS" and kills itself. CLOCK_MONOTONIC.
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

namespace {

long long nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

void append(const char* file, const char* what, long long time) {
  char line[64];
  const int size = std::snprintf(line, sizeof line, "%s %lld\n", what, time);
  const int descriptor = ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor < 0 || ::write(descriptor, line, static_cast<size_t>(size)) != size) ::_exit(1);
  ::close(descriptor);
}

}  // namespace

int main(int argc, char** argv) {
  const auto began = nanoseconds();
  if (argc > 1 && std::strcmp(argv[1], "--idle") == 0)
    for (;;) ::pause();
  const bool told = argc > 2 && std::strcmp(argv[1], "--times") == 0;
  const char* file = told ? argv[2] : "times";
  append(file, "start", began);
  if (::write(1, "up\n", 3) != 3) return 1;
  // The clock is random enough to keep the supervisors out of step.
  ::usleep(static_cast<useconds_t>(1'300'000 + began / 1000 % 400'000));
  append(file, "crash", nanoseconds());
  ::raise(SIGKILL);
}
