// Counts durations in fixed buckets, as Prometheus wants them. (pure)
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.hpp"

namespace rocd {

class DurationHistogram {
 public:
  static constexpr std::array<double, 12> bounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                 0.01,   0.025,   0.05,   0.1,   0.5,    1.0};

  void record(Duration duration) {
    const double seconds = std::chrono::duration<double>(duration).count();
    std::size_t bucket = 0;
    while (bucket < bounds.size() && seconds > bounds[bucket]) ++bucket;
    ++counts_[bucket];
    ++count_;
    sum_ += seconds;
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] double sum_seconds() const { return sum_; }
  // How many were at most bounds[bucket].
  [[nodiscard]] std::uint64_t cumulative(std::size_t bucket) const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i <= bucket; ++i) sum += counts_[i];
    return sum;
  }

 private:
  std::array<std::uint64_t, bounds.size() + 1> counts_{};  // the last: longer than all bounds
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

}  // namespace rocd
