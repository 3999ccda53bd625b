#include "api/cross_origin.hpp"

#include <algorithm>

#include "api/respond.hpp"

namespace rocd {

bool is_preflight(const HttpRequest& request) {
  return request.method == Method::options && !request.origin.empty() &&
         !request.access_control_request_method.empty();
}

// The same for every path: whether there is such a resource, and who may, the request itself tells.
HttpResponse preflight_response() {
  auto response = no_content();
  response.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE");
  response.headers.emplace_back(
      "Access-Control-Allow-Headers",
      "Authorization, Content-Type, If-Match, If-None-Match, Last-Event-ID");
  response.headers.emplace_back("Access-Control-Max-Age", "600");  // seconds
  return response;
}

bool is_allowed_origin(std::string_view origin, const HttpConfig& http) {
  return std::find(http.allowed_origins.begin(), http.allowed_origins.end(), origin) !=
         http.allowed_origins.end();
}

void allow_origin(const HttpRequest& request, const HttpConfig& http, HttpResponse& response) {
  if (http.allowed_origins.empty()) return;
  auto& headers = response.headers;
  const auto vary = std::find_if(headers.begin(), headers.end(),
                                 [](const auto& each) { return each.first == "Vary"; });
  if (vary == headers.end())
    headers.emplace_back("Vary", "Origin");
  else
    vary->second += ", Origin";
  if (!is_allowed_origin(request.origin, http)) return;
  headers.emplace_back("Access-Control-Allow-Origin", request.origin);
  headers.emplace_back("Access-Control-Expose-Headers",
                       "ETag, Location, Allow, Retry-After, WWW-Authenticate");
}

}  // namespace rocd
