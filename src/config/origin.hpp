// Where a value of the configuration came from. Later kinds win over earlier ones. (pure)
#pragma once

#include <map>
#include <string>

namespace rocd {

struct ConfigOrigin {
  enum class Kind {
    built_in,      // nobody said anything
    file,          // place: "rocd.yaml:3:11"
    environment,   // place: "ROCD_HTTP_LISTEN"
    command_line,  // place: "--listen"
    stored,        // changed over REST and kept in the state directory; no place
  };
  Kind kind = Kind::built_in;
  std::string place;
  friend bool operator==(const ConfigOrigin&, const ConfigOrigin&) = default;
};

// By key, "http.listen"; what is not there is built in.
using ConfigOrigins = std::map<std::string, ConfigOrigin>;

}  // namespace rocd
