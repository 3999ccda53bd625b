// How much of something happened in the last ten seconds, to the second. (pure)
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "base/clock.hpp"

namespace rocd {

class RecentSum {
 public:
  static constexpr std::int64_t seconds = 10;

  void add(std::uint32_t amount, Instant now) {
    auto& bucket = buckets_[static_cast<std::size_t>(second_of(now)) % buckets_.size()];
    if (bucket.second != second_of(now)) bucket = {second_of(now), 0};
    bucket.amount += amount;
  }
  void clear() { buckets_ = {}; }

  [[nodiscard]] std::uint32_t sum(Instant now) const {
    std::uint32_t sum = 0;
    for (const auto& bucket : buckets_) {
      if (bucket.second > second_of(now) - seconds) sum += bucket.amount;
    }
    return sum;
  }

 private:
  struct Bucket {
    std::int64_t second = -1;
    std::uint32_t amount = 0;
  };
  static std::int64_t second_of(Instant now) {
    return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  }

  std::array<Bucket, seconds> buckets_{};
};

}  // namespace rocd
