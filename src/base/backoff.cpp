#include "base/backoff.hpp"

#include <algorithm>
#include <cmath>

namespace rocd {

double Backoff::grown() const {
  return static_cast<double>(limits_.initial.count()) *
         std::pow(limits_.factor, static_cast<double>(attempts_));
}

void Backoff::ease(Duration most) {
  while (attempts_ > 0 && grown() > static_cast<double>(most.count())) {
    --attempts_;
    rested_ = 0;
  }
}

Duration Backoff::next() {
  const double grown = this->grown();
  const auto soon = static_cast<double>(limits_.soon.count());
  const auto cap = static_cast<double>(limits_.cap.count());
  const bool rests = grown > soon && rested_ < limits_.soon_attempts;
  const double capped = std::min(rests ? soon : grown, cap);
  if (rests) {
    ++rested_;
  } else if (grown < cap) {
    ++attempts_;
  }
  std::uniform_real_distribution<double> spread(1.0 - limits_.jitter, 1.0 + limits_.jitter);
  return Duration(static_cast<Duration::rep>(capped * spread(random_)));
}

}  // namespace rocd
