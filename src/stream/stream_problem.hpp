// Why a stream does not run, in words for people: cause and remedy. (pure)
#pragma once

#include <string>
#include <string_view>

#include "stream/stream_engine.hpp"

namespace rocd {

struct StreamProblem {
  std::string message;
  std::string hint;
  friend bool operator==(const StreamProblem&, const StreamProblem&) = default;
};

// From what the tool said last; the hint is empty where no remedy is known.
[[nodiscard]] StreamProblem explain_tool_error(std::string text);
[[nodiscard]] StreamProblem explain_bind_failure(const FactBindFailed& failure);
// The tool could not be started; error_number: errno.
[[nodiscard]] StreamProblem explain_spawn_failure(const std::string& text, int error_number);

}  // namespace rocd
