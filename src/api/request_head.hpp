// What the head of a request says: what of it is refused before a handler sees it, and what
// handlers see. Reading the bytes is the connection's.
#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string_view>

#include "api/http.hpp"
#include "api/http_server.hpp"
#include "api/problem.hpp"

namespace rocd {

using RequestParser = boost::beast::http::request_parser<boost::beast::http::string_body>;

// Why the parser stopped; `unread`: what it did not take.
[[nodiscard]] HttpProblem refusal_of(const boost::system::error_code& error,
                                     const RequestParser& parser, std::string_view unread,
                                     const HttpLimits& limits);

// What a head may not say. Beast lets some of it through: a Transfer-Encoding that does not end in
// `chunked` would leave the length of the body to guesses (RFC 9112, 6.1 and 6.3).
[[nodiscard]] std::optional<HttpProblem> check_head(const RequestParser& parser);

// Everything of the head that handlers may want; trailers come later and are ignored.
[[nodiscard]] Result<HttpRequest> to_request(const RequestParser& parser, bool local);

}  // namespace rocd
