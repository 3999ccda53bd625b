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

TEST_CASE("of what is skipped no part of a line comes out, and every byte is counted") {
  LineSplitter splitter(8);
  std::vector<std::string> told;
  const auto tell = [&](std::string line) { told.push_back(std::move(line)); };
  std::uint64_t dropped = 0;
  CHECK(split(splitter, "one\ntwo", &dropped) == std::vector<std::string>{"one"});
  dropped += splitter.skip("-rest\nthree\nfo", tell);
  CHECK(dropped == 17);
  CHECK(split(splitter, "ur", &dropped).empty());
  CHECK(split(splitter, "\nfive\nsix", &dropped) == std::vector<std::string>{"five"});
  CHECK(dropped == 20);
  dropped += splitter.skip("\n", tell);  // the line was whole, but nobody saw its end
  CHECK(dropped == 24);
  CHECK(split(splitter, "seven\n", &dropped) == std::vector<std::string>{"seven"});
  CHECK(splitter.skip("", tell) == 0);
  CHECK(split(splitter, "eight\n", &dropped) == std::vector<std::string>{"eight"});
  CHECK(dropped == 24);
  CHECK(told.empty());
}

TEST_CASE("the beginning of an endless line comes out, however much of it is skipped") {
  LineSplitter splitter(8);
  std::vector<std::string> told;
  const auto tell = [&](std::string line) { told.push_back(std::move(line)); };
  std::uint64_t dropped = 0;
  CHECK(split(splitter, "0123456789", &dropped).empty());
  dropped += splitter.skip("0123456789", tell);
  CHECK(told.empty());
  SECTION("its end is seen") {
    CHECK(split(splitter, "9\nshort\n", &dropped) == std::vector<std::string>{"01234567", "short"});
    CHECK(dropped == 13);
  }
  SECTION("its end is skipped") {
    dropped += splitter.skip("9\nsho", tell);
    CHECK(told == std::vector<std::string>{"01234567"});
    CHECK(split(splitter, "rt\nlast\n", &dropped) == std::vector<std::string>{"last"});
    CHECK(dropped == 20);
  }
  SECTION("it has no end") {
    splitter.finish(tell);
    CHECK(told == std::vector<std::string>{"01234567"});
  }
}

namespace {
std::vector<std::string> texts(const std::vector<LogLine>& lines) {
  std::vector<std::string> result;
  for (const auto& line : lines) result.push_back(line.text);
  return result;
}
}  // namespace

TEST_CASE("a ring keeps the newest lines within its bounds and counts the bytes it let go") {
  LineRing ring(3 * (2 + LineRing::line_overhead));
  for (int i = 0; i < 5; ++i) ring.push({}, OutputChannel::err, std::to_string(i) + "x");
  CHECK(ring.size() == 3);
  CHECK(ring.last_number() == 5);
  CHECK(texts(ring.last(10)) == std::vector<std::string>{"2x", "3x", "4x"});
  CHECK(texts(ring.last(1)) == std::vector<std::string>{"4x"});
  CHECK(texts(ring.last(10, 4)) == std::vector<std::string>{"4x"});
  CHECK(ring.last(10, 5).empty());
  CHECK(ring.last(10, 99).empty());
  CHECK(ring.last(0).empty());
  CHECK(ring.last(10).front().number == 3);
  CHECK(ring.dropped_bytes() == 4);
}

TEST_CASE("the newest line is kept even if it is longer than the ring") {
  LineRing ring(10);
  ring.push({}, OutputChannel::out, "12345678");
  ring.push({}, OutputChannel::out, "longer than the ring");
  CHECK(texts(ring.last(10)) == std::vector<std::string>{"longer than the ring"});
  CHECK(ring.dropped_bytes() == 8);
}

TEST_CASE("a line comes out of the ring as it was put in") {
  LineRing ring;
  CHECK(ring.last(10).empty());
  CHECK(ring.last_number() == 0);
  const WallTime at{std::chrono::seconds(1'234'567'890)};
  CHECK(ring.push(at, OutputChannel::out, "hello").text == "hello");
  CHECK(ring.push({}, OutputChannel::err, "").number == 2);
  const auto lines = ring.last(10);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].number == 1);
  CHECK(lines[0].at == at);
  CHECK(lines[0].channel == OutputChannel::out);
  CHECK(lines[0].text == "hello");
  CHECK(lines[1].channel == OutputChannel::err);
  CHECK(lines[1].text.empty());
}
