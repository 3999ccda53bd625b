// How a command can fail: what the person is told, and the exit code that a script sees. (pure)
#pragma once

#include <boost/json/value.hpp>
#include <boost/system/result.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace rocctl {

enum class Exit {
  ok = 0,
  error = 1,
  usage = 2,
  unhealthy = 3,  // or not healthy in time
  unreachable = 4,
  conflict = 5,
};

struct Failure {
  Exit exit = Exit::error;
  std::string message{};
  std::string hint{};
  std::vector<rocd::FieldError> fields{};
  bool is_problem = false;  // of the daemon itself: problem+json
};

[[noreturn]] void throw_exception_from_error(const Failure& failure,
                                             const boost::source_location& at);

template <class T = void>
using Outcome = boost::system::result<T, Failure>;

[[nodiscard]] Failure usage_failure(std::string message, std::string hint = {});

// An answer of the daemon that is not a success: problem+json (RFC 9457), or anything else.
[[nodiscard]] Failure failure_of(int status, std::string_view content_type, std::string_view body);

// "rocctl: message", then the wrong fields and the hint on lines of their own.
[[nodiscard]] std::string describe(const Failure& failure);

}  // namespace rocctl
