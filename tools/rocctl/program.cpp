#include "rocctl/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

extern char** environ;

namespace rocctl {
namespace {

constexpr std::size_t most_output = 256UL * 1024;

// 0 if it could not be started.
pid_t start(const std::vector<std::string>& argv, int output) {
  std::vector<char*> arguments;
  for (const auto& each : argv) arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : 0;
}

// Until the other side closes it (true) or the time is over (false).
bool read_all(int fd, std::string& out, std::chrono::steady_clock::time_point end) {
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&readable, 1, static_cast<int>(left.count())) == 0)
      return false;
    const auto size = ::read(fd, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return true;
    if (out.size() < most_output) out.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace

std::string Finished::how() const {
  if (!started) return "it cannot be started";
  if (timed_out) return "it did not end in time";
  if (exit_status >= 0) return "exit status " + std::to_string(exit_status);
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? "signal " + std::to_string(signal) : "SIG" + std::string(name);
}

Finished run_program(const std::vector<std::string>& argv, std::chrono::milliseconds limit) {
  Finished finished;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return finished;
  const pid_t pid = start(argv, ends[1]);
  ::close(ends[1]);
  finished.started = pid > 0;
  if (finished.started) {
    finished.timed_out =
        !read_all(ends[0], finished.output, std::chrono::steady_clock::now() + limit);
    if (finished.timed_out) ::kill(pid, SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status))
      finished.exit_status = WEXITSTATUS(status);
    else
      finished.signal = WTERMSIG(status);
  }
  ::close(ends[0]);
  return finished;
}

std::string find_program(const std::string& name) {
  const char* variable = std::getenv("PATH");
  std::string_view rest = variable == nullptr ? "/usr/local/bin:/usr/bin:/bin" : variable;
  while (!rest.empty()) {
    const auto end = rest.find(':');
    const auto file = std::filesystem::path(rest.substr(0, end)) / name;
    std::error_code error;
    if (file.is_absolute() && std::filesystem::is_regular_file(file, error) &&
        ::access(file.c_str(), X_OK) == 0)
      return file;
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return {};
}

}  // namespace rocctl
