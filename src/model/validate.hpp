// Rules that need no I/O, beyond the shape of one value: what goes with what. (pure)
// Each returns all errors found, with JSON pointers; empty means valid.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/endpoint.hpp"
#include "model/stream.hpp"

namespace rocd {

// Bounds of what Roc Toolkit and PipeWire can work with at all; what is sensible is the profiles'
// business.
namespace limits {
inline constexpr Duration min_latency = 1ms;
inline constexpr Duration max_latency = 60s;
inline constexpr Duration min_packet = 1ms;
inline constexpr Duration max_packet = 60ms;    // roc-send 0.4.0: above 65 ms none fits its buffers
inline constexpr Duration min_idle_after = 1s;  // below, each pause of an application is a stop
inline constexpr Duration max_idle_after = 24h;
inline constexpr std::uint32_t min_channels = 1;
inline constexpr std::uint32_t max_channels = 8;
inline constexpr std::uint32_t min_sample_rate = 8000;
inline constexpr std::uint32_t max_sample_rate = 192'000;
inline constexpr double max_volume = 4;
// Of one rocd: what takes memory, processes and descriptors for as long as it is there.
inline constexpr std::size_t max_streams = 1024;
inline constexpr std::size_t max_virtual_devices = 1024;
}  // namespace limits

// What the rules look up. Functions outlive the call.
struct ValidationContext {
  Uid self;
  // nullptr if there is no such endpoint here.
  std::function<const EndpointSpec*(const Uid&)> find_endpoint;
  std::function<void(const std::function<void(const StreamSpec&)>&)> each_stream;
  bool allow_extra_args = false;
};

// Protocol pairs (source protocol without its repair protocol), wrong pairings of endpoints,
// missing endpoints, io_latency >= target_latency, fec that contradicts the addresses, ranges,
// extra_args. A port already bound by another enabled stream is reported with its name.
[[nodiscard]] std::vector<FieldError> validate(const StreamSpec& spec,
                                               const ValidationContext& context);

[[nodiscard]] std::vector<FieldError> validate(const EndpointSpec& spec);

// As MediaUri::parse(), but of an unknown scheme it says which ones there are for this place.
[[nodiscard]] Result<MediaUri> parse_uri(std::string_view text, Interface interface);

// Of a stream that could be read in part only: all mistakes that do not follow from the ones found
// in reading it.
[[nodiscard]] std::vector<FieldError> all_mistakes(std::vector<FieldError> reading,
                                                   const std::vector<FieldError>& meaning);

}  // namespace rocd
