#include "audioprobe/wav.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rocd::audio {
namespace {

static_assert(std::endian::native == std::endian::little, "WAV is little-endian");

using Bytes = std::span<const std::byte>;

constexpr std::uint16_t kPcm = 1;
constexpr std::uint16_t kFloat = 3;
constexpr std::uint16_t kExtensible = 0xfffe;

template <class T>
T load(Bytes bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::vector<std::byte> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw WavError("cannot open " + path.string());
  file.seekg(0, std::ios::end);
  const auto size = file.tellg();
  if (size < 0) throw WavError("cannot read " + path.string());
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(bytes.data()), size);
  if (file.gcount() != size) throw WavError("cannot read " + path.string());
  return bytes;
}

std::size_t bytes_per_sample(SampleFormat format) {
  switch (format) {
    case SampleFormat::u8:
      return 1;
    case SampleFormat::s16:
      return 2;
    case SampleFormat::s24:
      return 3;
    case SampleFormat::s32:
    case SampleFormat::f32:
      return 4;
    case SampleFormat::f64:
      return 8;
  }
  return 0;
}

double load_sample(Bytes bytes, std::size_t offset, SampleFormat format) {
  switch (format) {
    case SampleFormat::u8:
      return (load<std::uint8_t>(bytes, offset) - 128) / 128.0;
    case SampleFormat::s16:
      return load<std::int16_t>(bytes, offset) / 32768.0;
    case SampleFormat::s24: {
      const auto low = load<std::uint16_t>(bytes, offset);
      const auto high = load<std::int8_t>(bytes, offset + 2);
      return (high * 65536 + low) / 8388608.0;
    }
    case SampleFormat::s32:
      return load<std::int32_t>(bytes, offset) / 2147483648.0;
    case SampleFormat::f32:
      return load<float>(bytes, offset);
    case SampleFormat::f64:
      return load<double>(bytes, offset);
  }
  return 0;
}

// A last frame of which only a part was written is left out.
Recording deinterleave(Bytes data, SampleFormat format, unsigned rate, unsigned channels) {
  const std::size_t width = bytes_per_sample(format);
  const std::size_t frames = data.size() / (width * channels);
  Recording recording{.rate = rate};
  recording.channels.assign(channels, Samples(frames));
  std::size_t offset = 0;
  for (std::size_t frame = 0; frame < frames; ++frame) {
    for (Samples& channel : recording.channels) {
      const double sample = load_sample(data, offset, format);
      // A NaN would make every figure one.
      channel[frame] = std::isfinite(sample) ? static_cast<float>(sample) : 0.0F;
      offset += width;
    }
  }
  return recording;
}

struct Format {
  SampleFormat samples = SampleFormat::s16;
  unsigned rate = 0;
  unsigned channels = 0;
};

Format parse_format(Bytes chunk, const std::string& file) {
  if (chunk.size() < 16) throw WavError(file + ": format chunk too short");
  auto tag = load<std::uint16_t>(chunk, 0);
  const auto bits = load<std::uint16_t>(chunk, 14);
  // The first two bytes of the sub-format's GUID are the tag that it stands for.
  if (tag == kExtensible && chunk.size() >= 26) tag = load<std::uint16_t>(chunk, 24);
  Format format{.rate = load<std::uint32_t>(chunk, 4), .channels = load<std::uint16_t>(chunk, 2)};
  if (tag == kPcm && bits == 8)
    format.samples = SampleFormat::u8;
  else if (tag == kPcm && bits == 16)
    format.samples = SampleFormat::s16;
  else if (tag == kPcm && bits == 24)
    format.samples = SampleFormat::s24;
  else if (tag == kPcm && bits == 32)
    format.samples = SampleFormat::s32;
  else if (tag == kFloat && bits == 32)
    format.samples = SampleFormat::f32;
  else if (tag == kFloat && bits == 64)
    format.samples = SampleFormat::f64;
  else
    throw WavError(file + ": unsupported encoding (format tag " + std::to_string(tag) + ", " +
                   std::to_string(bits) + " bits)");
  if (format.rate == 0 || format.channels == 0)
    throw WavError(file + ": a recording without sample rate or channels");
  return format;
}

std::string_view chunk_name(Bytes file, std::size_t offset) {
  return {reinterpret_cast<const char*>(file.data()) + offset, 4};
}

// Whether what begins at `offset` is a row of chunks to the very end, as after a true data length.
bool chunks_follow(Bytes file, std::size_t offset) {
  while (offset + 8 <= file.size()) {
    const std::string_view name = chunk_name(file, offset);
    if (!std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~'; }))
      return false;
    const std::size_t size = load<std::uint32_t>(file, offset + 4);
    offset += 8 + size + size % 2;
  }
  return offset >= file.size() && offset <= file.size() + 1;
}

// libsndfile writes a length of 0 and corrects it at the end; other writers put the largest number.
Bytes data_of(Bytes file, std::size_t begin, std::size_t declared, bool& incomplete) {
  const Bytes rest = file.subspan(begin);
  const bool is_true = declared > 0 && declared <= rest.size() &&
                       chunks_follow(file, begin + declared + declared % 2);
  incomplete = !is_true && !(declared == 0 && rest.empty());
  return is_true ? rest.first(declared) : rest;
}

template <class T>
void put(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

void put_sample(std::string& out, float sample, SampleFormat format) {
  if (format == SampleFormat::f32) return put(out, sample);
  const float scaled = std::round(std::clamp(sample, -1.0F, 1.0F) * 32767.0F);
  put(out, static_cast<std::int16_t>(scaled));
}

}  // namespace

Recording read_wav(const std::filesystem::path& path) {
  const std::vector<std::byte> content = read_file(path);
  const Bytes file(content);
  const std::string name = path.string();
  if (file.size() < 12 || chunk_name(file, 0) != "RIFF" || chunk_name(file, 8) != "WAVE")
    throw WavError(name + ": not a WAV file");
  std::optional<Format> format;
  for (std::size_t offset = 12; offset + 8 <= file.size();) {
    const std::string_view chunk = chunk_name(file, offset);
    const std::size_t size = load<std::uint32_t>(file, offset + 4);
    offset += 8;
    if (chunk == "fmt ")
      format = parse_format(file.subspan(offset, std::min(size, file.size() - offset)), name);
    if (chunk == "data") {
      if (!format) throw WavError(name + ": samples before their format");
      bool incomplete = false;
      const Bytes data = data_of(file, offset, size, incomplete);
      Recording recording = deinterleave(data, format->samples, format->rate, format->channels);
      recording.incomplete = incomplete;
      return recording;
    }
    offset += size + size % 2;
  }
  throw WavError(name + ": no samples");
}

Recording read_raw(const std::filesystem::path& path, SampleFormat format, unsigned rate,
                   unsigned channels) {
  if (rate == 0 || channels == 0) throw WavError("raw samples need a rate and channels");
  return deinterleave(read_file(path), format, rate, channels);
}

void write_wav(const std::filesystem::path& path, const Recording& recording, SampleFormat format) {
  if (format != SampleFormat::s16 && format != SampleFormat::f32)
    throw WavError("can write s16 and f32 only");
  const auto width = static_cast<std::uint32_t>(bytes_per_sample(format));
  const auto channels = static_cast<std::uint16_t>(recording.channels.size());
  const std::uint64_t data_size = std::uint64_t{width} * channels * recording.frames();
  if (data_size > 0xffff0000) throw WavError(path.string() + ": too long for a WAV file");

  std::string out = "RIFF";
  put(out, static_cast<std::uint32_t>(36 + data_size));
  out += "WAVEfmt ";
  put(out, std::uint32_t{16});
  put(out, format == SampleFormat::f32 ? kFloat : kPcm);
  put(out, channels);
  put(out, std::uint32_t{recording.rate});
  put(out, std::uint32_t{recording.rate * width * channels});
  put(out, static_cast<std::uint16_t>(width * channels));
  put(out, static_cast<std::uint16_t>(width * 8));
  out += "data";
  put(out, static_cast<std::uint32_t>(data_size));
  for (std::size_t frame = 0; frame < recording.frames(); ++frame)
    for (const Samples& channel : recording.channels) put_sample(out, channel[frame], format);

  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(out.data(), static_cast<std::streamsize>(out.size()));
  if (!file.flush()) throw WavError("cannot write " + path.string());
}

Recording cut(const Recording& recording, double skip, double length) {
  const auto frames_of = [&](double seconds) {
    return static_cast<std::size_t>(std::llround(std::max(0.0, seconds) * recording.rate));
  };
  const std::size_t begin = std::min(frames_of(skip), recording.frames());
  std::size_t end = recording.frames();
  if (length > 0) end = std::min(end, begin + frames_of(length));
  Recording part{.rate = recording.rate, .incomplete = recording.incomplete};
  for (const Samples& channel : recording.channels)
    part.channels.emplace_back(channel.begin() + static_cast<std::ptrdiff_t>(begin),
                               channel.begin() + static_cast<std::ptrdiff_t>(end));
  return part;
}

}  // namespace rocd::audio
