// The kinds of faults. Each knows how to begin and to end, what it hits, and how the cause is
// told of; whether everything heals is campaign's to see.
#pragma once

#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "faults/house.hpp"

namespace rocd::test {

using Random = std::mt19937;

struct Fault {
  std::string what;                   // "SIGKILL of roc-send of send-a"
  std::function<void()> end = [] {};  // after `lasts`
  Milliseconds lasts = 0ms;
  // One of these is in what is told by events while it lasts, or soon after; empty: nothing need
  // be told (it may heal before anybody sees it).
  std::vector<std::string> causes = {};
  Milliseconds limit = 5s;  // from the end until every tone is heard
  // Names of streams or devices whose ways it hits; nullopt: all ways.
  std::optional<std::vector<std::string>> hits = {};
  bool new_sound = false;  // players and recorders are gone, too
};

struct FaultKind {
  const char* name;
  // Nothing else happens at the same time: it is a change of the whole house.
  bool alone = false;
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
