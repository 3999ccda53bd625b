// What was changed at run time of an entry of the configuration file: only the members that were
// changed, so that the file still decides about the others. To say what the file says is no
// override: that is how one is taken back. (pure)
#pragma once

#include <boost/json/value.hpp>
#include <optional>

#include "model/endpoint.hpp"
#include "model/stream.hpp"

namespace rocd {

struct EndpointOverrides {
  std::optional<double> volume;
  std::optional<bool> muted;
  std::optional<bool> is_default;
  friend bool operator==(const EndpointOverrides&, const EndpointOverrides&) = default;
};

struct StreamOverrides {
  std::optional<bool> enabled;
  friend bool operator==(const StreamOverrides&, const StreamOverrides&) = default;
};

// The entry with its overrides: what is in force.
[[nodiscard]] EndpointSpec with_overrides(EndpointSpec file, const EndpointOverrides& overrides);
[[nodiscard]] StreamSpec with_overrides(StreamSpec file, const StreamOverrides& overrides);

// What a client leaves out of an entry, or sets to null, is what the file says. body: an object.
void fill_in_overridable(boost::json::value& body, const EndpointSpec& file);
void fill_in_overridable(boost::json::value& body, const StreamSpec& file);

// What makes `wanted` of the entry.
[[nodiscard]] EndpointOverrides difference(const EndpointSpec& file, const EndpointSpec& wanted);
[[nodiscard]] StreamOverrides difference(const StreamSpec& file, const StreamSpec& wanted);

}  // namespace rocd
