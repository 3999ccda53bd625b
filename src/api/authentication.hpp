// Decides who calls, by the token of a request (RFC 6750), and what is answered to who may not.
// Which route needs which role is the router's. (pure)
#pragma once

#include <optional>

#include "api/http.hpp"
#include "api/problem.hpp"
#include "config/config.hpp"
#include "model/access_token.hpp"

namespace rocd {

// Over the Unix socket everybody is admin: its file lets only its owner in. Without tokens, too,
// but on loopback only: should the last token go while others can connect, nobody is let in. Else
// the role of the token, none without a right one.
[[nodiscard]] Role caller_role(const HttpRequest& request, const HttpConfig& http);

// nullopt: let it pass. 401 for a caller without a role, 403 for one with too small a role.
[[nodiscard]] std::optional<HttpProblem> check_role(const HttpRequest& request, Role caller,
                                                    Role needed);

}  // namespace rocd
