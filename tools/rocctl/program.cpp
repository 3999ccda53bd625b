#include "rocctl/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace rocctl {
namespace {

constexpr std::size_t most_output = 256UL * 1024;
constexpr int not_started = 127;  // the exit status of a child that could not become the program

// 0 if it could not be started. A program that we leave behind would play on, or record on.
pid_t start(const std::vector<std::string>& argv, int output) {
  std::vector<char*> arguments;
  for (const auto& each : argv) arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0) return 0;
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {  // only calls of signal-safety(7)
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)std::signal(SIGPIPE, SIG_DFL);
    const bool ready = ::getppid() == parent && ::dup2(nothing, STDIN_FILENO) >= 0 &&
                       ::dup2(output, STDOUT_FILENO) >= 0 && ::dup2(output, STDERR_FILENO) >= 0;
    if (ready) ::execv(arguments[0], arguments.data());
    ::_exit(not_started);
  }
  ::close(nothing);
  return pid > 0 ? pid : 0;
}

void note_end(int status, Finished& finished) {
  if (WIFEXITED(status))
    finished.exit_status = WEXITSTATUS(status);
  else
    finished.signal = WTERMSIG(status);
  if (finished.exit_status == not_started) finished.started = false;
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
    note_end(status, finished);
  }
  ::close(ends[0]);
  return finished;
}

Program::Program(const std::vector<std::string>& argv, std::string log) : log_(std::move(log)) {
  const int output = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (output < 0) return;
  pid_ = start(argv, output);
  ::close(output);
  finished_.started = pid_ > 0;
}

Program::~Program() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool Program::runs() {
  int status = 0;
  if (pid_ == 0 || ::waitpid(pid_, &status, WNOHANG) == 0) return pid_ != 0;
  note_end(status, finished_);
  pid_ = 0;
  return false;
}

void Program::interrupt() const {
  if (pid_ != 0) ::kill(pid_, SIGINT);
}

Finished Program::finished() const {
  auto finished = finished_;
  std::ifstream file(log_);
  std::array<char, 4096> text{};
  file.read(text.data(), text.size());
  finished.output.assign(text.data(), static_cast<std::size_t>(file.gcount()));
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
