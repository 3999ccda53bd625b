// The head of a response as bytes (RFC 9112). (pure)
#pragma once

#include <string>

#include "api/http.hpp"

namespace rocd {

enum class HttpFraming { length, chunked, until_close };

// Adds Date, Content-Length or Transfer-Encoding, Connection, X-Content-Type-Options. Control
// characters in header values become spaces: no value can begin another header.
[[nodiscard]] std::string http_head(const HttpResponse& response, HttpFraming framing,
                                    bool keep_alive);

[[nodiscard]] std::string chunk_head(std::size_t bytes);

}  // namespace rocd
