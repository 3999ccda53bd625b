#include "rocctl/program_run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace rocctl::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto patience = 30s;  // reached only when something is broken

std::string read_file(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

struct Start {
  std::vector<std::string> argv;
  std::vector<std::string> environment;
  fs::path in = "/dev/null", out, err;
  int descriptor_3 = -1;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

pid_t start(Start what, const fs::path& runtime_directory) {
  what.environment.push_back("XDG_RUNTIME_DIR=" + runtime_directory.string());
  const char* path = std::getenv("PATH");
  if (std::none_of(what.environment.begin(), what.environment.end(),
                   [](const std::string& each) { return each.starts_with("PATH="); }))
    what.environment.push_back("PATH=" + std::string(path == nullptr ? "/usr/bin:/bin" : path));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, what.in.c_str(), O_RDONLY, 0);
  constexpr int create = O_WRONLY | O_CREAT | O_APPEND;
  ::posix_spawn_file_actions_addopen(&actions, 1, what.out.c_str(), create, 0600);
  ::posix_spawn_file_actions_addopen(&actions, 2, what.err.c_str(), create, 0600);
  if (what.descriptor_3 >= 0) ::posix_spawn_file_actions_adddup2(&actions, what.descriptor_3, 3);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, what.argv[0].c_str(), &actions, nullptr,
                                  pointers(what.argv).data(), pointers(what.environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot start " + what.argv[0]);
  return pid;
}

// The exit status; -1: by a signal, or killed because the time was over.
int wait_for(pid_t pid) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  pollfd ended{.fd = fd, .events = POLLIN, .revents = 0};
  const auto limit = std::chrono::milliseconds(patience).count();
  if (::poll(&ended, 1, static_cast<int>(limit)) != 1) ::kill(pid, SIGKILL);
  ::close(fd);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string read_line(int fd) {
  pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
  std::array<char, 256> buffer{};
  const auto limit = std::chrono::milliseconds(patience).count();
  if (::poll(&readable, 1, static_cast<int>(limit)) != 1) return "";
  const auto size = ::read(fd, buffer.data(), buffer.size());
  const std::string text(buffer.data(), static_cast<std::size_t>(size < 0 ? 0 : size));
  return text.substr(0, text.find('\n'));
}

}  // namespace

namespace {

Run run(std::vector<std::string> argv, const std::vector<std::string>& environment,
        const std::string& input, const std::filesystem::path& output) {
  const TempDirectory directory;
  const auto file = [&](const char* name) { return directory.path() / name; };
  std::ofstream(file("in")) << input;
  Start what{.argv = std::move(argv),
             .environment = environment,
             .in = file("in"),
             .out = output.empty() ? file("out") : output,
             .err = file("err")};
  const int exit = wait_for(start(std::move(what), directory.path()));
  return {exit, read_file(file("out")), read_file(file("err"))};
}

}  // namespace

Run rocctl(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
           const std::string& input, const std::filesystem::path& output) {
  std::vector<std::string> argv{ROCD_BIN_DIR "/rocctl"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run(std::move(argv), environment, input, output);
}

Run bash(const std::string& script, const std::vector<std::string>& environment) {
  auto all = environment;
  all.emplace_back("PATH=" ROCD_BIN_DIR ":/usr/bin:/bin");
  return run({"/bin/bash", "--norc", "-c", script}, all, "", {});
}

PseudoTerminal::PseudoTerminal(unsigned short columns)
    : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)) {
  std::array<char, 64> name{};
  if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0 ||
      ::ptsname_r(master_, name.data(), name.size()) != 0)
    throw std::runtime_error("no pseudo-terminal");
  path_ = name.data();
  // Kept open: what was written is lost when nobody has the slave.
  slave_ = ::open(path_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  if (slave_ < 0 || ::ioctl(slave_, TIOCSWINSZ, &size) != 0)
    throw std::runtime_error("no pseudo-terminal");
}

PseudoTerminal::~PseudoTerminal() {
  ::close(slave_);
  ::close(master_);
}

std::string PseudoTerminal::read() const {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto size = ::read(master_, buffer.data(), buffer.size());
    if (size <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  std::erase(text, '\r');
  return text;
}

void PseudoTerminal::write(const std::string& keys) const {
  if (::write(master_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size()))
    throw std::runtime_error("cannot type");
}

bool PseudoTerminal::wait() const {
  pollfd readable{.fd = master_, .events = POLLIN, .revents = 0};
  const auto limit = std::chrono::milliseconds(patience).count();
  return ::poll(&readable, 1, static_cast<int>(limit)) == 1;
}

Shell::Shell(std::vector<std::string> argv, const std::vector<std::string>& environment) {
  // A session of its own, with this terminal.
  argv.insert(argv.begin(), {"/usr/bin/setsid", "--ctty"});
  Start what{.argv = std::move(argv),
             .environment = environment,
             .in = terminal_.path(),
             .out = terminal_.path(),
             .err = terminal_.path()};
  what.environment.push_back("HOME=" + directory_.path().string());
  pid_ = start(std::move(what), directory_.path());
}

Shell::~Shell() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string Shell::type(const std::string& keys, const std::string& end) {
  terminal_.write(keys);
  std::string text;
  while (text.find(end) == std::string::npos && terminal_.wait()) text += terminal_.read();
  return text;
}

Rocd::Rocd(const std::string& yaml) {
  const auto config = directory_.path() / "rocd.yaml";
  std::ofstream(config) << yaml;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  const auto log = directory_.path() / "log";
  pid_ = start(
      {.argv = {ROCD_BIN_DIR "/rocd", "--config", config, "--listen", "127.0.0.1:0", "--state-dir",
                directory_.path() / "state", "--ready-fd", "3", "--exit-with-parent"},
       .environment = {"HOME=" + directory_.path().string(), "ROCD_HTTP_UNIX_SOCKET=" + socket()},
       .out = log,
       .err = log,
       .descriptor_3 = ends[1]},
      directory_.path());
  ::close(ends[1]);
  url_ = read_line(ends[0]);
  ::close(ends[0]);
  if (url_.empty()) {
    ::kill(pid_, SIGKILL);
    wait_for(pid_);
    throw std::runtime_error("rocd does not get ready:\n" + read_file(log));
  }
}

Rocd::~Rocd() {
  ::kill(pid_, SIGTERM);
  wait_for(pid_);
}

}  // namespace rocctl::test
