// Writes what the API tests ask and get, one JSON object a line, to the file that ROCD_RECORD
// names: test/contract validates it against openapi/rocd.yaml. Without that variable nothing is
// written.
#pragma once

#include <map>
#include <string>

#include "api/http.hpp"

namespace rocd::test {

// An answer of the API to a request. Of an open-ended one, what it goes on with is recorded too:
// its source is wrapped for that.
void record_exchange(const HttpRequest& request, HttpResponse& response);

// A problem that the server itself answered, on a real socket, to whatever the test had sent.
void record_refusal(int status, const std::map<std::string, std::string>& headers,
                    const std::string& body);

}  // namespace rocd::test
