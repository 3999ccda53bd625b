#include "api/router.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace rocd;

namespace {

HttpResponse text(std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  return response;
}

Router make_router() {
  Router router;
  router.add({Method::get, "/things", BodyKind::none, {"lines"}, [](const Call& call) {
                return text(call.query("lines") ? "list " + *call.query("lines") : "list");
              }});
  router.add({Method::post, "/things", BodyKind::json, {}, [](const Call& call) {
                return text("create " + boost::json::serialize(call.body));
              }});
  router.add({Method::get, "/things/{id}", BodyKind::none, {}, [](const Call& call) {
                return text("read " + call.argument("id"));
              }});
  router.add({Method::patch, "/things/{id}", BodyKind::merge_patch, {}, [](const Call&) {
                return text("patch");
              }});
  router.add({Method::post, "/things/{id}/restart", BodyKind::none, {}, [](const Call& call) {
                return text("restart " + call.argument("id"));
              }});
  router.explain("/things/{id}", "things stay");
  return router;
}

HttpResponse ask(const std::string& method, const std::string& target, std::string body = {},
                 std::string content_type = {}, Role caller = Role::admin) {
  HttpRequest request;
  request.method = parse_method(method);
  request.method_text = method;
  REQUIRE(set_target(request, target).has_value());
  request.body = std::move(body);
  request.content_type = std::move(content_type);
  static const Router router = make_router();  // the answer's route is its own
  return router.dispatch(request, caller);
}

std::string problem_member(const HttpResponse& response, std::string_view name) {
  CHECK(response.content_type == "application/problem+json");
  const auto body = boost::json::parse(response.body).as_object();
  return body.contains(name) ? std::string(body.at(name).as_string()) : "";
}

}  // namespace

TEST_CASE("A route gets its path arguments, decoded, and its query") {
  CHECK(ask("GET", "/things").body == "list");
  CHECK(ask("GET", "/things?lines=a%20b").body == "list a b");
  CHECK(ask("GET", "/things/x%20y").body == "read x y");
  CHECK(ask("HEAD", "/things/x").body == "read x");
  CHECK(ask("POST", "/things/x/restart").body == "restart x");
  CHECK(ask("POST", "/things", "{\"a\": 1}", "application/json").body == "create {\"a\":1}");
}

TEST_CASE("A path that is not there is a 404, with or without a slash too many") {
  const auto path = GENERATE("/", "/thing", "/things/", "//things", "/things//", "/things/x/",
                             "/things/x/restart/now", "/Things");
  CAPTURE(path);
  const auto response = ask("GET", path);
  CHECK(response.status == 404);
  CHECK(problem_member(response, "error_code") == "not_found");
  CHECK(problem_member(response, "instance") == path);
  CHECK(!problem_member(response, "hint").empty());
}

TEST_CASE("A method that is not there is a 405 with Allow and the reason") {
  const auto response = ask("DELETE", "/things/x");
  CHECK(response.status == 405);
  CHECK(response.header("Allow") == "GET, HEAD, PATCH, OPTIONS");
  CHECK(problem_member(response, "error_code") == "method_not_allowed");
  CHECK(problem_member(response, "hint") == "things stay");
  CHECK(ask("PUT", "/things").header("Allow") == "GET, HEAD, POST, OPTIONS");
  CHECK(ask("GET", "/things/x/restart").header("Allow") == "POST, OPTIONS");
  CHECK(ask("BREW", "/things").status == 405);
  CHECK(ask("get", "/things").status == 405);  // methods are case-sensitive
}

TEST_CASE("OPTIONS says what a resource has") {
  const auto response = ask("OPTIONS", "/things/x");
  CHECK(response.status == 204);
  CHECK(response.header("Allow") == "GET, HEAD, PATCH, OPTIONS");
  CHECK(response.header("Accept-Patch") == "application/merge-patch+json, application/json");
  CHECK(ask("OPTIONS", "*").status == 204);
  CHECK(ask("OPTIONS", "/none").status == 404);
}

TEST_CASE("Only the Content-Type of a route is read") {
  CHECK(ask("POST", "/things", "{}", "application/json; charset=UTF-8").status == 200);
  CHECK(ask("POST", "/things", "{}", "Application/JSON").status == 200);
  CHECK(ask("POST", "/things", "{}", "application/json;charset=\"utf-8\"").status == 200);
  CHECK(ask("PATCH", "/things/x", "{}", "application/json").status == 200);
  CHECK(ask("PATCH", "/things/x", "{}", "application/merge-patch+json").status == 200);
  CHECK(ask("PATCH", "/things/x", "{}", "application/json-patch+json").status == 415);
  CHECK(ask("PATCH", "/things/x", "{}", "application/json-patch+json").header("Accept-Patch") ==
        "application/merge-patch+json, application/json");
  for (const auto* type :
       {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp",
        "application/merge-patch+json", "application/json; charset=latin1"}) {
    CAPTURE(type);
    const auto response = ask("POST", "/things", "{}", type);
    CHECK(response.status == 415);
    CHECK(problem_member(response, "error_code") == "unsupported_media_type");
    CHECK(response.header("Accept") == "application/json");
  }
}

TEST_CASE("A body that is missing or broken is a 400, whatever its type") {
  CHECK(ask("POST", "/things").status == 400);
  CHECK(ask("POST", "/things", "{", "application/json").status == 400);
}

TEST_CASE("A POST that takes no body refuses one that says something") {
  CHECK(ask("POST", "/things/x/restart", " {} ").status == 200);
  CHECK(ask("POST", "/things/x/restart", "{\"delay\": 5}", "application/json").status == 422);
}

TEST_CASE("An unknown query parameter is a 422 that names it and what there is") {
  const auto response = ask("GET", "/things?lines=1&verbose&fields=a");
  CHECK(response.status == 422);
  const auto errors = boost::json::parse(response.body).at("errors");
  CHECK(boost::json::serialize(errors) ==
        R"([{"path":"?fields","reason":"unknown query parameter, expected one of: lines"},)"
        R"({"path":"?verbose","reason":"unknown query parameter, expected one of: lines"}])");
  CHECK(ask("GET", "/things/x?a=b").status == 422);
}

TEST_CASE("A route that says nothing of roles is read by viewers and changed by admins") {
  const auto status = [](const std::string& method, const std::string& target, Role caller) {
    return ask(method, target, "{}", "application/json", caller).status;
  };
  CHECK(status("GET", "/things", Role::none) == 401);
  CHECK(status("HEAD", "/things", Role::none) == 401);
  CHECK(status("GET", "/things", Role::viewer) == 200);
  CHECK(status("HEAD", "/things", Role::viewer) == 200);
  CHECK(status("POST", "/things", Role::none) == 401);
  CHECK(status("POST", "/things", Role::viewer) == 403);
  CHECK(status("POST", "/things", Role::operator_) == 403);
  CHECK(status("POST", "/things", Role::admin) == 200);
  CHECK(status("PATCH", "/things/1", Role::operator_) == 403);
}

TEST_CASE("A route has the role that it names") {
  Router router;
  router.add({Method::post,
              "/open",
              BodyKind::none,
              {},
              [](const Call&) { return text("a"); },
              Role::none});
  router.add({Method::del,
              "/change",
              BodyKind::none,
              {},
              [](const Call&) { return text("b"); },
              Role::operator_});
  router.add({Method::get,
              "/secret",
              BodyKind::none,
              {},
              [](const Call&) { return text("c"); },
              Role::admin});
  const auto status = [&](Method method, const std::string& path, Role caller) {
    HttpRequest request;
    request.method = method;
    request.path = path;
    return router.dispatch(request, caller).status;
  };
  CHECK(status(Method::post, "/open", Role::none) == 200);
  CHECK(status(Method::del, "/change", Role::viewer) == 403);
  CHECK(status(Method::del, "/change", Role::operator_) == 200);
  CHECK(status(Method::get, "/secret", Role::operator_) == 403);
  CHECK(status(Method::get, "/secret", Role::admin) == 200);
}

TEST_CASE("A refusal is counted for the route that it was asked of") {
  CHECK(ask("GET", "/things/1", "", "", Role::none).route == "/things/{id}");
  CHECK(ask("GET", "/things/1", "", "", Role::viewer).route == "/things/{id}");
  CHECK(ask("GET", "/nothing", "", "", Role::none).route.empty());
}

TEST_CASE("What there is and what not is said to nobody without a role") {
  for (const auto caller : {Role::none, Role::viewer}) {
    const bool may = caller == Role::viewer;
    CHECK(ask("GET", "/nothing", "", "", caller).status == (may ? 404 : 401));
    CHECK(ask("DELETE", "/things/1", "", "", caller).status == (may ? 405 : 401));
    CHECK(ask("OPTIONS", "/things", "", "", caller).status == (may ? 204 : 401));
    CHECK(ask("OPTIONS", "*", "", "", caller).status == (may ? 204 : 401));
  }
}

TEST_CASE("Who may not is told so before what is wrong with the request") {
  CHECK(ask("POST", "/things?x=1", "{", "text/plain", Role::viewer).status == 403);
}
