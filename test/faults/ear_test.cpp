#include "e2e/ear.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>

using namespace rocd::test;

namespace {

// Looked at every 50 ms; `steps` is how much was recorded in each.
std::vector<Progress> recorded_in(const std::vector<double>& steps, double at_first = 0) {
  std::vector<Progress> progress{{SteadyTime{}, at_first}};
  for (const double step : steps)
    progress.push_back({progress.back().at + 50ms, progress.back().position + step});
  return progress;
}

std::vector<double> repeat(std::size_t times, double step) {
  return std::vector<double>(times, step);
}

std::vector<double> operator+(std::vector<double> a, const std::vector<double>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::string heard(const std::vector<double>& steps, double at_first = 0) {
  double recorded = 1e-6;
  for (const double step : steps) recorded += step;
  std::string text;
  for (const bool window : by_the_clock(recorded_in(steps, at_first),
                                        std::vector(static_cast<std::size_t>(recorded * 10), true)))
    text += window ? '#' : '.';
  return text;
}

}  // namespace

TEST_CASE("what is recorded all the time is heard all the time", "[faults]") {
  CHECK(heard(repeat(20, 0.05)) == "##########");
  CHECK(heard(repeat(20, 0.05), 7) == "##########");
}

TEST_CASE("time that is not recorded is silence at its place", "[faults]") {
  CHECK(heard(repeat(8, 0.05) + repeat(10, 0) + repeat(4, 0.05)) == "####.....##");
  CHECK(heard(repeat(10, 0) + repeat(4, 0.05)) == ".....##");
}

TEST_CASE("a recorder that stands still at the end hears nothing", "[faults]") {
  CHECK(heard(repeat(4, 0.05) + repeat(40, 0)) == "##....................");
}

TEST_CASE("what is recorded later, but recorded, is no silence", "[faults]") {
  CHECK(heard(repeat(4, 0.05) + repeat(10, 0) + repeat(1, 0.55) + repeat(5, 0.05)) == "##########");
}

TEST_CASE("a recording that loses a little all the time is not whole", "[faults]") {
  CHECK(heard(repeat(80, 0.025)).find("...") != std::string::npos);
}

TEST_CASE("a few lost buffers are not a silence", "[faults]") {
  CHECK(heard(repeat(4, 0.05) + repeat(4, 0) + repeat(4, 0.05)) == "####");
}

TEST_CASE("the longest silence counts where it stands", "[faults]") {
  CHECK(longest_silence({}) == 0);
  CHECK(longest_silence({true, false, false, true, false}) == 2);
  CHECK(longest_silence({true, false, true, false, false, false}) == 3);
}

TEST_CASE("what nobody can have played is noise", "[faults]") {
  rocd::audio::Recording recording{.rate = 1000, .channels = {{0, 1, -1, 0}, {0, 0, 0, 0}}};
  CHECK_FALSE(noise_in(recording));
  recording.channels[1][2] = -10;
  const auto one = noise_in(recording);
  REQUIRE(one);
  CHECK(one->seconds == Catch::Approx(0.002));
  CHECK(one->lasts == Catch::Approx(0.001));
  CHECK(one->peak_dbfs == Catch::Approx(20));
  recording.channels[0][0] = std::nanf("");
  const auto both = noise_in(recording);
  REQUIRE(both);
  CHECK(both->seconds == 0);
  CHECK(both->lasts == Catch::Approx(0.003));
  CHECK(both->peak_dbfs > 700);
}
