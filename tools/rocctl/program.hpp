// Runs other programs, and tells how they ended; for `doctor` and `config check` only.
#pragma once

#include <sys/types.h>

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

// One that goes on beside us, and never longer than we do, however we end.
class Program {
 public:
  // What it says goes to `log`.
  Program(const std::vector<std::string>& argv, std::string log);
  ~Program();  // kills
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] bool runs();
  void interrupt() const;  // as Ctrl-C does: recorders complete their file
  // Once it does not run; its output is what is in the log.
  [[nodiscard]] Finished finished() const;

 private:
  std::string log_;
  pid_t pid_ = 0;  // 0: ended, or could not be started
  Finished finished_;
};

// The path of an executable in PATH; empty if there is none.
[[nodiscard]] std::string find_program(const std::string& name);

}  // namespace rocctl
