// What can be found out on this computer when no daemon answers.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "rocctl/checks.hpp"
#include "rocctl/program.hpp"

namespace rocctl {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto tool_limit = 5s;
constexpr const char* install_hint =
    "install Roc Toolkit's tools, version 0.4 (scripts/setup.sh does it)";

// A WAV file of a moment of silence, gone with the object: what a trial run of roc-send sends.
class SilentFile {
 public:
  SilentFile() {
    const int fd = ::mkostemps(path_.data(), 4, O_CLOEXEC);
    if (fd < 0) {
      path_.clear();
      return;
    }
    constexpr std::string_view head{
        "RIFF\x24\x80\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x44\xac\x00\x00"
        "\x10\xb1\x02\x00\x04\x00\x10\x00"
        "data\x00\x80\x00\x00",
        44};
    const std::string bytes = std::string(head) + std::string(0x8000, '\0');
    if (::write(fd, bytes.data(), bytes.size()) < 0) remove();
    ::close(fd);
  }
  ~SilentFile() { remove(); }
  SilentFile(const SilentFile&) = delete;
  SilentFile& operator=(const SilentFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  void remove() {
    if (!path_.empty()) ::unlink(path_.c_str());
    path_.clear();
  }
  std::string path_ = "/tmp/rocctl-doctor-XXXXXX.wav";
};

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

Check tool_check(const std::string& name) {
  Check check{.name = name};
  const auto path = find_program(name);
  if (path.empty()) return {name, Grade::bad, "not in PATH", install_hint};
  const auto version = run_program({path, "--version"}, tool_limit);
  if (!version.succeeded())
    return {name, Grade::bad, path + " --version: " + version.how(), install_hint};
  check.text = first_line(version.output) + ", " + path;
  const auto list = run_program({path, "--list-supported"}, tool_limit);
  if (list.signal == SIGABRT)
    return {name, Grade::bad, check.text + "; it aborts at --list-supported", abort_hint()};
  if (!list.succeeded()) {
    check.grade = Grade::doubtful;
    check.text += "; --list-supported: " + list.how();
  }
  return check;
}

// By a trial start: a build without OpenFEC lists the schemes all the same. Nobody listens at the
// discard port. The tools come from one build, so the sender speaks for both.
Check fec_check() {
  const auto path = find_program("roc-send");
  if (path.empty()) return {"FEC", Grade::bad, "cannot be tried without roc-send", install_hint};
  const SilentFile silence;
  std::string works;
  for (const std::string scheme : {"rs8m", "ldpc"}) {
    const auto run =
        run_program({path, "-vv", "--color=never", "--input", "file:" + silence.path(), "--source",
                     "rtp+" + scheme + "://127.0.0.1:9", "--repair", scheme + "://127.0.0.1:9"},
                    tool_limit);
    if (run.output.find("starting main loop") != std::string::npos)
      works += (works.empty() ? "" : " ") + scheme;
    else if (run.signal == SIGABRT)
      return {"FEC", Grade::bad, "roc-send aborts at its start", abort_hint()};
  }
  if (works == "rs8m ldpc") return {"FEC", Grade::good, "by trial: " + works};
  return {"FEC", Grade::doubtful, "by trial: " + (works.empty() ? "none" : works), fec_hint()};
}

Check pipewire_check() {
  const char* runtime = std::getenv("PIPEWIRE_RUNTIME_DIR");
  if (runtime == nullptr || *runtime == '\0') runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime == nullptr || *runtime == '\0')
    return {"pipewire", Grade::bad, "XDG_RUNTIME_DIR is not set",
            "log in to a session of your own, or export XDG_RUNTIME_DIR=/run/user/$(id -u)"};
  const auto socket = std::string(runtime) + "/pipewire-0";
  if (socket_answers(socket)) return {"pipewire", Grade::good, "answers at " + socket};
  std::error_code error;
  return {"pipewire", Grade::bad,
          fs::exists(socket, error) ? "nobody listens at " + socket : socket + " does not exist",
          "start it: systemctl --user start pipewire pipewire-pulse wireplumber"};
}

// The inode of the socket that listens on this TCP port; empty if the port is free.
std::string listening_inode(std::uint16_t port) {
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream in(table);
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
      std::istringstream fields(line);
      std::array<std::string, 10> field;
      for (auto& each : field) fields >> each;
      const auto colon = field[1].find(':');
      unsigned number = 0;
      if (colon == std::string::npos) continue;
      std::from_chars(field[1].data() + colon + 1, field[1].data() + field[1].size(), number, 16);
      if (number == port && field[3] == "0A") return field[9];
    }
  }
  return {};
}

// "name (pid)" of the process that has this socket; empty if it belongs to somebody else.
std::string owner_of(const std::string& inode) {
  const auto wanted = "socket:[" + inode + "]";
  std::error_code error;
  for (fs::directory_iterator process("/proc", error), end; !error && process != end;
       process.increment(error)) {
    const auto pid = process->path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    std::error_code denied;
    for (fs::directory_iterator fd(process->path() / "fd", denied); !denied && fd != end;
         fd.increment(denied)) {
      std::error_code gone;
      if (fs::read_symlink(fd->path(), gone) != wanted) continue;
      std::ifstream comm(process->path() / "comm");
      std::string name;
      std::getline(comm, name);
      return name + " (" + pid + ")";
    }
  }
  return {};
}

Check address_check(const Target& target) {
  const auto start = target.is_unix() || target.port == default_port
                         ? std::string("start it: rocd")
                         : "start it: rocd --listen " + target.host_header();
  if (target.is_unix()) {
    std::error_code error;
    return {"rocd", Grade::bad,
            fs::exists(target.unix_path, error) ? "nobody answers at " + target.unix_path
                                                : target.unix_path + " does not exist",
            start};
  }
  if (!target.is_local())
    return {"rocd", Grade::bad, "no answer from " + target.url(),
            "start it there; by default it listens on its own computer only"};
  const auto inode = listening_inode(target.port);
  if (inode.empty())
    return {"rocd", Grade::bad, fmt::format("not running: TCP port {} is free", target.port),
            start};
  const auto owner = owner_of(inode);
  return {"rocd", Grade::bad,
          fmt::format("TCP port {} is taken by {}, which does not answer as rocd does", target.port,
                      owner.empty() ? "a process of somebody else" : owner),
          "end that process, or choose another port: rocd --listen 127.0.0.1:PORT"};
}

}  // namespace

Checks local_checks(const Target& target) {
  return {address_check(target), pipewire_check(), tool_check("roc-send"), tool_check("roc-recv"),
          fec_check()};
}

}  // namespace rocctl
