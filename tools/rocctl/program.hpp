// Runs another program to its end and tells how it ended; for `doctor` only.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace rocctl {

struct Finished {
  bool started = false;
  bool timed_out = false;
  int exit_status = -1;  // -1: ended by a signal
  int signal = 0;
  std::string output;  // standard output and error

  [[nodiscard]] bool succeeded() const { return started && !timed_out && exit_status == 0; }
  [[nodiscard]] std::string how() const;  // "exit status 1", "SIGABRT"
};

// argv[0] is a path. Killed when the time is over. Its input is empty.
[[nodiscard]] Finished run_program(const std::vector<std::string>& argv,
                                   std::chrono::milliseconds limit);

// The path of an executable in PATH; empty if there is none.
[[nodiscard]] std::string find_program(const std::string& name);

}  // namespace rocctl
