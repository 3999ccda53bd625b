// The daemon's JSON as YAML 1.2, which readers of 1.1 understand alike; and back. (pure)
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "rocctl/failure.hpp"

namespace rocctl {

// A document, with a line end. Strings that could be read as anything else are quoted.
[[nodiscard]] std::string yaml(const boost::json::value& value);

// text: JSON or YAML (core schema). A failure says where it is wrong.
[[nodiscard]] Outcome<boost::json::value> parse_document(std::string_view text);

}  // namespace rocctl
