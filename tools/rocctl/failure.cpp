#include "rocctl/failure.hpp"

#include <boost/json/parse.hpp>
#include <stdexcept>

#include "rocctl/json_access.hpp"
#include "rocctl/text.hpp"

namespace rocctl {
namespace json = boost::json;

void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
  throw std::runtime_error(failure.message);
}

Failure usage_failure(std::string message, std::string hint) {
  return {.exit = Exit::usage, .message = std::move(message), .hint = std::move(hint)};
}

Failure failure_of(int status, std::string_view content_type, std::string_view body) {
  Failure failure;
  if (status == 409 || status == 412) failure.exit = Exit::conflict;
  boost::system::error_code error;
  const auto problem = content_type.find("json") == std::string_view::npos
                           ? json::value()
                           : json::parse(body, error);
  if (error || !problem.is_object()) {
    failure.message = "the answer has status " + std::to_string(status) + " and says no more";
    failure.hint = "does something other than rocd answer at this address?";
    return failure;
  }
  failure.is_problem = content_type.starts_with("application/problem+json");
  failure.message = text_at(problem, "/detail");
  if (failure.message.empty()) failure.message = text_at(problem, "/title");
  failure.message += " (" + std::to_string(status) + ")";
  failure.hint = text_at(problem, "/hint");
  for (const auto& each : items_at(problem, "/errors"))
    failure.fields.push_back({text_at(each, "/path"), text_at(each, "/reason")});
  return failure;
}

std::string describe(const Failure& failure) {
  std::string text = "rocctl: " + failure.message + "\n";
  for (const auto& field : failure.fields) {
    text += "  ";
    if (!field.path.empty()) text += field.path + ": ";
    text += field.reason + "\n";
  }
  if (!failure.hint.empty()) text += "hint: " + failure.hint + "\n";
  return printable(text);
}

}  // namespace rocctl
