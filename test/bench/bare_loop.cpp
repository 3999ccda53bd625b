// What restarting costs at least: posix_spawn(3) and waitpid(2), nothing else. Shows how much of a
// figure of scripts/bench.sh is the kernel's, and the machine's at that moment.
//   rocd_bench_bare_loop PROGRAM [ARGUMENT…]
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace {

pid_t child = 0;

void end(int) {
  if (child > 0) ::kill(child, SIGKILL);
  ::_exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::signal(SIGTERM, end);
  for (;;) {
    if (::posix_spawn(&child, argv[1], nullptr, nullptr, argv + 1, ::environ) != 0) return 1;
    ::waitpid(child, nullptr, 0);
  }
}
