// Whether a stream is heard all the time while other things happen to its rocd. Beside it, the same
// two tools, started by hand with the same arguments, carry another tone: what the machine does not
// let them do either is nobody's fault. Time is that of the steady clock (ear.hpp).
#pragma once

#include <optional>
#include <string>

#include "e2e/ear.hpp"
#include "e2e/scene.hpp"

namespace rocd::test {

// What silences of so many windows of 100 ms say, by way of rocd and by hand.
struct SilenceVerdict {
  // No silence of more than 500 ms, and half as much again as the tools by hand had; and where the
  // machine does not keep up, of 5 s more: then rocd may have ended a child that stood still,
  // which costs more than to wait.
  bool good = false;
  bool machine_keeps_up = false;  // the tools by hand had no silence of more than 500 ms either
};
[[nodiscard]] SilenceVerdict judge_silences(std::size_t by_rocd, std::size_t by_hand);

class Bystander {
 public:
  // The scene's streams "send" and "receive" of loopback_config() run. Returns when both tones are
  // heard; throws if they are not.
  explicit Bystander(Scene& scene);
  Bystander(const Bystander&) = delete;
  Bystander& operator=(const Bystander&) = delete;

  [[nodiscard]] bool is_heard() const;

  struct Judgement : SilenceVerdict {  // of the longest since the construction
    std::string text;                  // how long, in both ways, and when
  };
  [[nodiscard]] Judgement judge() const;

 private:
  TempDirectory directory_;
  std::optional<Process> sender_, receiver_;  // by hand
  std::optional<Player> player_, player_by_hand_;
  std::optional<Ear> ear_, ear_by_hand_;
  SteadyTime since_;
};

}  // namespace rocd::test
