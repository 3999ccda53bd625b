// How late timers of the reactor fire: what else waited as long, because a handler was slow or the
// machine was busy. Measured at timers that are there anyway; an idle daemon is not woken up for
// it.
#pragma once

#include "base/histogram.hpp"

namespace rocd {

// Of this thread's reactor.
[[nodiscard]] DurationHistogram& loop_lag();

}  // namespace rocd
