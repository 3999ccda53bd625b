#include "api/authentication.hpp"

#include "config/listen.hpp"

namespace rocd {
namespace {

constexpr std::string_view kChallenge = "Bearer realm=\"rocd\"";

// What follows "Bearer", in any case (RFC 9110, 11.1); nullopt: another scheme, or none.
std::optional<std::string_view> bearer_of(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer";
  if (authorization.size() < scheme.size()) return std::nullopt;
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    const char c = authorization[i];
    if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != scheme[i]) return std::nullopt;
  }
  auto token = authorization.substr(scheme.size());
  if (!token.empty() && token.front() != ' ') return std::nullopt;
  while (token.starts_with(' ')) token.remove_prefix(1);
  return token;
}

HttpProblem unauthorized(const HttpRequest& request) {
  HttpProblem problem{.status = 401};
  problem.hint =
      "send 'Authorization: Bearer TOKEN' (rocctl: set ROCCTL_TOKEN); 'rocctl token new' "
      "makes a token";
  std::string challenge(kChallenge);
  if (request.authorization.empty()) {
    problem.detail = "this needs a token, and none was sent";
  } else if (!bearer_of(request.authorization)) {
    problem.detail = "the scheme of Authorization is not Bearer";
  } else {
    problem.detail = "the token is not known here";
    challenge += ", error=\"invalid_token\"";
  }
  problem.headers.emplace_back("WWW-Authenticate", std::move(challenge));
  return problem;
}

}  // namespace

Role caller_role(const HttpRequest& request, const HttpConfig& http) {
  if (request.local) return Role::admin;
  if (http.tokens.empty()) return check_exposure(http) ? Role::admin : Role::none;
  const auto shown = bearer_of(request.authorization);
  return shown ? role_of(*shown, http.tokens) : Role::none;
}

std::optional<HttpProblem> check_role(const HttpRequest& request, Role caller, Role needed) {
  if (caller >= needed) return std::nullopt;
  if (caller == Role::none) return unauthorized(request);
  const std::string role(to_string(needed));
  HttpProblem problem{.status = 403, .code = "forbidden_role"};
  problem.detail =
      "the token's role is " + std::string(to_string(caller)) + ", and this needs " + role;
  problem.hint = "use a token whose role is " + role + (needed == Role::admin ? "" : " or admin") +
                 " (http.tokens in the configuration)";
  problem.headers.emplace_back(
      "WWW-Authenticate",
      std::string(kChallenge) + ", error=\"insufficient_scope\", scope=\"" + role + '"');
  return problem;
}

}  // namespace rocd
