// Recordings in memory, read from and written to WAV files or raw samples. Reading forgives what a
// killed recorder leaves behind (lengths of zero or too short, half a frame); writing is strict.
// Does not decide what a recording contains: see analysis.hpp.
#pragma once

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <vector>

namespace rocd::audio {

using Samples = std::vector<float>;  // full scale is 1.0

struct Recording {
  unsigned rate = 48000;               // samples per second
  std::vector<Samples> channels = {};  // all of the same length
  bool incomplete = false;             // the header's length was not true: the recorder was killed

  [[nodiscard]] std::size_t frames() const { return channels.empty() ? 0 : channels[0].size(); }
  [[nodiscard]] double seconds() const { return static_cast<double>(frames()) / rate; }
};

enum class SampleFormat { u8, s16, s24, s32, f32, f64 };

struct WavError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// PCM of 8 to 32 bits and float, plain or WAVE_FORMAT_EXTENSIBLE. Throws WavError.
[[nodiscard]] Recording read_wav(const std::filesystem::path& path);

// Interleaved samples without a header. Throws WavError.
[[nodiscard]] Recording read_raw(const std::filesystem::path& path, SampleFormat format,
                                 unsigned rate, unsigned channels);

// s16 or f32; samples beyond full scale are clipped in s16. Throws WavError.
void write_wav(const std::filesystem::path& path, const Recording& recording, SampleFormat format);

// The part from `skip` seconds on, at most `length` seconds (0: to the end).
[[nodiscard]] Recording cut(const Recording& recording, double skip, double length);

}  // namespace rocd::audio
