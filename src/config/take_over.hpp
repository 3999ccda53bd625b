// A configuration that was read anew against the one in force: which settings are taken over while
// rocd runs, and which wait for a restart. (pure)
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"

namespace rocd {

struct TakeOver {
  Config config;                     // what is in force afterwards
  std::vector<std::string> changed;  // keys: "log.level"
  std::vector<std::string> waiting;  // keys of which the former value stays in force
};

[[nodiscard]] TakeOver take_over(const Config& in_force, const Config& read);

}  // namespace rocd
