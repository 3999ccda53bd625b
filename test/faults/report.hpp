// What a campaign has shown, as a table for docs/reliability.md.
#pragma once

#include <string>
#include <vector>

#include "faults/campaign.hpp"

namespace rocd::test {

[[nodiscard]] std::string report(const std::vector<Outcome>& outcomes);

}  // namespace rocd::test
