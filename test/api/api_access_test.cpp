// Who may ask what, over the whole API: roles of every route, tokens that show up nowhere, CORS.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "api/api_fixture.hpp"
#include "api/document.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

std::string token_for(Role role) {
  std::array<unsigned char, kTokenBytes> bytes{};
  bytes.fill(static_cast<unsigned char>(0x10 + static_cast<int>(role)));
  return token_text(bytes);
}

std::string bearer(Role role) {
  return "Bearer " + token_for(role);
}

struct GuardedApi : ApiFixture {
  GuardedApi() {
    for (const auto role : {Role::viewer, Role::operator_, Role::admin})
      config.http.tokens.push_back(
          {std::string(to_string(role)), role, TokenHash::of(token_for(role))});
  }

  // No answer holds a token or its hash.
  Answer ask(const std::string& method, const std::string& target, Ask what = {}) {
    auto answer = ApiFixture::ask(method, target, std::move(what));
    auto said = answer.body;
    for (const auto& [name, value] : answer.headers) said += name + value;
    for (const auto role : {Role::viewer, Role::operator_, Role::admin}) {
      CHECK(said.find(token_for(role)) == std::string::npos);
      CHECK(said.find(TokenHash::of(token_for(role)).hex()) == std::string::npos);
    }
    return answer;
  }

  // A path of this route that there is.
  [[nodiscard]] std::string path_of(const Router::Route& route) const {
    std::string path = route.pattern;
    const std::map<std::string, std::string> names{{"{peer_uid}", "self"},
                                                   {"{endpoint_uid}", kitchen},
                                                   {"{stream_uid}", to_kitchen},
                                                   {"{file}", "docs.css"}};
    for (const auto& [name, value] : names) {
      if (const auto at = path.find(name); at != path.npos) path.replace(at, name.size(), value);
    }
    return path;
  }
};

Ask with(const std::string& authorization) {
  return {.body = {}, .authorization = authorization};
}

std::string method_of(const Router::Route& route) {
  return std::string(to_string(route.method));
}

// The role that the contract names; none if everybody may.
Role documented_role(const Router::Route& route) {
  auto method = method_of(route);
  for (char& c : method) c = static_cast<char>(std::tolower(c));
  const auto& operation = openapi_json().at("paths").at(route.pattern).at(method).as_object();
  const auto& security = operation.at("security").as_array();
  if (security.empty()) return Role::none;
  const auto& roles = security.at(0).at("bearer").as_array();
  return parse_role(roles.at(0).as_string()).value_or(Role::none);
}

}  // namespace

TEST_CASE("Every operation needs the role that the contract names, and answers 401 and 403") {
  GuardedApi rocd;
  std::set<Role> needed_somewhere;
  for (const auto& route : rocd.api->router().routes()) {
    const auto method = method_of(route);
    const auto path = rocd.path_of(route);
    const auto needed = Router::required_role(route);
    CAPTURE(method, path);
    CHECK(documented_role(route) == needed);
    needed_somewhere.insert(needed);

    for (const auto& nobody : {std::string(), std::string("Bearer rocd_x"), std::string("Basic x"),
                               "Bearer " + rocd.config.http.tokens.back().hash.hex()}) {
      const auto answer = rocd.ask(method, path, with(nobody));
      CHECK((answer.status == 401) == (needed != Role::none));
      if (answer.status != 401) continue;
      CHECK(answer.at("/error_code") == "unauthorized");
      CHECK(answer.header("WWW-Authenticate").starts_with("Bearer realm=\"rocd\""));
    }
    for (const auto role : {Role::viewer, Role::operator_}) {
      if (role >= needed) continue;
      const auto answer = rocd.ask(method, path, with(bearer(role)));
      CHECK(answer.status == 403);
      CHECK(answer.at("/error_code") == "forbidden_role");
      CHECK(answer.at("/hint").find(to_string(needed)) != std::string::npos);
    }
    CHECK(rocd.ask(method, path, {.host = "evil.example"}).status == 403);
    CHECK(rocd.ask(method, path, {.origin = "https://evil.example"}).status == 403);
  }
  CHECK(needed_somewhere.size() == 4);
}

TEST_CASE("The smallest role that a route names is enough for it") {
  for (std::size_t i = 0;; ++i) {
    GuardedApi rocd;  // a request may remove what the next one needs
    const auto& routes = rocd.api->router().routes();
    if (i == routes.size()) break;
    const auto needed = Router::required_role(routes[i]);
    const auto method = method_of(routes[i]);
    const auto path = rocd.path_of(routes[i]);
    CAPTURE(method, path);
    const auto answer = rocd.ask(method, path, with(bearer(needed)));
    CHECK(answer.status != 401);
    CHECK(answer.status != 403);
  }
}

TEST_CASE("Nobody without a token learns what there is, in any way of asking") {
  GuardedApi rocd;
  for (const auto* method : {"GET", "HEAD", "POST", "DELETE", "OPTIONS", "BREW"}) {
    for (const auto* path : {"/streams", "/streams/none", "/nothing"}) {
      CAPTURE(method, path);
      CHECK(rocd.ask(method, path).status == 401);
    }
  }
  CHECK(rocd.ask("GET", "/streams?x=1").status == 401);
  CHECK(rocd.ask("GET", "/nothing", with(bearer(Role::viewer))).status == 404);
}

TEST_CASE("The Unix socket needs no token") {
  GuardedApi rocd;
  CHECK(rocd.ask("GET", "/streams", {.local = true}).status == 200);
  CHECK(rocd.ask("POST", "/peers/self/endpoints",
                 {.body = R"({"stream_direction": "output"})", .local = true})
            .status == 201);
}

TEST_CASE("Tokens that are taken away or given another role count at once") {
  GuardedApi rocd;
  const auto ask = [&] {
    return rocd.ask("POST", "/streams", with(bearer(Role::operator_))).status;
  };
  CHECK(ask() == 400);  // no body
  rocd.config.http.tokens.at(1).role = Role::viewer;
  CHECK(ask() == 403);
  rocd.config.http.tokens.erase(rocd.config.http.tokens.begin() + 1);
  CHECK(ask() == 401);
}

TEST_CASE("A page of a configured origin may ask first, ask, and read the answer") {
  GuardedApi rocd;
  rocd.config.http.allowed_origins = {"https://audio.example.org"};
  const std::string page = "https://audio.example.org";
  // A browser sends no token with its first question.
  const auto first =
      rocd.ask("OPTIONS", "/streams", {.origin = page, .access_control_request_method = "POST"});
  CHECK(first.status == 204);
  CHECK(first.header("Access-Control-Allow-Origin") == page);
  CHECK(first.header("Access-Control-Allow-Methods") == "GET, POST, PUT, PATCH, DELETE");
  CHECK(first.header("Access-Control-Allow-Headers") ==
        "Authorization, Content-Type, If-Match, If-None-Match, Last-Event-ID");
  CHECK(first.header("Access-Control-Max-Age") == "600");
  CHECK(first.header("Vary") == "Origin");

  const auto read =
      rocd.ask("GET", "/streams", {.origin = page, .authorization = bearer(Role::viewer)});
  CHECK(read.status == 200);
  CHECK(read.header("Access-Control-Allow-Origin") == page);
  CHECK(read.header("Vary") == "Origin");
  for (const auto* name : {"ETag", "Location"})
    CHECK(read.header("Access-Control-Expose-Headers").find(name) != std::string::npos);
  // It may read what is wrong, too.
  const auto refused = rocd.ask("GET", "/streams", {.origin = page});
  CHECK(refused.status == 401);
  CHECK(refused.header("Access-Control-Allow-Origin") == page);
  const auto same = rocd.ask("GET", "/streams",
                             {.if_none_match = std::string(read.header("ETag")),
                              .origin = page,
                              .authorization = bearer(Role::viewer)});
  CHECK(same.status == 304);
  CHECK(same.header("Access-Control-Allow-Origin") == page);
  for (const auto* answer : {&first, &read, &refused})
    CHECK(answer->header("Access-Control-Allow-Credentials").empty());
}

TEST_CASE("Every answer may be another one for another origin, once there are any") {
  ApiFixture rocd;
  CHECK(rocd.ask("GET", "/streams").header("Vary").empty());
  rocd.config.http.allowed_origins = {"https://audio.example.org"};
  CHECK(rocd.ask("GET", "/streams").header("Vary") == "Origin");
  const auto own = rocd.ask("GET", "/streams", {.origin = "http://localhost:4040"});
  CHECK(own.status == 200);
  CHECK(own.header("Access-Control-Allow-Origin").empty());
  CHECK(own.header("Vary") == "Origin");
  CHECK(rocd.ask("GET", "/docs/docs.css").header("Vary") == "Accept-Encoding, Origin");
}

TEST_CASE("A page of another origin is refused, its first question too") {
  ApiFixture rocd;
  for (const bool configured : {false, true}) {
    if (configured) rocd.config.http.allowed_origins = {"https://audio.example.org"};
    for (const auto* origin : {"https://evil.example", "null", "https://audio.example.org.evil"}) {
      for (const auto* asked : {"", "POST"}) {
        const auto answer = rocd.ask("OPTIONS", "/streams",
                                     {.origin = origin, .access_control_request_method = asked});
        CHECK(answer.status == 403);
        CHECK(answer.header("Access-Control-Allow-Origin").empty());
        CHECK(answer.header("Access-Control-Allow-Methods").empty());
      }
    }
  }
}
