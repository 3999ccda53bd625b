#include "base/descriptors_left.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "base/descriptor.hpp"

using namespace rocd;

TEST_CASE("descriptors are scarce when the newest is close to the limit, whatever it is now") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  std::vector<Descriptor> open;
  const auto open_one = [&] {
    open.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    return open.back().get();
  };
  const auto first = static_cast<rlim_t>(open_one());
  rlimit low = before;
  low.rlim_cur = first + 20;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  std::size_t more = 0;
  while (!few_descriptors_left(open_one(), 8)) ++more;
  std::size_t left = 0;
  while (open_one() >= 0) ++left;
  CHECK(few_descriptors_left(static_cast<int>(low.rlim_cur) - 1, 1));
  CHECK_FALSE(few_descriptors_left(static_cast<int>(low.rlim_cur) - 1, 0));
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(left == 7);
  CHECK(more > 0);
  CHECK_FALSE(few_descriptors_left(static_cast<int>(first), 8));
}
