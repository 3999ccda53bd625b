// What a running rocd holds, as the system shows it from outside.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>

#include "support/audio_session.hpp"

namespace rocd::test {

// In the order of vital_kinds.
enum class Vital : std::size_t {
  resident,
  anonymous,
  state,
  descriptors,
  threads,
  children,
  zombies,
  nodes,
  links
};

struct VitalKind {
  const char* name;
  bool counted;  // else KiB
};
inline constexpr std::array<VitalKind, 9> vital_kinds{
    {{"memory, KiB", false},
     {"of it anonymous, KiB", false},  // heap and stacks: without what is mapped from files
     {"state directory, KiB", false},
     {"descriptors", true},
     {"threads", true},
     {"children", true},
     {"zombies", true},
     {"nodes", true},
     {"links", true}}};

using Vitals = std::array<double, vital_kinds.size()>;

inline double& of(Vitals& vitals, Vital vital) {
  return vitals[static_cast<std::size_t>(vital)];
}

// Throws if the process is gone, or PipeWire does not answer.
[[nodiscard]] Vitals read_vitals(int pid, const std::filesystem::path& state,
                                 const AudioSession& session);

// Its children, those that have ended and were not waited for, too.
[[nodiscard]] std::size_t count_children(int pid);

}  // namespace rocd::test
