// The contract as it is served: openapi/rocd.yaml, embedded when the daemon was built.
#pragma once

#include <boost/json/value.hpp>
#include <string_view>

namespace rocd {

[[nodiscard]] std::string_view openapi_yaml();
[[nodiscard]] const boost::json::value& openapi_json();  // converted at first use

// YAML 1.2 core schema: plain scalars are null, true/false, integers, floats, else strings.
// Throws on text that is not YAML. Enough for a document that we write ourselves.
[[nodiscard]] boost::json::value yaml_to_json(std::string_view yaml);

}  // namespace rocd
