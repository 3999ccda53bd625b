// What holds for every operation of openapi/rocd.yaml, tried on each: a new one is tried at once.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cctype>

#include "api/api_fixture.hpp"
#include "api/document.hpp"

using namespace rocd;
using namespace rocd::test;
namespace json = boost::json;

namespace {

struct Operation {
  std::string method, path;
  json::object documented;

  [[nodiscard]] bool writes() const { return documented.contains("requestBody"); }
  [[nodiscard]] bool answers(const char* status) const {
    return documented.at("responses").as_object().contains(status);
  }
  [[nodiscard]] bool takes(const std::string& parameter) const {
    const auto* parameters = documented.if_contains("parameters");
    if (parameters == nullptr) return false;
    for (const auto& each : parameters->as_array()) {
      const auto* reference = each.as_object().if_contains("$ref");
      if (reference && reference->as_string() == "#/components/parameters/" + parameter)
        return true;
    }
    return false;
  }
};

std::vector<Operation> operations() {
  std::vector<Operation> list;
  for (const auto& path : openapi_json().at("paths").as_object()) {
    for (const auto& method : path.value().as_object()) {
      if (method.key() == "parameters") continue;
      std::string name(method.key());
      for (char& c : name) c = static_cast<char>(std::toupper(c));
      list.push_back({name, path.key(), method.value().as_object()});
    }
  }
  return list;
}

// The path with what is in `values` for its parameters.
std::string fill(std::string path, const std::map<std::string, std::string>& values) {
  for (auto begin = path.find('{'); begin != std::string::npos; begin = path.find('{')) {
    const auto end = path.find('}', begin);
    const auto name = path.substr(begin + 1, end - begin - 1);
    if (!values.contains(name)) FAIL("what is a {" << name << "}? Say it in this test");
    path.replace(begin, end - begin + 1, values.at(name));
  }
  return path;
}

// A daemon in which every path leads to something that may be changed.
struct Furnished : ApiFixture {
  std::map<std::string, std::string> values;

  Furnished() {
    values["peer_uid"] = "self";
    values["file"] = "docs.css";
    values["stream_uid"] = ask("POST", "/streams", {.body = sending_body()}).at("/stream_uid");
    values["endpoint_uid"] = make_endpoint("output");
  }
  std::string target(const Operation& operation) { return fill(operation.path, values); }
};

}  // namespace

TEST_CASE("Every operation refuses foreign hosts and sites, and queries that it does not know") {
  Furnished rocd;
  for (const auto& operation : operations()) {
    CAPTURE(operation.method, operation.path);
    const auto target = rocd.target(operation);
    CHECK(rocd.ask(operation.method, target, {.host = "evil.example"}).status == 403);
    CHECK(rocd.ask(operation.method, target, {.origin = "http://evil.example"}).status == 403);
    CHECK(rocd.ask(operation.method, target + "?colour=red").status == 422);
  }
}

TEST_CASE("Every operation that reads a body refuses one that is not JSON or not said to be") {
  Furnished rocd;
  for (const auto& operation : operations()) {
    if (!operation.writes()) continue;
    CAPTURE(operation.method, operation.path);
    const auto target = rocd.target(operation);
    CHECK(rocd.ask(operation.method, target, {.body = "{"}).status == 400);
    const Ask text{.body = "{}", .content_type = "text/plain"};
    CHECK(rocd.ask(operation.method, target, text).status == 415);
  }
}

TEST_CASE("Every operation on what is not there says so") {
  Furnished rocd;
  const std::string nobody = "abc123-def456-ghi789";
  for (const auto& operation : operations()) {
    if (!operation.answers("404")) continue;
    CAPTURE(operation.method, operation.path);
    auto values = rocd.values;
    for (auto& [name, value] : values) {
      if (operation.path.find("{" + name + "}") == std::string::npos) continue;
      const auto right = std::exchange(value, nobody);
      const Ask body{.body = operation.writes() ? R"({"stream_direction": "output"})" : ""};
      CHECK(rocd.ask(operation.method, fill(operation.path, values), body).status == 404);
      value = right;
    }
  }
}

TEST_CASE("Everything that can be changed can be changed only if it is still what was read") {
  Furnished rocd;
  for (const auto& operation : operations()) {
    if (!operation.takes("IfMatch") || operation.method == "DELETE") continue;
    CAPTURE(operation.method, operation.path);
    const auto target = rocd.target(operation);
    // Without a body it is done to the resource above (…/restart), and only accepted.
    const bool writes = operation.writes();
    const auto read = rocd.ask("GET", writes ? target : target.substr(0, target.rfind('/')));
    const std::string etag(read.header("ETag"));
    const auto body = writes ? read.body : std::string();
    const Ask now{.body = body, .if_match = etag};
    CHECK(rocd.ask(operation.method, target, now).status == (writes ? 200 : 202));
    const Ask later{.body = body, .if_match = "\"99\""};
    CHECK(rocd.ask(operation.method, target, later).status == 412);
    if (operation.method != "PATCH") continue;
    const Ask merge{.body = "{}", .content_type = "application/merge-patch+json"};
    CHECK(rocd.ask(operation.method, target, merge).status == 200);
  }
  for (const auto& operation : operations()) {
    if (!operation.takes("IfMatch") || operation.method != "DELETE") continue;
    CAPTURE(operation.method, operation.path);
    const auto target = rocd.target(operation);
    CHECK(rocd.ask("DELETE", target, {.if_match = "\"99\""}).status == 412);
    const std::string etag(rocd.ask("GET", target).header("ETag"));
    CHECK(rocd.ask("DELETE", target, {.if_match = etag}).status == 204);
  }
}

TEST_CASE("Everything with an ETag is not sent again to who has it") {
  Furnished rocd;
  for (const auto& operation : operations()) {
    if (!operation.takes("IfNoneMatch") || operation.method != "GET") continue;
    CAPTURE(operation.path);
    const auto target = rocd.target(operation);
    const std::string etag(rocd.ask("GET", target).header("ETag"));
    REQUIRE(!etag.empty());
    CHECK(rocd.ask("GET", target, {.if_none_match = etag}).status == 304);
    CHECK(rocd.ask("GET", target, {.if_none_match = "\"another\""}).status == 200);
  }
}
