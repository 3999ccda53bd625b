// Programs that a test runs: each in a process group of its own that ends with the object.
// They inherit this process's environment, and so the audio session that it is in.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "e2e/wait.hpp"
#include "support/temp_directory.hpp"

namespace rocd::test {

class Process {
 public:
  struct Options {
    std::vector<std::string> argv;  // argv[0] is looked up in PATH
    std::filesystem::path output;   // standard output
    std::filesystem::path errors;   // standard error; empty: with the output
    int descriptor_3 = -1;          // becomes the child's descriptor 3
  };

  // Throws if the program cannot be started.
  explicit Process(const Options& options);
  ~Process();  // KILL of the group
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] int pid() const { return pid_; }
  void signal(int signal) const;  // to the process alone, if it runs
  [[nodiscard]] bool running();
  // "exit 0", "signal 9"; nullopt: still running when the time was over.
  std::optional<std::string> wait(Milliseconds limit = patience);

 private:
  int pid_ = -1;
  int pidfd_ = -1;
  std::string end_;  // empty: runs
};

struct Finished {
  std::string end;  // as Process::wait(), or "still running"
  std::string output;
};

// Standard output and error in one.
Finished run_program(const std::vector<std::string>& argv, Milliseconds limit = patience);

[[nodiscard]] std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& text);
// A shell script, say; it may run while it is replaced.
void write_program(const std::filesystem::path& path, const std::string& text);

// The roc-send and roc-recv processes that belong to the audio session in this directory.
[[nodiscard]] std::vector<int> roc_processes(const std::filesystem::path& session);
[[nodiscard]] bool process_runs(int pid);  // a zombie does not
// Zombies, too.
[[nodiscard]] std::vector<int> children_of(int pid);

}  // namespace rocd::test
