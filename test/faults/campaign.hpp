// Makes faults happen to a house, one after the other or two at a time, and sees whether each
// heals: every tone is back in time, the story is whole, its cause is told, nothing is left behind.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "faults/fault.hpp"

namespace rocd::test {

struct Outcome {
  std::string kinds;  // "child: SIGKILL", or two of them with " + "
  std::string what;
  // From the end of the fault to the end of the last disturbance, of the way that took longest.
  double recovery_seconds = 0;
  std::vector<std::string> problems;  // empty: it healed as it should
};

class Campaign {
 public:
  // only: kinds whose name contains it; empty: all.
  // patient: by how much the limits are multiplied.
  Campaign(House& house, std::uint32_t seed, const std::string& only, double patient);

  // Throws if the house does not come into working order at all.
  void begin();
  [[nodiscard]] Outcome next();

 private:
  [[nodiscard]] std::vector<const FaultKind*> choose();
  void check_cause(const Fault& fault, std::size_t told_before, Outcome& outcome);
  void check_order(Outcome& outcome);
  void check_inventory(Outcome& outcome);
  [[nodiscard]] double check_tones(const std::map<std::string, double>& since, double limit,
                                   const std::vector<Fault>& faults, Outcome& outcome);
  [[nodiscard]] std::map<std::string, double> positions();

  House& house_;
  double patience_;
  Random random_;
  std::vector<const FaultKind*> kinds_;
  std::vector<const FaultKind*> deck_;  // each kind comes up before any comes up again
  std::map<std::string, int> inventory_;
};

}  // namespace rocd::test
