#include "aio/loop_lag.hpp"

namespace rocd {

DurationHistogram& loop_lag() {
  thread_local DurationHistogram histogram;
  return histogram;
}

}  // namespace rocd
