// Ctrl-C, and whatever else ends a program politely: noted, so that what was made is removed first.
#pragma once

#include <array>
#include <csignal>

namespace rocctl {

class Interruption {
 public:
  Interruption();   // from now on SIGINT, SIGTERM, SIGHUP and SIGQUIT are only noted
  ~Interruption();  // as it was before
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  [[nodiscard]] static int signal();  // the last one; 0: none

 private:
  static constexpr std::array<int, 4> signals_{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  std::array<struct sigaction, signals_.size()> before_{};
};

}  // namespace rocctl
