#include "faults/steal.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>

namespace rocd::test {

double steal_share() {
  static double total_before = 0, steal_before = 0;
  std::ifstream file("/proc/stat");
  std::string word;
  file >> word;
  double total = 0, steal = 0, value = 0;
  for (int i = 0; i < 8 && file >> value; ++i) {
    total += value;
    if (i == 7) steal = value;
  }
  return (steal - std::exchange(steal_before, steal)) /
         std::max(1.0, total - std::exchange(total_before, total));
}

}  // namespace rocd::test
