// Makes faults happen to a house, one after the other or two at a time, and sees whether each
// heals: every tone is back in time, the story is whole, its cause is told, nothing is left behind.
#pragma once

#include <functional>
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
  std::string slowest;  // that way; empty: none was disturbed
  // Of silences that were not judged, because the way without rocd was silent, too.
  double forgiven_seconds = 0;
  std::vector<std::string> problems;  // empty: it healed as it should
};

class Campaign {
 public:
  // only: kinds whose name contains it; empty: all.
  // patient: by how much the limits are multiplied.
  Campaign(House& house, std::uint32_t seed, const std::string& only, double patient);

  // Throws if the house does not come into working order at all.
  void begin();
  // Does not throw: what does not go as it should is among the problems.
  [[nodiscard]] Outcome next();
  // The house could not be put in order after a fault: there is no next one.
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  struct Happening {
    std::vector<Fault> faults;
    double limit = 0;  // seconds
    SteadyTime since;  // the last of them has ended
    bool new_sound = false, new_story = false;
    bool whole = true;  // false: one of them could not be made
  };

  [[nodiscard]] std::vector<const FaultKind*> choose();
  [[nodiscard]] Happening make_happen(const std::vector<const FaultKind*>& kinds, Outcome& outcome);
  void judge(const Happening& happening, Outcome& outcome);
  // An exception becomes a problem; whether there was none.
  static bool attempt(Outcome& outcome, const std::function<void()>& what);
  void renew_sound();
  void find_uris();
  void check_cause(const Cause& cause, Outcome& outcome);
  void check_order(Outcome& outcome);
  void check_inventory(Outcome& outcome);
  void check_tones(const Happening& happening, Outcome& outcome);

  House& house_;
  double patience_;
  Random random_;
  std::vector<const FaultKind*> kinds_;
  std::vector<const FaultKind*> deck_;  // each kind comes up before any comes up again
  std::map<std::string, int> inventory_;
  std::map<std::string, std::string> uris_;  // of streams, by display name
  std::size_t told_before_ = 0;              // events before the fault
  bool broken_ = false;
};

}  // namespace rocd::test
