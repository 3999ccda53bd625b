#include "base/descriptor.hpp"

#include <fcntl.h>

#include <catch2/catch_test_macros.hpp>
#include <type_traits>

using rocd::Descriptor;

namespace {

int open_something() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

}  // namespace

TEST_CASE("descriptor: what it owns is closed once, by the last owner") {
  const int fd = open_something();
  REQUIRE(fd >= 0);
  {
    Descriptor outer;
    CHECK_FALSE(outer);
    {
      Descriptor inner(fd);
      outer = std::move(inner);
    }
    CHECK(is_open(fd));
    CHECK(outer.get() == fd);
    const Descriptor last(std::move(outer));
    CHECK(last);
  }
  CHECK_FALSE(is_open(fd));
  STATIC_CHECK_FALSE(std::is_copy_constructible_v<Descriptor>);
}

TEST_CASE("descriptor: what is released stays open") {
  const int fd = open_something();
  REQUIRE(fd >= 0);
  {
    Descriptor owner(fd);
    CHECK(owner.release() == fd);
    CHECK_FALSE(owner);
  }
  CHECK(is_open(fd));
  ::close(fd);
}
