// The configuration as keys and values, each with its origin: what GET /system/config shows, and
// what two configurations are compared by. Keys and values are those of the YAML file. (pure)
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace rocd {

struct ConfigValue {
  std::string key;  // "http.listen", "volume"
  boost::json::value value;
  ConfigOrigin origin;
};

// All settings; a secret one says only that it is one.
[[nodiscard]] std::vector<ConfigValue> setting_values(const Config& config);

// All keys of one entry but its name, as the file has it: overrides are not known here.
[[nodiscard]] std::vector<ConfigValue> entry_values(const Config::EndpointEntry& entry);
[[nodiscard]] std::vector<ConfigValue> entry_values(const Config::StreamEntry& entry);

}  // namespace rocd
