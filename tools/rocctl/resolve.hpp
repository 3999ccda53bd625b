// From what a person types to the one resource that is meant: a uid, a unique beginning of it, a
// path, or a name. Never guesses: what could mean several is an error that lists them. (pure)
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "rocctl/failure.hpp"

namespace rocctl {

// Items as the API lists them: the members are "<kind>_uid", "<kind>_uri", "display_name" and,
// where there is one, "system_name" (with or without "rocd.") or "host_name".
//
// In this order: the whole uid or path, a name exactly, a beginning of a uid, a name in other
// letters. kind: "endpoint", "stream" or "peer".
[[nodiscard]] Outcome<boost::json::value> resolve(std::string_view word,
                                                  const boost::json::array& items,
                                                  const std::string& kind);

// "mic@studio" -> {"mic", "studio"}; without '@' the peer is "self".
struct EndpointName {
  std::string endpoint;
  std::string peer;
  friend bool operator==(const EndpointName&, const EndpointName&) = default;
};
[[nodiscard]] EndpointName split_endpoint_name(std::string_view word);

}  // namespace rocctl
