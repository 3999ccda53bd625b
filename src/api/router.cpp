#include "api/router.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <optional>
#include <set>

#include "api/authentication.hpp"
#include "api/json_body.hpp"
#include "api/problem.hpp"
#include "api/respond.hpp"

namespace rocd {
namespace {

using Arguments = std::map<std::string, std::string, std::less<>>;

// The next segment of a path that starts with '/'.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const auto segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

std::optional<Arguments> match(std::string_view pattern, std::string_view path) {
  Arguments arguments;
  while (!pattern.empty() && !path.empty()) {
    if (path.front() != '/') return std::nullopt;
    const auto wanted = take_segment(pattern);
    const auto segment = take_segment(path);
    if (wanted.starts_with('{')) {
      if (segment.empty()) return std::nullopt;
      arguments.emplace(wanted.substr(1, wanted.size() - 2), segment);
    } else if (wanted != segment) {
      return std::nullopt;
    }
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return arguments;
}

std::string allow(const std::set<Method>& methods) {
  std::string text;
  for (const auto method : {Method::get, Method::head, Method::post, Method::put, Method::patch,
                            Method::del, Method::options}) {
    const bool has = method == Method::options || methods.contains(method) ||
                     (method == Method::head && methods.contains(Method::get));
    if (has) text.append(text.empty() ? "" : ", ").append(to_string(method));
  }
  return text;
}

// "application/json; charset=utf-8" -> "application/json"; empty if the charset is another one.
std::string media_type(std::string_view content_type) {
  std::string text;
  for (const char c : content_type) {
    if (c == ' ' || c == '\t' || c == '"') continue;
    text += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  const auto semicolon = text.find(';');
  if (semicolon == text.npos) return text;
  const auto charset = text.find(";charset=");
  if (charset != text.npos) {
    const auto value = text.substr(charset + 9, text.find(';', charset + 1) - charset - 9);
    if (value != "utf-8" && value != "utf8") return {};
  }
  return text.substr(0, semicolon);
}

std::optional<HttpProblem> check_query(const Router::Route& route, const HttpRequest& request) {
  HttpProblem problem{.status = 422, .detail = "a query parameter is not known here"};
  for (const auto& [name, value] : request.query) {
    if (std::find(route.query.begin(), route.query.end(), name) != route.query.end()) continue;
    std::string known;
    for (const auto& each : route.query) known += (known.empty() ? "" : ", ") + each;
    problem.errors.push_back(
        {"?" + name, known.empty() ? "unknown query parameter, none is expected"
                                   : "unknown query parameter, expected one of: " + known});
  }
  if (problem.errors.empty()) return std::nullopt;
  return problem;
}

std::optional<HttpProblem> check_content_type(BodyKind kind, const HttpRequest& request) {
  const auto type = media_type(request.content_type);
  if (type == "application/json") return std::nullopt;
  const bool patch = kind == BodyKind::merge_patch;
  if (patch && type == "application/merge-patch+json") return std::nullopt;
  const std::string expected =
      patch ? "application/merge-patch+json or application/json" : "application/json";
  HttpProblem problem{.status = 415};
  problem.detail = request.content_type.empty()
                       ? "Content-Type is missing, " + expected + " is expected"
                       : "Content-Type '" + request.content_type + "' is not read here, " +
                             expected + " is expected";
  // RFC 5789, 2.2 and RFC 9110, 15.5.16.
  problem.headers.emplace_back(patch ? "Accept-Patch" : "Accept",
                               patch ? "application/merge-patch+json, application/json" : expected);
  return problem;
}

bool says_something(std::string_view body) {
  std::string text;
  for (const char c : body) {
    if (std::string_view(" \t\r\n").find(c) == std::string_view::npos) text += c;
    if (text.size() > 2) return true;
  }
  return !text.empty() && text != "{}";
}

}  // namespace

const std::string& Call::argument(std::string_view name) const {
  static const std::string none;
  const auto found = arguments.find(name);
  return found == arguments.end() ? none : found->second;
}

const std::string* Call::query(std::string_view name) const {
  const auto found = request.query.find(std::string(name));
  return found == request.query.end() ? nullptr : &found->second;
}

void Router::add(Route route) {
  routes_.push_back(std::move(route));
}

HttpResponse Router::run(const Route& route, Call& call) const {
  const auto& request = call.request;
  if (auto problem = check_query(route, request)) return to_response(*problem, request.path);
  if (route.body == BodyKind::none) {
    if (route.method == Method::post && says_something(request.body)) {
      return to_response({.status = 422,
                          .detail = "this request takes no body",
                          .errors = {{"", "nothing is expected here"}}},
                         request.path);
    }
    return route.handler(call);
  }
  if (!request.body.empty()) {
    if (auto problem = check_content_type(route.body, request)) {
      return to_response(*problem, request.path);
    }
  }
  auto body = parse_json_body(request.body);
  if (!body) return to_response(to_http_problem(body.error()), request.path);
  call.body = std::move(*body);
  return route.handler(call);
}

HttpResponse Router::dispatch(const HttpRequest& request, Role caller) const {
  std::set<Method> methods;
  std::string pattern;
  const auto wanted = request.method == Method::head ? Method::get : request.method;
  for (const auto& route : routes_) {
    auto arguments = match(route.pattern, request.path);
    if (!arguments) continue;
    if (route.method == wanted) {
      Call call{request, std::move(*arguments), nullptr};
      const auto refusal = check_role(request, caller, required_role(route));
      auto response = refusal ? to_response(*refusal, request.path) : run(route, call);
      response.route = route.pattern;
      return response;
    }
    methods.insert(route.method);
    pattern = route.pattern;
  }
  // What there is and what not is for those who may read.
  if (auto problem = check_role(request, caller, Role::viewer)) {
    return to_response(*problem, request.path);
  }
  if (request.path == "*" && request.method == Method::options) {
    return no_content();
  }
  if (methods.empty()) {
    HttpProblem problem{.status = 404, .detail = "there is nothing at '" + request.path + "'"};
    if (request.path.size() > 1 && request.path.ends_with('/')) {
      problem.hint = "without the trailing slash?";
    } else {
      problem.hint = "GET /openapi.json lists what there is";
    }
    return to_response(problem, request.path);
  }
  if (request.method == Method::options) {
    auto response = no_content();
    response.headers.emplace_back("Allow", allow(methods));
    if (methods.contains(Method::patch)) {
      response.headers.emplace_back("Accept-Patch",
                                    "application/merge-patch+json, application/json");
    }
    return response;
  }
  HttpProblem problem{.status = 405};
  problem.detail = "'" + request.method_text + "' is not a method of " + pattern +
                   ", allowed: " + allow(methods);
  problem.headers.emplace_back("Allow", allow(methods));
  if (const auto hint = hints_.find(pattern); hint != hints_.end()) problem.hint = hint->second;
  return to_response(problem, request.path);
}

}  // namespace rocd
