// Holds the thread of another process that waits for the network, as if it hung: the others go on.
#pragma once

#include <sys/types.h>

#include <thread>

namespace rocd::test {

class HeldNetworkThread {
 public:
  // Of roc-send or roc-recv; it is held until the process is gone, or until this ends. Throws if
  // ptrace(2) may not, or if not exactly one thread waits in epoll_wait(2).
  explicit HeldNetworkThread(pid_t pid);
  ~HeldNetworkThread();
  HeldNetworkThread(const HeldNetworkThread&) = delete;
  HeldNetworkThread& operator=(const HeldNetworkThread&) = delete;

 private:
  pid_t thread_;
  std::jthread tracer_;  // a thread is held by a thread
};

}  // namespace rocd::test
