// The delay between two channels of one recording of make_pulses(): both channels must have been
// recorded by one stream, so that their samples belong to the same instants.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace rocd::audio {

struct Latency {
  std::size_t pulses = 0;       // seen in the reference with enough time behind them
  std::vector<double> lags_ms;  // one per pulse that was found again, in order
  double median_ms = 0;
  double min_ms = 0;
  double max_ms = 0;

  [[nodiscard]] std::size_t missed() const { return pulses - lags_ms.size(); }
};

// Lags from 0 to `max_lag` seconds. A pulse is found again where the correlation (normalised, 1.0
// for the same shape) is highest, if it is at least 0.5 there.
[[nodiscard]] Latency measure_latency(std::span<const float> reference,
                                      std::span<const float> delayed, unsigned rate,
                                      double max_lag);

}  // namespace rocd::audio
