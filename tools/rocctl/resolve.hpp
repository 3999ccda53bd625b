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
// where there is one, "system_name" (with or without "rocd.").
//
// In this order: the whole uid or path, a name exactly, a beginning of a uid, a name in other
// letters. kind: "endpoint" or "stream". Several matches are a failure of exit code `error`.
[[nodiscard]] Outcome<boost::json::value> resolve(std::string_view word,
                                                  const boost::json::array& items,
                                                  const std::string& kind);

// What a person can type for this one of the items: its name, if it means no other one, else its
// uid. One line, and no option.
[[nodiscard]] std::string word_for(const boost::json::value& item, const boost::json::array& items,
                                   const std::string& kind);

}  // namespace rocctl
