// What pages of other web sites may do (CORS, fetch.spec.whatwg.org): those of the configured
// origins may ask with a token in a header, never with what a browser sends by itself. (pure)
#pragma once

#include "api/http.hpp"
#include "config/config.hpp"

namespace rocd {

// A browser asks first, without the token, whether a page may send a request.
[[nodiscard]] bool is_preflight(const HttpRequest& request);
[[nodiscard]] HttpResponse preflight_response();

// Lets the page read the answer, if its origin is one of those configured. Every answer, then, says
// that another origin may get another one.
void allow_origin(const HttpRequest& request, const HttpConfig& http, HttpResponse& response);

[[nodiscard]] bool is_allowed_origin(std::string_view origin, const HttpConfig& http);

}  // namespace rocd
