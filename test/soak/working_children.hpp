// Streams whose children work: stand-ins for the tools, linked to their devices (test/stand_in).
// Ends one after the other, in several ways: at least a third of them when they have run for so
// long that rocd starts the next one without a pause, the others soon after they were linked.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "soak/soak_scene.hpp"

namespace rocd::test {

class WorkingChildren {
 public:
  // Lines of a shell script: their tools become the stand-in, what follows is for all others.
  [[nodiscard]] static std::string tool();

  // `pairs` of a sender and a receiver, spread over the devices of soak_devices(), of which there
  // are so many pairs.
  void make(SoakScene& scene, unsigned pairs, unsigned device_pairs);

  // Ends those that are due now, that many at most; gives how many. Does not wait for others.
  unsigned end_some(SoakScene& scene, unsigned most);
  // Something else ends, or replaces, those that work now.
  void expect_others();
  // Until each has a child that works, and not the last that was to end. Who waits for his next try
  // is restarted.
  void wait_until_whole(SoakScene& scene);

  [[nodiscard]] std::size_t count() const { return streams_.size(); }
  [[nodiscard]] unsigned ended() const { return ended_early_ + ended_stable_; }
  [[nodiscard]] unsigned ended_stable() const { return ended_stable_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Child {
    int pid = 0;    // 0: none that works
    int ended = 0;  // pid of the last one that was to end
    Clock::time_point since;
  };
  void look(SoakScene& scene);

  std::vector<std::string> streams_;  // paths
  std::map<std::string, Child> children_;
  std::size_t next_ = 0;  // whose turn it is, of streams_
  unsigned ended_early_ = 0, ended_stable_ = 0;
};

}  // namespace rocd::test
