// Makes faults happen to a house, one after the other or two at a time, and sees whether each
// heals: every tone is back in time, the story is whole, its cause is told, nothing is left behind.
#pragma once

#include <functional>
#include <map>
#include <set>
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
  // Beyond the limit: time to see what does come back, and when.
  static constexpr Milliseconds grace = 25s;
  // Carries what the tools play and record.
  static constexpr const char* pulse = "pipewire-pulse";

  struct Happening {
    std::vector<Fault> faults;
    Reach reach;                            // of all of them
    double limit = 0;                       // seconds
    SteadyTime begin;                       // before the first of them
    SteadyTime since;                       // the last of them has ended
    std::map<std::string, Child> children;  // before
    std::map<std::string, double> waited;   // for a processor, by then; seconds
    bool new_sound = false, new_story = false;
    bool whole = true;  // false: one of them could not be made
  };
  struct Span {
    SteadyTime since, until;
  };
  // What is to be heard in that time, and what of it is the machine's fault.
  struct Hearing {
    Span span;
    std::vector<bool> control, forgivable;
    std::set<std::size_t> forgiven;  // what had to be
  };

  [[nodiscard]] std::vector<bool> heard_in(const Way& way, Span span) const;
  [[nodiscard]] std::vector<const FaultKind*> choose();
  void make_happen(const std::vector<const FaultKind*>& kinds, Happening& happening,
                   Outcome& outcome);
  void begin_one(const FaultKind& kind, Happening& happening, Outcome& outcome);
  void end_one(const Fault& fault, Happening& happening, Outcome& outcome);
  void judge(const Happening& happening, Outcome& outcome);
  // An exception becomes a problem; whether there was none.
  static bool attempt(Outcome& outcome, const std::function<void()>& what);
  void renew_sound();
  void find_uris();
  void check_causes(const Happening& happening, bool of_replaced, Outcome& outcome);
  void check_pauses(const Happening& happening, Outcome& outcome);
  void check_cause(const Cause& cause, Outcome& outcome);
  void check_health(const Cause& cause, Outcome& outcome);
  void check_order(Outcome& outcome);
  void check_inventory(Outcome& outcome);
  [[nodiscard]] std::string last_words(const std::string& stream) const;
  void check_bystanders(const Happening& happening, Outcome& outcome);
  void check_tones(const Happening& happening, Outcome& outcome);
  [[nodiscard]] double waited(const Happening& happening, const Way& way) const;
  [[nodiscard]] double waited_by_pulse(const Happening& happening) const;
  [[nodiscard]] Hearing hear_control(Span span, bool forgives) const;
  [[nodiscard]] std::vector<bool> hear(const Way& way, Hearing& hearing, std::string& line) const;

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
