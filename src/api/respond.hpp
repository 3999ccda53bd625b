// What handlers answer with, and the conditional requests (RFC 9110, 13) that they share.
// ETag is "<version>-<hash of the body>": a status that changes changes the ETag, so polling with
// If-None-Match is right; If-Match compares the version alone, so that a change of status between
// GET and PUT is no conflict, and a client may send "<version>" too. (pure)
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "api/http.hpp"
#include "api/problem.hpp"

namespace rocd {

[[nodiscard]] HttpResponse json_response(int status, const boost::json::value& value);
// A resource with its version; 201 has a Location too.
[[nodiscard]] HttpResponse resource_response(int status, const boost::json::value& value,
                                             std::uint64_t version, std::string location = {});
[[nodiscard]] HttpResponse no_content();
[[nodiscard]] HttpResponse error_response(const Error& error, const HttpRequest& request);

// version: of the resource as it is; nullopt if there is none. Errors: precondition.
[[nodiscard]] Result<> check_preconditions(const HttpRequest& request,
                                           std::optional<std::uint64_t> version);

// Gives a 200 of GET or HEAD an ETag if it may have one, and makes it a 304 where If-None-Match
// has it.
void finish_conditional(const HttpRequest& request, HttpResponse& response);

}  // namespace rocd
