// Who may call, as the file says it: http.tokens, http.allowed_origins and http.allowed_hosts.
// No mistake repeats what stands where a hash is expected: it may be a token.
#pragma once

#include "config/config.hpp"
#include "config/map_reader.hpp"

namespace rocd {

void read_http_access(MapReader& http, Config& config, Mistakes& mistakes);

}  // namespace rocd
