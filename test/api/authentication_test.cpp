#include "api/authentication.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace rocd;

namespace {

std::string token(unsigned char fill) {
  std::array<unsigned char, kTokenBytes> bytes{};
  bytes.fill(fill);
  return token_text(bytes);
}

HttpConfig with_tokens() {
  HttpConfig http;
  http.tokens = {{"grafana", Role::viewer, TokenHash::of(token(1))},
                 {"phone", Role::operator_, TokenHash::of(token(2))},
                 {"me", Role::admin, TokenHash::of(token(3))}};
  return http;
}

const HttpConfig kHttp = with_tokens();

HttpRequest request(const std::string& authorization, bool local = false) {
  HttpRequest result;
  result.authorization = authorization;
  result.local = local;
  return result;
}

Role role(const std::string& authorization) {
  return caller_role(request(authorization), kHttp);
}

std::string challenge(const HttpProblem& problem) {
  REQUIRE(problem.headers.size() == 1);
  CHECK(problem.headers.front().first == "WWW-Authenticate");
  return problem.headers.front().second;
}

}  // namespace

TEST_CASE("A token gives its role, however its scheme is written") {
  CHECK(role("Bearer " + token(1)) == Role::viewer);
  CHECK(role("bearer " + token(2)) == Role::operator_);
  CHECK(role("BEARER   " + token(3)) == Role::admin);
}

TEST_CASE("What is not a bearer token that is known gives no role") {
  for (const auto& wrong :
       {std::string(), "Bearer " + token(4), token(3), "Basic " + token(3), "Bearer" + token(3),
        "Bearer\t" + token(3), "Bearer " + token(3) + " ", "Bearer " + token(3) + "x",
        "Bearer \"" + token(3) + "\"", "Bearer " + token(1) + ", Bearer " + token(3),
        std::string("Bearer"), std::string("Bearer "), std::string("Bear"),
        "Bearer " + kHttp.tokens.back().hash.hex(), "Token " + token(3)}) {
    CAPTURE(wrong);
    CHECK(role(wrong) == Role::none);
  }
}

TEST_CASE("The Unix socket, and a daemon without tokens, let everybody do everything") {
  CHECK(caller_role(request("", true), kHttp) == Role::admin);
  CHECK(caller_role(request("Bearer " + token(1), true), kHttp) == Role::admin);
  CHECK(caller_role(request(""), {}) == Role::admin);
  CHECK(caller_role(request("Bearer x"), {}) == Role::admin);
}

TEST_CASE("Should the last token go while others can connect, nobody is let in over TCP") {
  HttpConfig http;
  http.listen_host = "0.0.0.0";
  CHECK(caller_role(request(""), http) == Role::none);
  CHECK(caller_role(request("Bearer " + token(1)), http) == Role::none);
  CHECK(caller_role(request("", true), http) == Role::admin);
}

TEST_CASE("A larger role may what a smaller one may, and not the other way round") {
  const auto roles = {Role::none, Role::viewer, Role::operator_, Role::admin};
  for (const auto caller : roles) {
    for (const auto needed : roles) {
      const auto problem = check_role(request(""), caller, needed);
      CHECK(problem.has_value() == (caller < needed));
      if (problem) CHECK(problem->status == (caller == Role::none ? 401 : 403));
    }
  }
}

TEST_CASE("Who is not known is told what is expected, and whether the token was wrong") {
  const auto none = *check_role(request(""), Role::none, Role::viewer);
  CHECK(challenge(none) == "Bearer realm=\"rocd\"");
  CHECK(none.detail == "this needs a token, and none was sent");
  CHECK(none.hint.find("rocctl token new") != std::string::npos);
  const auto basic = *check_role(request("Basic dTpw"), Role::none, Role::viewer);
  CHECK(challenge(basic) == "Bearer realm=\"rocd\"");
  CHECK(basic.detail == "the scheme of Authorization is not Bearer");
  const auto wrong = *check_role(request("Bearer rocd_x"), Role::none, Role::viewer);
  CHECK(challenge(wrong) == "Bearer realm=\"rocd\", error=\"invalid_token\"");
  CHECK(wrong.detail == "the token is not known here");
}

TEST_CASE("Who has too small a role is told which one it takes") {
  const auto problem = *check_role(request(""), Role::viewer, Role::operator_);
  CHECK(problem.code == "forbidden_role");
  CHECK(problem.detail == "the token's role is viewer, and this needs operator");
  CHECK(problem.hint ==
        "use a token whose role is operator or admin (http.tokens in the configuration)");
  CHECK(challenge(problem) ==
        "Bearer realm=\"rocd\", error=\"insufficient_scope\", scope=\"operator\"");
}
