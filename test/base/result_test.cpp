#include "base/result.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <stdexcept>

using namespace rocd;

TEST_CASE("an error as text carries its place, its fields and its remedy") {
  Error error{ErrorCode::invalid_argument,
              "the stream is not valid",
              "rocd.yaml:3:1",
              "see 'rocctl doctor'",
              {{"/source", "missing"}}};
  CHECK(to_string(error) ==
        "the stream is not valid (rocd.yaml:3:1); /source: missing; see 'rocctl doctor'");
}

TEST_CASE("an error from errno names the call and the reason") {
  const auto error = errno_error("open '/nowhere'", ENOENT);
  CHECK(error.code == ErrorCode::io);
  CHECK(error.message == "open '/nowhere': No such file or directory");
}

TEST_CASE("taking the value of a failed result is a defect and throws with the reason") {
  const Result<int> result = Error{ErrorCode::io, "disk full", "", "", {}};
  CHECK_THROWS_AS(result.value(), std::runtime_error);
}
