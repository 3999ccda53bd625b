// Error responses: problem details (RFC 9457) with upstream rocd's error_code and error_text in
// addition. Decides status and code of each kind of error; does not decide when one happens. (pure)
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http.hpp"
#include "base/result.hpp"

namespace rocd {

struct HttpProblem {
  int status = 500;
  std::string detail{};              // what happened this time
  std::string hint{};                // the remedy, if one is known
  std::vector<FieldError> errors{};  // path: JSON pointer into the body, or "?name" for the query
  std::string code{};                // error_code; empty: by status
  std::vector<std::pair<std::string, std::string>> headers{};
  boost::json::object extra{};  // further members
};

[[nodiscard]] int status_of(ErrorCode code);
[[nodiscard]] HttpProblem to_http_problem(const Error& error);

// instance: the path of the request; empty if it is not known.
[[nodiscard]] HttpResponse to_response(HttpProblem problem, std::string_view instance);

[[nodiscard]] std::string_view reason_phrase(int status);  // "Not Found"

// Every error_code there is, with its status and meaning; the readable page lists them.
struct ProblemKind {
  int status;
  std::string_view code;
  std::string_view meaning;
};
[[nodiscard]] const std::vector<ProblemKind>& problem_kinds();

}  // namespace rocd
