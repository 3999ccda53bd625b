// Expected errors as values. One error type for the whole daemon, so that a mistake found in the
// deepest room reaches the person who made it with its place, its reason and its remedy.
// Does not decide how an error is shown: api/ turns it into problem+json, config/ into file:line.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace rocd {

enum class ErrorCode {
  invalid_argument,  // the request can never work as it stands (HTTP 422)
  malformed,         // not even readable: not JSON, not YAML (400)
  not_found,         // 404
  conflict,          // contradicts something that exists: port in use, duplicate name (409)
  read_only,         // belongs to the configuration file (409)
  precondition,      // version does not match (412)
  unavailable,       // works later: PipeWire down, tool missing (503)
  timeout,
  io,        // the operating system said no
  internal,  // a defect of rocd
};

[[nodiscard]] std::string_view to_string(ErrorCode code);

// One wrong field. `path` is a JSON pointer (RFC 6901) such as "/destination/media_uri".
struct FieldError {
  std::string path;
  std::string reason;
  // Other fields that it was compared with: if they are wrong themselves, this says nothing.
  std::vector<std::string> against = {};
  friend bool operator==(const FieldError& a, const FieldError& b) {
    return a.path == b.path && a.reason == b.reason;
  }
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  // one sentence, no trailing period
  std::string where;    // file:line:column, path or system call; may be empty
  std::string hint;     // the remedy, if one is known
  std::vector<FieldError> fields;

  friend bool operator==(const Error&, const Error&) = default;
};

[[nodiscard]] Error make_error(ErrorCode code, std::string message, std::string hint = {});

// "message (where)", with the field errors after it; for logs and command lines.
[[nodiscard]] std::string to_string(const Error& error);

// `Error` from errno: code io, message "<what>: <strerror>".
[[nodiscard]] Error errno_error(std::string_view what, int error_number);

[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& at);

template <class T = void>
using Result = boost::system::result<T, Error>;

}  // namespace rocd
