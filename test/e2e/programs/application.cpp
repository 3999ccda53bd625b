// An application with a rocd of its own, as Roc Cast is: starts it with a pipe as descriptor 3 from
// a thread that ends then, as threads of GUI runtimes do, and reads where it answers.
// Prints "PID URL", or "PID ended" if no URL came. SIGTERM ends it without a word to its rocd.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

namespace {

pid_t start(char** argv, int ready) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ready, 3);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, argv[0], &actions, nullptr, argv, ::environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return pid;
  std::fprintf(stderr, "%s: %s\n", argv[0], std::strerror(error));
  std::exit(1);
}

std::string read_line(int descriptor) {
  std::string line;
  for (char character = 0; ::read(descriptor, &character, 1) == 1 && character != '\n';)
    line += character;
  return line;
}

}  // namespace

int main(int, char** argv) {
  std::signal(SIGTERM, [](int) { std::_Exit(0); });
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return 1;
  pid_t rocd = -1;
  std::thread([&] { rocd = start(argv + 1, ends[1]); }).join();
  ::close(ends[1]);
  const auto url = read_line(ends[0]);
  std::printf("%d %s\n", rocd, url.empty() ? "ended" : url.c_str());
  std::fflush(stdout);
  if (url.empty()) return ::waitpid(rocd, nullptr, 0) == rocd ? 0 : 1;
  for (;;) ::pause();
}
