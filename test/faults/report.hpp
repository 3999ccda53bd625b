// What a campaign has shown, as a table for docs/reliability.md.
#pragma once

#include <string>
#include <vector>

#include "faults/campaign.hpp"

namespace rocd::test {

[[nodiscard]] std::string report(const std::vector<Outcome>& outcomes);
// A campaign that has had its turn with all of them has none.
[[nodiscard]] std::vector<std::string> kinds_never_made(const std::vector<const FaultKind*>& kinds,
                                                        const std::vector<Outcome>& outcomes);

}  // namespace rocd::test
