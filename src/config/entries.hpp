// The two lists of the configuration: endpoints and streams. Reads each entry; what needs to know
// the other entries is checked by check_streams().
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/map_reader.hpp"

namespace rocd {

inline constexpr std::string_view system_reference = "system:";  // "system:NODE_NAME"

// Where a stream's fields stand, by the JSON pointers of model/validate: "/source/media_uri".
using FieldPlaces = std::map<std::string, YamlPlace>;

struct ReadEndpoints {
  std::vector<Config::EndpointEntry> entries;
  std::vector<std::string> names;  // of all entries, broken ones too, to look up references
  std::set<std::string> broken;    // names of entries with a mistake
};

struct ReadStream {
  Config::StreamEntry entry;
  YamlPlace place;
  FieldPlaces places;
  std::vector<FieldError> broken;  // fields that could not be read, by the same pointers; said
};

[[nodiscard]] ReadEndpoints read_endpoints(MapReader& file, Mistakes& mistakes);
[[nodiscard]] std::vector<ReadStream> read_streams(MapReader& file, Mistakes& mistakes);

// References that name nothing, and the rules of model/validate, but for what follows from a
// mistake that was said already.
void check_streams(std::vector<ReadStream>& streams, const ReadEndpoints& endpoints,
                   Mistakes& mistakes);

}  // namespace rocd
