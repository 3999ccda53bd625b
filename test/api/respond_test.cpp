#include "api/respond.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "api/http_head.hpp"

using namespace rocd;

namespace {

HttpRequest get_with(const std::string& if_none_match) {
  HttpRequest request;
  request.if_none_match = if_none_match;
  return request;
}

HttpRequest put_with(const std::string& if_match, const std::string& if_none_match = {}) {
  HttpRequest request;
  request.method = Method::put;
  request.if_match = if_match;
  request.if_none_match = if_none_match;
  return request;
}

}  // namespace

TEST_CASE("The ETag of a resource changes with its version and with what it says") {
  const auto tag = [](const char* state, std::uint64_t version) {
    return std::string(
        resource_response(200, boost::json::object{{"state", state}}, version).header("ETag"));
  };
  CHECK(tag("running", 3).starts_with("\"3-"));
  CHECK(tag("running", 3) == tag("running", 3));
  CHECK(tag("running", 3) != tag("backoff", 3));
  CHECK(tag("running", 3) != tag("running", 4));
}

TEST_CASE("If-None-Match makes a 304 of an answer that the client has") {
  const auto make = [] { return resource_response(200, boost::json::object{{"a", 1}}, 3); };
  const std::string tag(make().header("ETag"));
  const auto finish = [&](const std::string& if_none_match) {
    auto response = make();
    finish_conditional(get_with(if_none_match), response);
    return response;
  };
  CHECK(finish(tag).status == 304);
  CHECK(finish(tag).body.empty());
  CHECK(finish(tag).header("ETag") == tag);
  CHECK(finish("\"other\", W/" + tag).status == 304);
  CHECK(finish("*").status == 304);
  CHECK(finish("\"3\"").status == 200);  // the version says nothing of the status
  CHECK(finish("").status == 200);
  CHECK(finish("").header("Cache-Control") == "no-cache");

  auto list = json_response(200, boost::json::array{1, 2});
  finish_conditional(get_with(""), list);
  auto again = json_response(200, boost::json::array{1, 2});
  finish_conditional(get_with(std::string(list.header("ETag"))), again);
  CHECK(again.status == 304);

  auto fresh = json_response(200, boost::json::object{});
  fresh.headers.emplace_back("Cache-Control", "no-store");
  finish_conditional(get_with("*"), fresh);
  CHECK(fresh.status == 200);
  CHECK(fresh.header("ETag").empty());
}

TEST_CASE("If-Match compares the version and nothing else") {
  CHECK(check_preconditions(put_with("\"3\""), 3).has_value());
  CHECK(check_preconditions(put_with("\"3-00ff\""), 3).has_value());
  CHECK(check_preconditions(put_with("3"), 3).has_value());
  CHECK(check_preconditions(put_with("\"2\", \"3\""), 3).has_value());
  CHECK(check_preconditions(put_with("*"), 3).has_value());
  CHECK(check_preconditions(put_with(""), 3).has_value());
  const auto wrong = GENERATE("\"2\"", "\"33\"", "\"\"", "W/\"4-00ff\"", "three");
  CAPTURE(wrong);
  const auto result = check_preconditions(put_with(wrong), 3);
  REQUIRE(!result);
  CHECK(result.error().code == ErrorCode::precondition);
  CHECK(!check_preconditions(put_with("*"), std::nullopt));
}

TEST_CASE("If-None-Match: * on PUT only creates") {
  CHECK(check_preconditions(put_with("", "*"), std::nullopt).has_value());
  CHECK(!check_preconditions(put_with("", "*"), 1));
  CHECK(!check_preconditions(put_with("", "\"1\""), 1));
  CHECK(check_preconditions(put_with("", "\"1\""), 2).has_value());
}

TEST_CASE("Every kind of error has its status and its problem") {
  struct Case {
    ErrorCode code;
    int status;
    std::string name;
  };
  const auto each = GENERATE(
      Case{ErrorCode::invalid_argument, 422, "validation_failed"},
      Case{ErrorCode::malformed, 400, "malformed_request"},
      Case{ErrorCode::not_found, 404, "not_found"}, Case{ErrorCode::conflict, 409, "conflict"},
      Case{ErrorCode::read_only, 409, "read_only"},
      Case{ErrorCode::precondition, 412, "precondition_failed"},
      Case{ErrorCode::unavailable, 503, "unavailable"},
      Case{ErrorCode::timeout, 503, "unavailable"}, Case{ErrorCode::io, 500, "io_error"},
      Case{ErrorCode::internal, 500, "internal_error"});
  HttpRequest request;
  request.path = "/streams/a";
  const auto response = error_response(
      {each.code, "it is so", "rocd.yaml:3:5", "do that", {{"/a", "wrong"}}}, request);
  CHECK(response.status == each.status);
  CHECK(response.content_type == "application/problem+json");
  CHECK(response.header("Retry-After") == (each.status == 503 ? "1" : ""));
  const auto body = boost::json::parse(response.body).as_object();
  CHECK(body.at("status") == each.status);
  CHECK(body.at("error_code").as_string() == each.name);
  CHECK(body.at("type").as_string() == "/docs#" + each.name);
  CHECK(body.at("title").as_string() == reason_phrase(each.status));
  CHECK(body.at("detail").as_string() == "it is so (rocd.yaml:3:5)");
  CHECK(body.at("error_text") == body.at("detail"));
  CHECK(body.at("instance").as_string() == "/streams/a");
  CHECK(body.at("hint").as_string() == "do that");
  CHECK(body.at("errors") == boost::json::parse(R"([{"path": "/a", "reason": "wrong"}])"));
}

TEST_CASE("A 204 and a 304 have no length, everything else has") {
  CHECK(http_head(no_content(), HttpFraming::length, true).find("Content-Length") ==
        std::string::npos);
  const auto head = http_head(json_response(200, nullptr), HttpFraming::length, true);
  CHECK(head.starts_with("HTTP/1.1 200 OK\r\nDate: "));
  CHECK(head.find("\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\n") != std::string::npos);
}
