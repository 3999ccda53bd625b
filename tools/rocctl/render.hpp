// What the daemon's JSON looks like to people. Numbers carry their units. (pure)
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <optional>
#include <string>

#include "rocctl/table.hpp"

namespace rocctl {

// Names of endpoints by path, to show who is connected; a path that is not there is shown itself.
using EndpointNames = std::map<std::string, std::string, std::less<>>;
[[nodiscard]] EndpointNames endpoint_names(const boost::json::array& endpoints);

[[nodiscard]] std::string render_endpoints(const boost::json::array& endpoints, const Style& style);
[[nodiscard]] std::string render_endpoint(const boost::json::value& endpoint, const Style& style);
[[nodiscard]] std::string render_streams(const boost::json::array& streams,
                                         const EndpointNames& names, const Style& style);
[[nodiscard]] std::string render_stream(const boost::json::value& stream,
                                        const EndpointNames& names, const Style& style);
[[nodiscard]] std::string render_log_line(const boost::json::value& line, const Style& style);

// parts: {"peer": …, "system": …, "ready": …, "streams": […], "endpoints": […]}
[[nodiscard]] std::string render_status(const boost::json::value& parts, const Style& style);

// The display name, or the uid of a stream that has none.
[[nodiscard]] std::string name_of(const boost::json::value& stream);
// Not enabled, or running and healthy (also if only thanks to error correction).
[[nodiscard]] bool is_well(const boost::json::value& stream);
// The cause, with the remedy: "waiting: no endpoint …; hint". Empty if there is none.
[[nodiscard]] std::string trouble_of(const boost::json::value& stream);

[[nodiscard]] Tone tone_of_state(std::string_view state);
[[nodiscard]] Tone tone_of_health(std::string_view health);

[[nodiscard]] std::string format_milliseconds(std::optional<double> value);  // "203.6 ms", "-"
[[nodiscard]] std::string format_volume(double linear);                      // "-12.0 dB (0.25)"
[[nodiscard]] std::string format_seconds(double seconds);                    // "3 h 12 min"
[[nodiscard]] std::string format_bytes(double bytes);                        // "11.4 MB"

}  // namespace rocctl
