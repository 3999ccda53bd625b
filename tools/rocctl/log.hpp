// Logs of the daemon and of streams: as far as they are kept, or on and on.
#pragma once

#include <string>

#include "rocctl/commands.hpp"

namespace rocctl {

struct LogRequest {
  std::string path;
  int lines = 100;  // at most
  bool follow = false;
};

// The answer is {"lines": […], "dropped_bytes": N}, or events `line`.
[[nodiscard]] CommandResult show_log(const Session& session, const LogRequest& request);

}  // namespace rocctl
