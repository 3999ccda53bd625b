#include "app/process_setup.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>

using namespace rocd;

namespace {
bool closes_on_exec(int descriptor) {
  return (::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0;
}
bool readable(int descriptor) {
  pollfd ready{descriptor, POLLIN, 0};
  return ::poll(&ready, 1, 0) == 1;
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

TEST_CASE("a --ready-fd that nobody reads any more is refused") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  CHECK(find_starter(ends[1], false).has_value());
  ::close(ends[0]);
  const auto refused = find_starter(ends[1], false);
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == ErrorCode::unavailable);
  CHECK(refused.error().message.starts_with("nobody reads descriptor " + std::to_string(ends[1])));
  ::close(ends[1]);
}

TEST_CASE("the process that started this one is seen to run, if that matters") {
  const auto starter = find_starter(std::nullopt, true);
  REQUIRE(starter.has_value());
  REQUIRE(starter->process.has_value());
  CHECK(closes_on_exec(*starter->process));
  CHECK_FALSE(readable(*starter->process));
  ::close(*starter->process);
  CHECK_FALSE(find_starter(std::nullopt, false)->process.has_value());
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

TEST_CASE("the limit of descriptors is the one that holds now") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit low{200, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  CHECK(descriptor_limit() == 200);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}
