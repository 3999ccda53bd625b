#include "api/problem.hpp"

#include <boost/json/array.hpp>
#include <map>

#include "model/json_text.hpp"

namespace rocd {
namespace json = boost::json;

const std::vector<ProblemKind>& problem_kinds() {
  // The first of each status is what an HttpProblem without a code of its own gets.
  static const std::vector<ProblemKind> kinds{
      {400, "malformed_request", "The request is not HTTP, its target or its JSON is broken."},
      {401, "unauthorized", "It needs a token, or the token is not known here."},
      {403, "forbidden", "The Host or Origin is not this daemon's own (DNS rebinding, CSRF)."},
      {403, "forbidden_role", "The token's role does not include this request."},
      {404, "not_found", "There is no such resource."},
      {405, "method_not_allowed", "The resource has no such method; Allow lists those it has."},
      {408, "request_timeout", "The request did not arrive in time."},
      {409, "conflict", "It contradicts something that exists: a port, a name, a use."},
      {409, "read_only", "It belongs to the configuration file, which rocd never writes."},
      {412, "precondition_failed", "If-Match or If-None-Match does not hold."},
      {413, "payload_too_large", "The body is larger than 256 KiB."},
      {414, "target_too_long", "The request target is longer than a head may be, 16 KiB."},
      {415, "unsupported_media_type", "The Content-Type is missing or not one that is read."},
      {417, "expectation_failed", "Expect asks for something other than 100-continue."},
      {422, "validation_failed", "Fields are wrong; `errors` names each with its reason."},
      {426, "upgrade_required", "This version of WebSocket is not spoken; 13 is."},
      {429, "too_many_connections", "This address has too many connections open."},
      {431, "header_too_large", "The request head is larger than 16 KiB."},
      {500, "internal_error", "A defect of rocd; its log says more."},
      {500, "io_error", "The operating system refused something; nothing was changed."},
      {501, "not_implemented", "A Transfer-Encoding other than chunked."},
      {503, "unavailable",
       "It works later: PipeWire or a tool is away, or rocd is busy. See Retry-After."},
  };
  return kinds;
}

std::string_view reason_phrase(int status) {
  static const std::map<int, std::string_view> phrases{
      {101, "Switching Protocols"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {304, "Not Modified"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {422, "Unprocessable Content"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
  };
  const auto found = phrases.find(status);
  return found == phrases.end() ? std::string_view("Unknown") : found->second;
}

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return 422;
    case ErrorCode::malformed:
      return 400;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::conflict:
    case ErrorCode::read_only:
      return 409;
    case ErrorCode::precondition:
      return 412;
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
      return 503;
    case ErrorCode::io:
    case ErrorCode::internal:
      break;
  }
  return 500;
}

HttpProblem to_http_problem(const Error& error) {
  HttpProblem problem;
  problem.status = status_of(error.code);
  problem.detail = error.message;
  if (!error.where.empty()) problem.detail += " (" + error.where + ")";
  problem.hint = error.hint;
  problem.errors = error.fields;
  if (error.code == ErrorCode::read_only) problem.code = "read_only";
  if (error.code == ErrorCode::io) problem.code = "io_error";
  return problem;
}

HttpResponse to_response(HttpProblem problem, std::string_view instance) {
  if (problem.code.empty()) {
    for (const auto& kind : problem_kinds()) {
      if (kind.status != problem.status) continue;
      problem.code = kind.code;
      break;
    }
  }
  if (problem.detail.empty()) problem.detail = reason_phrase(problem.status);

  json::object body;
  body["type"] = "/docs#" + problem.code;  // RFC 9457, 3.1.1: a relative one has its full path
  body["title"] = reason_phrase(problem.status);
  body["status"] = problem.status;
  body["detail"] = problem.detail;
  if (!instance.empty()) body["instance"] = instance;
  body["error_code"] = problem.code;
  body["error_text"] = problem.detail;
  if (!problem.errors.empty()) {
    auto& errors = body["errors"].emplace_array();
    for (const auto& error : problem.errors) {
      errors.push_back(json::object{{"path", error.path}, {"reason", error.reason}});
    }
  }
  if (!problem.hint.empty()) body["hint"] = problem.hint;
  for (auto& member : problem.extra) body[member.key()] = member.value();

  HttpResponse response;
  response.status = problem.status;
  response.content_type = "application/problem+json";
  response.headers = std::move(problem.headers);
  if (problem.status == 503 || problem.status == 429) {
    response.headers.emplace_back("Retry-After", "1");  // seconds; PipeWire is back in one
  }
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = json_text(body);
  return response;
}

}  // namespace rocd
