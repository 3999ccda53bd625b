// Does a JSON value agree with a schema of an OpenAPI 3.1 document? Knows what openapi/rocd.yaml
// uses: $ref, type, enum, const, required, properties, additionalProperties: false, items, oneOf,
// minimum, maximum. A test checks that it uses nothing else.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace rocd::test {

// "<JSON pointer>: <what is wrong>" for each mistake.
std::vector<std::string> check_schema(const boost::json::value& value,
                                      const boost::json::value& schema,
                                      const boost::json::value& document);

// The schema of an answer; nullptr if the document has none for it. `route` is a path as the
// document has it, method in lower case.
const boost::json::value* response_schema(const boost::json::value& document,
                                          std::string_view route, std::string_view method,
                                          int status, std::string_view content_type);

// Follows "$ref" as far as it goes.
const boost::json::value& resolve(const boost::json::value& node,
                                  const boost::json::value& document);

}  // namespace rocd::test
