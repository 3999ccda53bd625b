#include "e2e/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace rocd::test {
namespace {

void check(int error, const std::string& what) {
  if (error != 0) throw std::runtime_error(what + ": " + std::strerror(error));
}

class FileActions {
 public:
  FileActions() { check(::posix_spawn_file_actions_init(&actions_), "file actions"); }
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  void open(int fd, const std::string& path, int flags) {
    check(::posix_spawn_file_actions_addopen(&actions_, fd, path.c_str(), flags, 0600), path);
  }
  void duplicate(int from, int to) {
    check(::posix_spawn_file_actions_adddup2(&actions_, from, to), "dup2");
  }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

class SpawnAttributes {
 public:
  SpawnAttributes() {
    check(::posix_spawnattr_init(&attributes_), "spawn attributes");
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
  }
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

std::string describe(int status) {
  if (WIFEXITED(status)) return "exit " + std::to_string(WEXITSTATUS(status));
  return "signal " + std::to_string(WTERMSIG(status));
}

bool is_roc_tool(const std::string& command_line) {
  std::istringstream arguments(command_line);
  for (std::string argument; std::getline(arguments, argument, '\0');) {
    const auto name = argument.substr(argument.rfind('/') + 1);
    if (name == "roc-send" || name == "roc-recv") return true;
  }
  return false;
}

}  // namespace

Process::Process(const Options& options) {
  constexpr int write_new = O_WRONLY | O_CREAT | O_APPEND;
  FileActions actions;
  actions.open(0, "/dev/null", O_RDONLY);
  actions.open(1, options.output.empty() ? "/dev/null" : options.output.string(), write_new);
  if (options.errors.empty()) {
    actions.duplicate(1, 2);
  } else {
    actions.open(2, options.errors.string(), write_new);
  }
  if (options.descriptor_3 >= 0) actions.duplicate(options.descriptor_3, 3);
  const SpawnAttributes attributes;
  std::vector<char*> argv;
  auto arguments = options.argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t pid = -1;
  check(::posix_spawnp(&pid, argv[0], actions.get(), attributes.get(), argv.data(), ::environ),
        options.argv[0]);
  pid_ = pid;
  pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

Process::~Process() {
  if (end_.empty()) {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(pidfd_);
}

void Process::signal(int signal) const {
  if (end_.empty()) ::kill(pid_, signal);
}

bool Process::running() {
  return !wait(0ms);
}

std::optional<std::string> Process::wait(Milliseconds limit) {
  if (!end_.empty()) return end_;
  const auto end = std::chrono::steady_clock::now() + limit;
  pollfd ended{.fd = pidfd_, .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    const auto left = end - std::chrono::steady_clock::now();
    const auto rounded = std::chrono::ceil<Milliseconds>(std::max(left, decltype(left)::zero()));
    ready = ::poll(&ended, 1, static_cast<int>(rounded.count()));
  } while (ready < 0 && errno == EINTR);
  if (ready != 1) return std::nullopt;
  int status = 0;
  ::waitpid(pid_, &status, 0);
  end_ = describe(status);
  return end_;
}

Finished run_program(const std::vector<std::string>& argv, Milliseconds limit) {
  const TempDirectory directory;
  const auto output = directory.path() / "output";
  Process process({.argv = argv, .output = output, .errors = {}});
  const auto end = process.wait(limit);
  return {end.value_or("still running"), read_file(output)};
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

void write_program(const std::filesystem::path& path, const std::string& text) {
  const auto fresh = path.string() + ".new";  // a program that runs cannot be written to
  write_file(fresh, text);
  std::filesystem::permissions(fresh, std::filesystem::perms::owner_all);
  std::filesystem::rename(fresh, path);
}

std::vector<int> roc_processes(const std::filesystem::path& session) {
  const std::string mark = "XDG_RUNTIME_DIR=" + session.string();
  std::vector<int> pids;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    int pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc()) continue;
    const auto environment = read_file(entry.path() / "environ");
    if (environment.find(mark + '\0') == std::string::npos) continue;
    if (is_roc_tool(read_file(entry.path() / "cmdline"))) pids.push_back(pid);
  }
  return pids;
}

bool process_runs(int pid) {
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat.size()) return false;
  return stat[name_end + 2] != 'Z' && stat[name_end + 2] != 'X';
}

std::vector<int> children_of(int pid) {
  std::vector<int> children;
  for (const auto& thread :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    std::istringstream list(read_file(thread.path() / "children"));
    children.insert(children.end(), std::istream_iterator<int>(list), {});
  }
  return children;
}

}  // namespace rocd::test
