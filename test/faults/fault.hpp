// The kinds of faults. Each knows how to begin and to end, what it hits, and how the cause is
// told of; whether everything heals is campaign's to see.
#pragma once

#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "faults/house.hpp"

namespace rocd::test {

using Random = std::mt19937;

// One of these words is in what events tell of one of these, from the fault's begin on, and before
// a stream is said to run again.
struct Cause {
  std::vector<std::string> words;
  std::vector<std::string> streams;  // display names of streams that are hit; empty: rocd itself
  // Instead, in the health that GET /streams shows of one of them when the fault ends, with a hint.
  bool health = false;
  // Asked for only if the child of the one stream is no longer this one; 0: always.
  int unless_child = 0;
  // No event of health need name it: another one comes first, and then words are told seldom; or
  // the stream was enabled just now, and bad news waits (BCP-008-01).
  bool in_states_only = false;
};

// What a fault may do to streams. The others go on as if nothing had happened.
struct Reach {
  std::set<std::string> ways;      // by name: may be silent for a while
  std::set<std::string> children;  // by display name of their streams: may be replaced
  void add(const Reach& other);
};
// The ways of these streams, and their children.
[[nodiscard]] Reach reach_of(const House& house, const std::vector<std::string>& streams);
// What packets carry; children have nothing to do with that.
[[nodiscard]] Reach reach_of_network(const House& house);
[[nodiscard]] Reach reach_of_all(const House& house);

// Functions throw if the fault is not there, or not over, as it should be.
struct Fault {
  std::string what;  // "SIGKILL of roc-send of send-a"
  Reach reach = {};
  std::function<void()> end = {};  // after `lasts`; empty: it has no end but the healing
  Milliseconds lasts = 0ms;
  std::vector<Cause> causes = {};    // all must be told; none: it may heal before anybody sees it
  std::function<void()> check = {};  // when all is well again
  Milliseconds limit = 5s;           // from the end, or from `at`, until every tone is heard
  bool new_sound = false;            // players and recorders are gone, too
  bool new_links = false;            // all are made anew, also those that are not rocd's
  bool hits_control = false;         // what has nothing to do with rocd falls silent, too
  bool breaks_reports = false;       // health may tell that of any stream, though all are heard
  bool unreachable = false;          // rocd cannot be asked before the end
  bool found = true;                 // false: another fault has taken away what it hits
  SteadyTime at = std::chrono::steady_clock::now();  // when it was done
};

// So long a fault shows in the health of the streams that are hit.
inline constexpr Milliseconds shows_in_health = 4500ms;

enum class Company {
  none,    // it is a change of the whole house
  last,    // it is one, too, or nobody can be asked then: another can happen right before it
  others,  // it lasts, and others can happen meanwhile
  any,     // it happens, also while another one lasts
};

struct FaultKind {
  const char* name;
  Company company = Company::none;
  Fault (*begin)(House& house, Random& random);
  bool new_rocd = false;       // its events begin anew
  bool outlives_rocd = false;  // nothing of it goes with a rocd that is killed
  bool writes = true;          // it changes what rocd stores
  bool no_writes = false;      // nothing can be stored while it lasts
  bool in_health = false;      // if it lasts, the health of what it hits names it meanwhile
};

// Can the two of them happen at the same time?
[[nodiscard]] bool may_meet(const FaultKind& a, const FaultKind& b);

[[nodiscard]] const std::vector<FaultKind>& fault_kinds();

// For those who define kinds.
// Of a child that has lost its node, its link, or its server: one of these words.
[[nodiscard]] std::vector<std::string> why_a_child_ended();
[[nodiscard]] std::string pick(const std::vector<std::string>& from, Random& random);
[[nodiscard]] std::size_t pick_index(std::size_t size, Random& random);
[[nodiscard]] Milliseconds between(Milliseconds least, Milliseconds most, Random& random);
// Waits; throws with `what` if the condition does not come true. It is looked at every `interval`.
void require(const std::function<bool()>& condition, const std::string& what,
             Milliseconds limit = 10s, Milliseconds interval = 20ms);
// 'R', 'S', 'T' …; 0: there is none.
[[nodiscard]] char process_state(int pid);
void add_child_faults(std::vector<FaultKind>& kinds);
void add_session_faults(std::vector<FaultKind>& kinds);
void add_graph_faults(std::vector<FaultKind>& kinds);
void add_network_faults(std::vector<FaultKind>& kinds);
void add_system_faults(std::vector<FaultKind>& kinds);

}  // namespace rocd::test
