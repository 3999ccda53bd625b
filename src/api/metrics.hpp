// Everything that Prometheus may want to know, in its text format (version 0.0.4).
#pragma once

#include <string>

#include "api/handlers.hpp"

namespace rocd {

[[nodiscard]] std::string metrics_text(const Services& services);

}  // namespace rocd
