#include "base/result.hpp"

#include <boost/assert/source_location.hpp>
#include <stdexcept>
#include <system_error>

namespace rocd {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::malformed:
      return "malformed";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::read_only:
      return "read_only";
    case ErrorCode::precondition:
      return "precondition";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::io:
      return "io";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

Error make_error(ErrorCode code, std::string message, std::string hint) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

std::string to_string(const Error& error) {
  std::string text = error.message;
  if (!error.where.empty()) text += " (" + error.where + ")";
  for (const auto& field : error.fields) text += "; " + field.path + ": " + field.reason;
  if (!error.hint.empty()) text += "; " + error.hint;
  return text;
}

Error errno_error(std::string_view what, int error_number) {
  Error error;
  error.code = ErrorCode::io;
  error.message = std::string(what) + ": " + std::generic_category().message(error_number);
  return error;
}

void throw_exception_from_error(const Error& error, const boost::source_location& at) {
  throw std::runtime_error(to_string(error) + " [" + at.to_string() + "]");
}

}  // namespace rocd
