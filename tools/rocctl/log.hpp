// Logs of the daemon and of streams: as far as they are kept, or on and on.
#pragma once

#include <string>

#include "rocctl/session.hpp"

namespace rocctl {

struct LogRequest {
  std::string path;
  int lines = 100;  // at most
  bool follow = false;
  std::string level{};  // of the daemon's: the least
};

// The answer is {"lines": […], "dropped_bytes": N}, or events `line`.
[[nodiscard]] Outcome<Exit> show_log(const Session& session, const LogRequest& request);

}  // namespace rocctl
