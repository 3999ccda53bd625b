// The samples of one part of a soak, and what they show: the means of the first and of the last
// fifth of them, and whether that is growth.
#pragma once

#include <string>
#include <vector>

#include "soak/vitals.hpp"

namespace rocd::test {

enum class SoakRule {
  // Nothing grows by more than 5 %, and counts not by half of one on average.
  full,
  // The same for counts. Memory and files may take what is bounded and not full yet in a short
  // time: rocd's ring of events, the log of its database.
  brief
};

class Ledger {
 public:
  void add(const Vitals& vitals) { samples_.push_back(vitals); }

  struct Row {
    const char* name;
    double first, last;
    bool grew;
    [[nodiscard]] double percent() const { return first == 0 ? 0 : 100 * (last - first) / first; }
  };
  // In the order of vital_kinds.
  [[nodiscard]] std::vector<Row> rows(SoakRule rule) const;

 private:
  std::vector<Vitals> samples_;
};

}  // namespace rocd::test
