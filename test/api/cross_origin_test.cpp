#include "api/cross_origin.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

using namespace rocd;

namespace {

std::string header(const HttpResponse& response, const std::string& name) {
  const auto& headers = response.headers;
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const auto& each) { return each.first == name; });
  return found == headers.end() ? "" : found->second;
}

HttpRequest from(const std::string& origin) {
  HttpRequest request;
  request.origin = origin;
  return request;
}

HttpConfig one_origin() {
  HttpConfig http;
  http.allowed_origins = {"https://cast.example"};
  return http;
}

}  // namespace

TEST_CASE("cross origin: only a configured origin may read, and every answer says that it varies") {
  HttpResponse allowed;
  allow_origin(from("https://cast.example"), one_origin(), allowed);
  CHECK(header(allowed, "Access-Control-Allow-Origin") == "https://cast.example");
  CHECK(header(allowed, "Access-Control-Allow-Credentials").empty());
  CHECK(header(allowed, "Vary") == "Origin");
  // Alike is not equal: scheme, port, letter and subdomain count.
  for (const char* other : {"", "null", "http://cast.example", "https://cast.example:8443",
                            "https://cast.example.evil.example", "https://CAST.example", "*"}) {
    CAPTURE(other);
    HttpResponse refused;
    allow_origin(from(other), one_origin(), refused);
    CHECK(header(refused, "Access-Control-Allow-Origin").empty());
    CHECK(header(refused, "Vary") == "Origin");
  }
}

TEST_CASE("cross origin: what an answer varies by already stays") {
  HttpResponse response;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  allow_origin(from("https://cast.example"), one_origin(), response);
  CHECK(header(response, "Vary") == "Accept-Encoding, Origin");
}

TEST_CASE("cross origin: without configured origins answers say nothing of it") {
  HttpResponse response;
  allow_origin(from("https://cast.example"), HttpConfig(), response);
  CHECK(response.headers.empty());
  CHECK_FALSE(is_allowed_origin("https://cast.example", HttpConfig()));
}

TEST_CASE("cross origin: a preflight is told of methods and headers, and of no credentials") {
  const auto response = preflight_response();
  CHECK(response.status == 204);
  CHECK(header(response, "Access-Control-Allow-Headers").find("Authorization") !=
        std::string::npos);
  CHECK(header(response, "Access-Control-Allow-Methods").find("PATCH") != std::string::npos);
  CHECK(header(response, "Access-Control-Allow-Credentials").empty());
}
