#include "base/line_ring.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace rocd;

namespace {
std::vector<std::string> split(LineSplitter& splitter, std::string_view bytes,
                               std::uint64_t* dropped = nullptr) {
  std::vector<std::string> lines;
  const auto lost = splitter.feed(bytes, [&](std::string line) { lines.push_back(line); });
  if (dropped != nullptr) *dropped += lost;
  return lines;
}
}  // namespace

TEST_CASE("lines are cut at newlines wherever the reads were cut") {
  LineSplitter splitter;
  CHECK(split(splitter, "on").empty());
  CHECK(split(splitter, "e\ntwo\r\n\nthr") == std::vector<std::string>{"one", "two", ""});
  CHECK(split(splitter, "ee\n") == std::vector<std::string>{"three"});
}

TEST_CASE("a last line without newline is not lost") {
  LineSplitter splitter;
  CHECK(split(splitter, "abort").empty());
  std::vector<std::string> lines;
  splitter.finish([&](std::string line) { lines.push_back(line); });
  splitter.finish([&](std::string line) { lines.push_back(line); });
  CHECK(lines == std::vector<std::string>{"abort"});
}

TEST_CASE("an endless line is bounded and its rest is counted") {
  LineSplitter splitter(8);
  std::uint64_t dropped = 0;
  CHECK(split(splitter, "0123456789", &dropped).empty());
  CHECK(split(splitter, "0123456789", &dropped).empty());
  CHECK(split(splitter, "\nshort\n", &dropped) == std::vector<std::string>{"01234567", "short"});
  CHECK(dropped == 12);
}

TEST_CASE("a ring keeps the newest lines within its bounds and counts the bytes it let go") {
  LineRing ring(3, 100);
  for (int i = 0; i < 5; ++i) ring.push({}, OutputChannel::err, std::to_string(i) + "x");
  CHECK(ring.last(10) == std::vector<std::string>{"2x", "3x", "4x"});
  CHECK(ring.last(1) == std::vector<std::string>{"4x"});
  CHECK(ring.dropped_bytes() == 4);
  CHECK(ring.lines().front().number == 3);

  LineRing narrow(100, 10);
  narrow.push({}, OutputChannel::out, "12345678");
  narrow.push({}, OutputChannel::out, "abcdefgh");
  CHECK(narrow.last(10) == std::vector<std::string>{"abcdefgh"});
}
