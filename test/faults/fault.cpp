#include "faults/fault.hpp"

#include <stdexcept>
#include <tuple>

namespace rocd::test {

void Reach::add(const Reach& other) {
  ways.insert(other.ways.begin(), other.ways.end());
  children.insert(other.children.begin(), other.children.end());
}

Reach reach_of(const House& house, const std::vector<std::string>& streams) {
  Reach reach;
  for (const auto& stream : streams) {
    reach.ways.insert(house.way_of(stream).name);
    reach.children.insert(stream);
  }
  return reach;
}

Reach reach_of_network(const House& house) {
  Reach reach;
  for (const auto& way : house.ways())
    if (way.fec != "local") reach.ways.insert(way.name);
  return reach;
}

Reach reach_of_all(const House& house) {
  return reach_of(house, house.streams());
}

bool may_meet(const FaultKind& a, const FaultKind& b) {
  if (a.company == Company::none || b.company == Company::none) return false;
  if (a.company == Company::any || b.company == Company::any) return true;
  const bool a_last = a.company == Company::last, b_last = b.company == Company::last;
  if (a_last && b_last) return false;
  if (a_last != b_last) {
    const auto& [house, other] = a_last ? std::tie(a, b) : std::tie(b, a);
    if (house.no_writes && other.no_writes) return false;
    return !house.new_rocd || other.outlives_rocd;
  }
  return (a.no_writes && !b.writes) || (b.no_writes && !a.writes);
}

std::vector<std::string> why_a_child_ended() {
  return {"Pulse server does not run", "SIGABRT",         "exit status",
          "no longer linked",          "was not linked",  "stands still",
          "went away while it played", "went away: check"};  // hints
}

std::string pick(const std::vector<std::string>& from, Random& random) {
  return from[pick_index(from.size(), random)];
}

std::size_t pick_index(std::size_t size, Random& random) {
  return std::uniform_int_distribution<std::size_t>(0, size - 1)(random);
}

void require(const std::function<bool()>& condition, const std::string& what, Milliseconds limit,
             Milliseconds interval) {
  if (!eventually(condition, limit, interval)) throw std::runtime_error(what);
}

char process_state(int pid) {
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = stat.rfind(')');
  return name_end == std::string::npos || name_end + 2 >= stat.size() ? '\0' : stat[name_end + 2];
}

Milliseconds between(Milliseconds least, Milliseconds most, Random& random) {
  return Milliseconds(
      std::uniform_int_distribution<Milliseconds::rep>(least.count(), most.count())(random));
}

const std::vector<FaultKind>& fault_kinds() {
  static const auto all = [] {
    std::vector<FaultKind> kinds;
    add_child_faults(kinds);
    add_session_faults(kinds);
    add_graph_faults(kinds);
    add_network_faults(kinds);
    add_system_faults(kinds);
    return kinds;
  }();
  return all;
}

}  // namespace rocd::test
