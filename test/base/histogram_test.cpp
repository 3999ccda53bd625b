#include "base/histogram.hpp"

#include <catch2/catch_test_macros.hpp>

namespace rocd::test {

TEST_CASE("A histogram counts what is at most each bound, and all there is") {
  DurationHistogram histogram;
  CHECK(histogram.count() == 0);
  histogram.record(100us);  // on a bound
  histogram.record(101us);
  histogram.record(-5us);  // a clock may do that
  histogram.record(3s);
  CHECK(histogram.count() == 4);
  CHECK(histogram.cumulative(0) == 2);
  CHECK(histogram.cumulative(1) == 3);
  CHECK(histogram.cumulative(DurationHistogram::bounds.size() - 1) == 3);
  CHECK(histogram.sum_seconds() > 3.0);
  CHECK(histogram.sum_seconds() < 3.001);
}

}  // namespace rocd::test
