#include "stream/stream_tuning.hpp"

#include <algorithm>

namespace rocd {
namespace {

struct ProfileNumbers {
  Duration target_latency;
  Duration io_latency;
};

constexpr ProfileNumbers numbers_of(Profile profile) {
  switch (profile) {
    case Profile::low:
      return {60ms, 10ms};
    case Profile::balanced:
      return {120ms, 20ms};
    case Profile::robust:
      return {300ms, 60ms};
  }
  return {120ms, 20ms};
}

// LDPC-Staircase cannot be set up with less than its left degree, 7 as Roc Toolkit sets it: the
// sender aborts (of_set_fec_parameters() failed).
constexpr std::uint32_t least_ldpc_repair_packets = 7;

// Below this the frames, 10 ms by default, are a visible part of the latency.
constexpr Duration short_target = 60ms;

FecBlock block_that_fits(Duration target_latency, Duration packet_length) {
  // Half of the target: the block's repair packets come after it and the network needs the rest.
  const auto packets = (target_latency / 2) / packet_length;
  const auto source = static_cast<std::uint32_t>(std::clamp<std::int64_t>(packets, 5, 18));
  return {source, std::max<std::uint32_t>(3, source * 5 / 9)};  // 18+10 is the tools' default
}

}  // namespace

StreamTuning resolve_tuning(const StreamSettings& settings, FecScheme fec) {
  const auto numbers = numbers_of(settings.profile);
  StreamTuning tuning;
  tuning.target_latency = settings.target_latency.value_or(numbers.target_latency);
  const Duration largest_io = std::max<Duration>(tuning.target_latency / 4, 1ms);
  tuning.io_latency = settings.io_latency.value_or(std::min(numbers.io_latency, largest_io));
  const bool is_short = tuning.target_latency <= short_target;
  tuning.packet_length = settings.packet_length.value_or(
      tuning.target_latency <= 25ms ? Duration(2500us) : Duration(5ms));
  if (is_short) tuning.frame_length = tuning.packet_length;
  // 60 ms leaves room for 6 packets of 5 ms, 120 ms and more for 10 (measured) and 18.
  const Duration for_fec = std::max<Duration>(tuning.packet_length, 1us);
  tuning.fec_block = block_that_fits(tuning.target_latency, for_fec);
  if (tuning.target_latency < 180ms && tuning.fec_block.source_packets > 10) {
    tuning.fec_block = {10, 5};
  }
  auto& repair = tuning.fec_block.repair_packets;
  if (fec == FecScheme::ldpc) repair = std::max(repair, least_ldpc_repair_packets);
  return tuning;
}

}  // namespace rocd
