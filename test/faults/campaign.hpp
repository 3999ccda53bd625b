// Makes faults happen to a house, one after the other or two at a time, and sees whether each
// heals: every tone is back in time, the story is whole, its cause is told, nothing is left behind.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "faults/fault.hpp"
#include "faults/waits.hpp"

namespace rocd::test {

// How the cause of a fault was told.
struct Told {
  bool by_event = false;   // in order: before the stream ran again
  bool by_health = false;  // newly: of a stream that was healthy before, and that only it has hit
};

struct Outcome {
  std::vector<std::string> kinds;        // "child: SIGKILL"; two at most
  std::map<std::string, double> limits;  // seconds, by kind, until every tone is heard
  std::map<std::string, Told> told;      // by kind
  std::string what;
  // From the end of the fault to the end of the last disturbance, of the way that took longest.
  double recovery_seconds = 0;
  std::string slowest;  // that way; empty: none was disturbed
  // To where all tones at once, also of ways that were not hit, began to be heard without a break.
  double whole_seconds = 0;
  // Of silences that were not judged, because the way without rocd was silent, too.
  double forgiven_seconds = 0;
  // Of ways that no fault had hit: the longest, and of that what tools without a processor excuse.
  double bystander_seconds = 0, excused_seconds = 0;
  bool slow_linking = false;     // was back later than 5 s, because the session manager was slow
  bool reports_revived = false;  // by hand, as the hint says, after the clock was set back
  std::string noise;             // that PipeWire made when it went on; empty: none
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
  // All that it chooses from.
  [[nodiscard]] const std::vector<const FaultKind*>& kinds() const { return kinds_; }
  // The house could not be put in order after a fault: there is no next one.
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  // Beyond the limit: time to see what does come back, and when.
  static constexpr Milliseconds grace = 25s;
  // Carries what the tools play and record.
  static constexpr const char* pulse = "pipewire-pulse";

  struct Happened {
    const char* kind;
    Fault fault;
    SteadyTime since;             // from where on it is to heal
    std::size_t told_before = 0;  // events, before it
    // Streams: who is told another cause already shows the next one in words only, and seldom.
    std::set<std::string> healthy_before;
  };
  struct Happening {
    std::vector<Happened> faults;
    Reach reach;                            // of all of them
    SteadyTime begin;                       // before the first of them
    std::map<std::string, Child> children;  // before
    std::unique_ptr<ProcessorWaits> waits;  // of these, and of the Pulse server; from the begin on
    bool new_sound = false, new_story = false;
    bool whole = true;  // false: one of them could not be made
  };
  struct Span {
    SteadyTime since, until;
  };
  // From where all was well again to the next fault: nobody is silent, no child is replaced.
  struct Peace {
    SteadyTime since;
    std::map<std::string, Child> children;
    std::unique_ptr<ProcessorWaits> waits;
  };
  // How long a way may be silent, because of the faults that hit it.
  struct Term {
    bool hit = false;
    SteadyTime since;        // the last of them has ended; the begin if none hits it
    double limit = 0;        // seconds
    bool forgives = true;    // false: the way without rocd was hit, too
    bool new_links = false;  // the session manager has to make all of them first
  };
  // What is to be heard in that time, and what of it is the machine's fault.
  struct Hearing {
    std::vector<bool> heard;  // without what is forgiven
    std::string line;         // as it was
    std::string control;
    double control_back = 0;  // seconds, until it was no longer silent
    double forgiven_seconds = 0;
  };

  [[nodiscard]] std::vector<bool> heard_in(const Way& way, Span span) const;
  [[nodiscard]] std::vector<const FaultKind*> choose();
  void make_happen(const std::vector<const FaultKind*>& kinds, Happening& happening,
                   Outcome& outcome);
  void begin_one(const FaultKind& kind, Happening& happening, Outcome& outcome);
  void end_one(Happened& happened, const Happening& happening, Outcome& outcome);
  void judge(const Happening& happening, Outcome& outcome);
  // An exception becomes a problem; whether there was none.
  static bool attempt(Outcome& outcome, const std::function<void()>& what);
  void renew_sound();
  void find_uris();
  void check_causes(const Happening& happening, Outcome& outcome);
  void check_pauses(const Happening& happening, Outcome& outcome);
  void check_cause(const Cause& cause, const Happened& happened, const Happening& happening,
                   Outcome& outcome);
  void check_health(const Cause& cause, const Happened& happened, const Happening& happening,
                    Outcome& outcome);
  void check_order(Outcome& outcome);
  void check_recovered(Outcome& outcome);
  [[nodiscard]] std::map<std::string, std::string> still_ill(Milliseconds limit) const;
  void restart_reporters();
  [[nodiscard]] std::unique_ptr<ProcessorWaits> watch_waits(
      const std::map<std::string, Child>& children) const;
  void begin_peace(SteadyTime since);
  void check_peace(Outcome& outcome);
  void check_inventory(Outcome& outcome);
  [[nodiscard]] std::string last_words(const std::string& stream) const;
  void check_bystanders(const Happening& happening, Outcome& outcome);
  void check_tones(const Happening& happening, Outcome& outcome);
  // What was heard of the way without rocd, by where it is listened from.
  using Controls = std::map<SteadyTime, std::vector<bool>>;
  // When it has to be heard again at the latest.
  SteadyTime check_way(const Way& way, const Happening& happening, SteadyTime until,
                       Controls& controls, Outcome& outcome);
  void check_strangers(const Happening& happening, Outcome& outcome);
  // `since`: where the hearing begins. What is said of a silence: "and was not hit".
  void check_bystander(const Way& way, SteadyTime since, const ProcessorWaits& waits,
                       const Hearing& hearing, const std::string& what, Outcome& outcome) const;
  [[nodiscard]] Term term_of(const Way& way, const Happening& happening) const;
  [[nodiscard]] Hearing hear(const Way& way, Span span, bool forgives, Controls& controls) const;

  House& house_;
  double patience_;
  std::uint32_t seed_;
  Random random_;  // of this turn
  std::vector<const FaultKind*> kinds_;
  std::vector<const FaultKind*> deck_;  // each kind comes up before any comes up again
  std::map<std::string, int> inventory_;
  std::map<std::string, std::string> uris_;  // of streams, by display name
  std::size_t told_before_ = 0;              // events before the fault
  std::uint32_t turn_ = 0;                   // which fault it is, from 1 on
  std::optional<Peace> peace_;               // none: it is broken
  bool broken_ = false;
};

}  // namespace rocd::test
