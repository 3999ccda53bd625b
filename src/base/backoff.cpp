#include "base/backoff.hpp"

#include <algorithm>
#include <cmath>

namespace rocd {

double Backoff::grown() const {
  return static_cast<double>(limits_.initial.count()) *
         std::pow(limits_.factor, static_cast<double>(attempts_));
}

void Backoff::ease(Duration most) {
  while (attempts_ > 0 && grown() > static_cast<double>(most.count())) --attempts_;
}

Duration Backoff::next() {
  const double grown = this->grown();
  const auto cap = static_cast<double>(limits_.cap.count());
  const double capped = std::min(grown, cap);
  if (grown < cap) ++attempts_;
  std::uniform_real_distribution<double> spread(1.0 - limits_.jitter, 1.0 + limits_.jitter);
  return Duration(static_cast<Duration::rep>(capped * spread(random_)));
}

}  // namespace rocd
