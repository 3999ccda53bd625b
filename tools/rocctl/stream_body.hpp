// From the command line to what is sent to the daemon: a stream, or a change of one.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>

#include "rocctl/commands.hpp"

namespace rocctl {

// The body of POST /streams.
[[nodiscard]] Outcome<boost::json::object> stream_from_options(const Session& session,
                                                               const StreamOptions& options);
// name: "-" is standard input. JSON, or YAML as `-o yaml` prints it.
[[nodiscard]] Outcome<boost::json::value> stream_from_file(const std::string& name);

// The merge patch (RFC 7396) of PATCH. stream: as it is now.
[[nodiscard]] Outcome<boost::json::object> change_from_options(const Session& session,
                                                               const StreamOptions& options,
                                                               const boost::json::value& stream);

}  // namespace rocctl
