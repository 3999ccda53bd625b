// What a soak takes for growth.
#include "soak/ledger.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>

using namespace rocd::test;

namespace {

// Of 60 samples, in which `what` is `first` in the beginning and grows evenly to `last`; all else
// stays.
std::vector<Ledger::Row> rows_of(Vital what, double first, double last, SoakRule rule) {
  Ledger ledger;
  constexpr int samples = 60;
  for (int i = 0; i < samples; ++i) {
    Vitals vitals{};
    of(vitals, Vital::resident) = 20'000;
    of(vitals, Vital::descriptors) = 26;
    of(vitals, what) = first + (last - first) * i / (samples - 1);
    ledger.add(vitals);
  }
  return ledger.rows(rule);
}

bool grew(Vital what, double first, double last, SoakRule rule = SoakRule::full) {
  const auto rows = rows_of(what, first, last, rule);
  const auto count =
      std::count_if(rows.begin(), rows.end(), [](const auto& row) { return row.grew; });
  REQUIRE(count <= 1);
  return rows.at(static_cast<std::size_t>(what)).grew;
}

}  // namespace

TEST_CASE("a soak takes more than 5 % more memory for growth, and what is given back for none") {
  // From fifth to fifth it is four fifths of that.
  CHECK(grew(Vital::resident, 20'000, 21'400));
  CHECK_FALSE(grew(Vital::resident, 20'000, 21'100));
  CHECK_FALSE(grew(Vital::resident, 20'000, 15'000));
}

TEST_CASE("a soak takes a single descriptor, thread, child or node more for growth") {
  for (const auto what :
       {Vital::descriptors, Vital::threads, Vital::children, Vital::nodes, Vital::links}) {
    INFO(static_cast<int>(what));
    CHECK(grew(what, 26, 27));
    CHECK(grew(what, 26, 27, SoakRule::brief));
    CHECK_FALSE(grew(what, 26, 26));
  }
  CHECK(grew(Vital::zombies, 0, 1));
}

TEST_CASE("a brief soak lets only fill up what is bounded") {
  CHECK_FALSE(grew(Vital::resident, 20'000, 30'000, SoakRule::brief));
  CHECK(grew(Vital::resident, 20'000, 60'000, SoakRule::brief));
}
