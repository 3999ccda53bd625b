#include "base/token_bucket.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace rocd;

TEST_CASE("a token bucket gives what there is, and all of it or nothing") {
  const Instant now{100s};
  TokenBucket bucket(10, 30);
  CHECK(bucket.take(20, now));
  CHECK_FALSE(bucket.take(20, now));
  CHECK(bucket.take(10, now));
  CHECK_FALSE(bucket.take(1, now));
  CHECK_FALSE(bucket.take(11, now + 1s));
  CHECK(bucket.take(10, now + 1s));
  // However long nobody asked, no more than the reserve.
  CHECK_FALSE(bucket.take(31, now + 1h));
  CHECK(bucket.take(30, now + 1h));
}

TEST_CASE("a token bucket says when a debt is made up for") {
  const Instant now{100s};
  TokenBucket bucket(10, 30);
  CHECK(bucket.spend(30, now) == now);
  CHECK(bucket.spend(5, now) == now + 500ms);
  CHECK(bucket.spend(5, now) == now + 1s);
  CHECK(bucket.spend(10, now + 2s) == now + 2s);
}

TEST_CASE("what a token bucket lets through stays within its rate") {
  Instant now{100s};
  TokenBucket bucket(1000, 5000);
  double taken = 0;
  for (int i = 0; i < 60'000; ++i, now += 1ms)
    if (bucket.take(64, now)) taken += 64;
  CHECK(taken <= 5000 + 60 * 1000);
  CHECK(taken > 5000 + 58 * 1000);
}
