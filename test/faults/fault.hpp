// The kinds of faults. Each knows how to begin and to end, what it hits, and how the cause is
// told of; whether everything heals is campaign's to see.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "faults/house.hpp"

namespace rocd::test {

using Random = std::mt19937;

// One of these words is in what events tell of one of these, while the fault lasts or soon after.
struct Cause {
  std::vector<std::string> words;
  std::vector<std::string> streams;  // display names of streams that are hit; empty: rocd itself
  bool health = false;               // in a stream's health, not just anywhere
};

struct Fault {
  std::string what;                // "SIGKILL of roc-send of send-a"
  std::function<void()> end = {};  // after `lasts`; empty: it has no end but the healing
  Milliseconds lasts = 0ms;
  std::vector<Cause> causes = {};  // all must be told; none: it may heal before anybody sees it
  Milliseconds limit = 5s;         // from the end, or from `at`, until every tone is heard
  bool new_sound = false;          // players and recorders are gone, too
  SteadyTime at = std::chrono::steady_clock::now();  // when it was done
};

// So long a fault shows in the health of the streams that are hit.
inline constexpr Milliseconds shows_in_health = 4500ms;

enum class Company {
  none,    // it is a change of the whole house
  others,  // it lasts, and others can happen meanwhile
  any,     // it happens, also while another one lasts
};

struct FaultKind {
  const char* name;
  Company company = Company::none;
  Fault (*begin)(House& house, Random& random);
  bool new_rocd = false;  // its events begin anew
};

[[nodiscard]] const std::vector<FaultKind>& fault_kinds();

// For those who define kinds.
[[nodiscard]] std::string pick(const std::vector<std::string>& from, Random& random);
[[nodiscard]] Milliseconds between(Milliseconds least, Milliseconds most, Random& random);
void add_child_faults(std::vector<FaultKind>& kinds);
void add_session_faults(std::vector<FaultKind>& kinds);
void add_network_faults(std::vector<FaultKind>& kinds);
void add_system_faults(std::vector<FaultKind>& kinds);

}  // namespace rocd::test
