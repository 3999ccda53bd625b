// The numbers behind a profile: what `auto` becomes. (pure)
// Source: measured end to end on a 2-core machine, docs/latency in the design ("Latency and
// stability"); packets of 5 ms are Roc Toolkit's default.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "model/stream.hpp"

namespace rocd {

struct FecBlock {
  std::uint32_t source_packets = 0;
  std::uint32_t repair_packets = 0;
  friend bool operator==(const FecBlock&, const FecBlock&) = default;
};

struct StreamTuning {
  Duration target_latency{};
  Duration io_latency{};
  Duration packet_length{};
  std::optional<Duration> frame_length;  // nullopt: the tool's default, 10 ms
  FecBlock fec_block;                    // of senders
  friend bool operator==(const StreamTuning&, const StreamTuning&) = default;
};

// Explicit settings win; what is `auto` is fitted to them, so that io latency stays below the
// target and a FEC block fits into it (a longer block repairs packets after they were due).
// fec: of the stream's addresses.
[[nodiscard]] StreamTuning resolve_tuning(const StreamSettings& settings,
                                          FecScheme fec = FecScheme::rs8m);

}  // namespace rocd
