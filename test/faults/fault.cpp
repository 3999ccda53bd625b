#include "faults/fault.hpp"

namespace rocd::test {

std::string pick(const std::vector<std::string>& from, Random& random) {
  return from[std::uniform_int_distribution<std::size_t>(0, from.size() - 1)(random)];
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
    add_network_faults(kinds);
    add_system_faults(kinds);
    return kinds;
  }();
  return all;
}

}  // namespace rocd::test
