// Sends a signal to another process when it is due, whatever its owner does meanwhile.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <thread>

namespace rocd::test {

class LaterSignal {
 public:
  // To this process, never to one that has got its number since; none if it has ended by then.
  // Throws std::system_error if there is no such process (pidfd_open(2)).
  LaterSignal(pid_t pid, int signal, std::chrono::steady_clock::time_point due);
  ~LaterSignal();  // waits until it is sent
  LaterSignal(const LaterSignal&) = delete;
  LaterSignal& operator=(const LaterSignal&) = delete;

  void wait();  // until it is sent

 private:
  int process_;
  std::jthread sender_;
};

}  // namespace rocd::test
