#include "app/process_setup.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>

using namespace rocd;

namespace {
bool closes_on_exec(int descriptor) {
  return (::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0;
}
}  // namespace

TEST_CASE("a --ready-fd that was passed on for writing is taken, and kept from children") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  REQUIRE_FALSE(closes_on_exec(ends[1]));
  CHECK(claim_ready_fd(ends[1]).has_value());
  CHECK(closes_on_exec(ends[1]));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("standard output may be the --ready-fd, and stays as it is") {
  const int before = ::fcntl(STDOUT_FILENO, F_GETFD);
  CHECK(claim_ready_fd(STDOUT_FILENO).has_value());
  CHECK(::fcntl(STDOUT_FILENO, F_GETFD) == before);
}

TEST_CASE("a --ready-fd that is not open, or not for writing, is refused") {
  const int reads = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  REQUIRE(reads >= 0);
  const auto read_only = claim_ready_fd(reads);
  REQUIRE(read_only.has_error());
  CHECK(read_only.error().code == ErrorCode::invalid_argument);
  CHECK(read_only.error().where == "--ready-fd");
  CHECK(read_only.error().message ==
        "descriptor " + std::to_string(reads) + " is read-only, expected one to write to");

  ::close(reads);
  const auto closed = claim_ready_fd(reads);
  REQUIRE(closed.has_error());
  CHECK(closed.error().code == ErrorCode::invalid_argument);
  CHECK(closed.error().message == "descriptor " + std::to_string(reads) +
                                      " is not open, expected one that was passed on to rocd");
}
