// Names one process for ever, beyond the reuse of its pid. (pure)
#pragma once

#include <cstdint>

namespace rocd {

struct ProcessIdentity {
  int pid = 0;
  std::uint64_t start_ticks = 0;  // proc(5), stat field 22: clock ticks between boot and its start
  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

}  // namespace rocd
