#include "base/backoff.hpp"

#include <algorithm>
#include <cmath>

namespace rocd {

Duration Backoff::next() {
  const double grown = static_cast<double>(limits_.initial.count()) *
                       std::pow(limits_.factor, static_cast<double>(attempts_));
  const double capped = std::min(grown, static_cast<double>(limits_.cap.count()));
  if (grown < static_cast<double>(limits_.cap.count())) ++attempts_;
  std::uniform_real_distribution<double> spread(1.0 - limits_.jitter, 1.0 + limits_.jitter);
  return Duration(static_cast<Duration::rep>(capped * spread(random_)));
}

}  // namespace rocd
