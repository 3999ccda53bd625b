// The real rocctl, and the real rocd where a test wants it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/temp_directory.hpp"

namespace rocctl::test {

using rocd::test::TempDirectory;

struct Run {
  int exit = -1;  // -1: by a signal, or not in time
  std::string out, err;
};

// Environment: PATH, an empty XDG_RUNTIME_DIR, and `environment` ("NAME=value"). `output` takes
// standard output instead of Run::out.
Run rocctl(const std::vector<std::string>& arguments,
           const std::vector<std::string>& environment = {}, const std::string& input = "",
           const std::filesystem::path& output = {});

// A script, where rocctl is in PATH.
Run bash(const std::string& script, const std::vector<std::string>& environment);

// A terminal of a size, on which a program writes (`output` of rocctl()). What it writes must be
// short enough for the kernel's buffer, 4 kB.
class PseudoTerminal {
 public:
  explicit PseudoTerminal(unsigned short columns);
  ~PseudoTerminal();
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  [[nodiscard]] std::filesystem::path path() const { return path_; }
  [[nodiscard]] std::string read() const;  // what was written till now, with "\n" as line ends
  void write(const std::string& keys) const;
  // Waits until something new is written; false: nothing in a long time.
  [[nodiscard]] bool wait() const;

 private:
  int master_ = -1, slave_ = -1;
  std::filesystem::path path_;
};

// An interactive shell at a terminal, and somebody who types.
class Shell {
 public:
  // Environment as of rocctl(), and a home of its own.
  Shell(std::vector<std::string> argv, const std::vector<std::string>& environment);
  ~Shell();
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;

  // What is written from then on until `end` is seen in it, or too long a time has passed.
  std::string type(const std::string& keys, const std::string& end);

 private:
  TempDirectory directory_;
  PseudoTerminal terminal_{200};
  pid_t pid_ = 0;
};

// rocd at a free port, with a state directory of its own and without PipeWire.
class Rocd {
 public:
  explicit Rocd(const std::string& yaml);  // throws with its log
  ~Rocd();
  Rocd(const Rocd&) = delete;
  Rocd& operator=(const Rocd&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] std::string socket() const { return directory_.path() / "rocd.sock"; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }

 private:
  TempDirectory directory_;
  pid_t pid_ = 0;
  std::string url_;
};

}  // namespace rocctl::test
