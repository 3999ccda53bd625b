// How much of this machine's time others take: what makes gaps that are nobody's bug.
#pragma once

namespace rocd::test {

// Share of the time since the last call, 0 to 1 (proc(5), /proc/stat).
double steal_share();

}  // namespace rocd::test
