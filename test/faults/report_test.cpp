#include "faults/report.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace rocd::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("the report counts each kind of a pair, and what did not heal") {
  Outcome alone;
  alone.kinds = {"child: spins"};
  alone.limits = {{"child: spins", 5}};
  alone.told = {{"child: spins", {.by_event = true, .by_health = true}}};
  alone.recovery_seconds = 2.5;
  alone.whole_seconds = 3;
  Outcome pair = alone;
  pair.kinds.emplace_back("network: outage");
  pair.limits["network: outage"] = 5;
  pair.told = {{"child: spins", {.by_event = true, .by_health = false}}};
  pair.recovery_seconds = 4.5;
  pair.whole_seconds = 6;
  pair.problems = {"it is disturbed"};
  const auto text = report({alone, pair});
  CHECK_THAT(text, ContainsSubstring(
                       "| child: spins | 1 | 1 | 5.0 | 4.5 | 4.5 | 4.5 | 6.0 | 2 | 1 | 1 |"));
  CHECK_THAT(text, ContainsSubstring(
                       "| network: outage | 0 | 1 | 5.0 | 4.5 | 4.5 | 4.5 | 6.0 | 0 | 0 | 1 |"));
  CHECK_THAT(text, ContainsSubstring("| all | 1 | 1 | 5.0 | 4.5 | 4.5 | 4.5 | 6.0 | 2 | 1 | 1 |"));
  CHECK_THAT(text, ContainsSubstring("1 of 2 faults were pairs, 1 different ones."));
}

TEST_CASE("kinds that were never made are told") {
  const auto& kinds = fault_kinds();
  const std::vector<const FaultKind*> two{&kinds.at(0), &kinds.at(1)};
  Outcome outcome;
  outcome.kinds = {kinds.at(1).name};
  CHECK(kinds_never_made(two, {outcome}) == std::vector<std::string>{kinds.at(0).name});
}

TEST_CASE("what changes the whole house meets only what outlives it") {
  const auto kind = [](Company company) {
    FaultKind made = fault_kinds().at(0);
    made.company = company;
    return made;
  };
  const auto child = kind(Company::any);
  auto killed = kind(Company::last), loss = kind(Company::others), disk = loss;
  killed.new_rocd = true;
  loss.outlives_rocd = true;
  disk.no_writes = true;
  auto unwritten = loss;
  unwritten.writes = false;
  CHECK(may_meet(child, killed));
  CHECK(may_meet(loss, killed));
  CHECK_FALSE(may_meet(disk, killed));
  CHECK_FALSE(may_meet(killed, killed));
  CHECK_FALSE(may_meet(loss, loss));
  CHECK_FALSE(may_meet(disk, loss));
  CHECK(may_meet(disk, unwritten));
}
