#include "base/backoff.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace rocd;

TEST_CASE("backoff doubles up to its cap and stays within its jitter") {
  const BackoffLimits limits{.initial = 100ms, .cap = 5s, .factor = 2.0, .jitter = 0.2};
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Backoff backoff(limits, seed);
    double ideal = 100e6;
    for (int attempt = 0; attempt < 100; ++attempt) {
      const auto delay = static_cast<double>(backoff.next().count());
      REQUIRE(delay >= ideal * 0.8 - 1);
      REQUIRE(delay <= ideal * 1.2 + 1);
      ideal = std::min(ideal * 2, 5e9);
    }
  }
}

TEST_CASE("backoff: however long a trouble lasts, its end is noticed within 4.2 s") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Backoff backoff({}, seed);
    REQUIRE(backoff.next() <= 120ms);
    for (int attempt = 0; attempt < 1000; ++attempt) REQUIRE(backoff.next() <= 4200ms);
    REQUIRE(backoff.next() >= 2800ms);
  }
}

TEST_CASE("backoff begins again after a reset") {
  Backoff backoff({.initial = 1s, .cap = 60s, .factor = 2.0, .jitter = 0.0}, 7);
  CHECK(backoff.next() == 1s);
  CHECK(backoff.next() == 2s);
  backoff.reset();
  CHECK(backoff.next() == 1s);
}

TEST_CASE("jitter differs between seeds, so that many streams do not restart in step") {
  Backoff a({}, 1);
  Backoff b({}, 2);
  CHECK(a.next() != b.next());
}
