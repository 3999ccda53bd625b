#include "base/write_all.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <thread>

using namespace rocd;

TEST_CASE("text larger than a pipe holds is written whole") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const std::string text(300'000, 'x');
  std::size_t size = 0;
  std::thread reader([&] {
    std::array<char, 5000> buffer{};
    for (;;) {
      const auto got = ::read(ends[0], buffer.data(), buffer.size());
      if (got <= 0) return;
      size += static_cast<std::size_t>(got);
    }
  });
  const auto written = write_all(ends[1], text, "write");
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  CHECK(written.has_value());
  CHECK(size == text.size());
}

TEST_CASE("what cannot be written is an error with its reason") {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(full >= 0);
  const auto lost = write_all(full, "x", "cannot write the answer");
  ::close(full);
  REQUIRE(lost.has_error());
  CHECK(lost.error().message == "cannot write the answer: No space left on device");
  CHECK(write_all(full, "", "nothing to write").has_value());
}
