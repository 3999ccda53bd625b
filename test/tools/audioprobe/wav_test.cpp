#include "audioprobe/wav.hpp"

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "audioprobe/signal.hpp"

using namespace rocd::audio;
using Catch::Matchers::WithinAbs;

namespace {

class File {
 public:
  explicit File(const std::string& content = "")
      : path_(std::filesystem::temp_directory_path() /
              ("rocd-wav-test-" + std::to_string(getpid()) + ".wav")) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~File() { std::filesystem::remove(path_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string content() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::filesystem::path path_;
};

std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

std::string chunk(const std::string& name, const std::string& content) {
  return name + number(content.size(), 4) + content + std::string(content.size() % 2, '\0');
}

std::string format(unsigned tag, unsigned channels, unsigned bits, const std::string& more = "") {
  const unsigned width = channels * bits / 8;
  return number(tag, 2) + number(channels, 2) + number(48000, 4) +
         number(std::uint64_t{48000} * width, 4) + number(width, 2) + number(bits, 2) + more;
}

std::string wav(const std::string& chunks) {
  return "RIFF" + number(chunks.size() + 4, 4) + "WAVE" + chunks;
}

std::string with_data_size(std::string file, std::uint32_t size) {
  const std::size_t at = file.find("data") + 4;
  return file.replace(at, 4, number(size, 4));
}

Recording read(const std::string& content) {
  const File file(content);
  return read_wav(file.path());
}

// Frames of two channels: (0.5, -0.5), (0.25, -0.25).
std::string stereo_s16() {
  return number(16384, 2) + number(0xc000, 2) + number(8192, 2) + number(0xe000, 2);
}

void check_stereo(const Recording& recording) {
  REQUIRE(recording.channels.size() == 2);
  REQUIRE(recording.frames() == 2);
  CHECK(recording.rate == 48000);
  CHECK_THAT(recording.channels[0][0], WithinAbs(0.5, 1e-6));
  CHECK_THAT(recording.channels[1][0], WithinAbs(-0.5, 1e-6));
  CHECK_THAT(recording.channels[0][1], WithinAbs(0.25, 1e-6));
  CHECK_THAT(recording.channels[1][1], WithinAbs(-0.25, 1e-6));
}

}  // namespace

TEST_CASE("What is written is read again") {
  const SampleFormat encoding = GENERATE(SampleFormat::s16, SampleFormat::f32);
  const Recording tone = make_tone({440, 660, 0}, -6, 0.2, 44100);
  const File file;
  write_wav(file.path(), tone, encoding);
  const Recording again = read_wav(file.path());
  CHECK(again.rate == 44100);
  CHECK_FALSE(again.incomplete);
  REQUIRE(again.channels.size() == 3);
  REQUIRE(again.frames() == tone.frames());
  for (std::size_t i = 0; i < tone.frames(); ++i)
    REQUIRE_THAT(again.channels[1][i], WithinAbs(tone.channels[1][i], 1e-4));
}

TEST_CASE("Every common sample format is read") {
  SECTION("16 bits") {
    check_stereo(read(wav(chunk("fmt ", format(1, 2, 16)) + chunk("data", stereo_s16()))));
  }
  SECTION("8 bits") {
    check_stereo(read(wav(chunk("fmt ", format(1, 2, 8)) + chunk("data", "\xc0\x40\xa0\x60"))));
  }
  SECTION("24 bits") {
    const std::string data =
        number(0x400000, 3) + number(0xc00000, 3) + number(0x200000, 3) + number(0xe00000, 3);
    check_stereo(read(wav(chunk("fmt ", format(1, 2, 24)) + chunk("data", data))));
  }
  SECTION("32 bits") {
    const std::string data = number(0x40000000, 4) + number(0xc0000000, 4) + number(0x20000000, 4) +
                             number(0xe0000000, 4);
    check_stereo(read(wav(chunk("fmt ", format(1, 2, 32)) + chunk("data", data))));
  }
  SECTION("float") {
    const std::string data = number(0x3f000000, 4) + number(0xbf000000, 4) + number(0x3e800000, 4) +
                             number(0xbe800000, 4);
    check_stereo(read(wav(chunk("fmt ", format(3, 2, 32)) + chunk("data", data))));
  }
  SECTION("extensible") {
    // Size of the extension, valid bits, speakers, then the GUID that begins with the tag.
    const std::string more =
        number(22, 2) + number(16, 2) + number(3, 4) + number(1, 2) + std::string(14, '\x11');
    check_stereo(
        read(wav(chunk("fmt ", format(0xfffe, 2, 16, more)) + chunk("data", stereo_s16()))));
  }
  SECTION("other chunks around, one of odd size") {
    check_stereo(
        read(wav(chunk("LIST", "odd") + chunk("fmt ", format(1, 2, 16)) + chunk("PEAK", "1234") +
                 chunk("data", stereo_s16()) + chunk("LIST", "after"))));
  }
}

TEST_CASE("A recording whose writer was killed is read to its end") {
  const std::string whole = wav(chunk("fmt ", format(1, 2, 16)) + chunk("data", stereo_s16()));
  const std::uint32_t declared = GENERATE(0U, 4U, 0xffffffffU, 100U);
  const Recording recording = read(with_data_size(whole, declared));
  check_stereo(recording);
  CHECK(recording.incomplete);
}

TEST_CASE("Half a frame at the end is left out") {
  const std::string whole = wav(chunk("fmt ", format(1, 2, 16)) + chunk("data", stereo_s16()));
  const Recording recording = read(whole.substr(0, whole.size() - 1));
  CHECK(recording.frames() == 1);
  CHECK(recording.incomplete);
}

TEST_CASE("A header without samples is an empty recording") {
  const Recording recording = read(wav(chunk("fmt ", format(1, 2, 16)) + chunk("data", "")));
  CHECK(recording.channels.size() == 2);
  CHECK(recording.frames() == 0);
}

TEST_CASE("Samples that are not numbers are silence") {
  const Recording recording =
      read(wav(chunk("fmt ", format(3, 1, 32)) +
               chunk("data", number(0x7fc00000, 4) + number(0x7f800000, 4))));
  CHECK(recording.channels.at(0) == Samples{0, 0});
}

TEST_CASE("What is not a recording is refused with the reason") {
  const std::string header = chunk("fmt ", format(1, 2, 16));
  const std::string content =
      GENERATE_COPY(std::string(), std::string("RIFF"), std::string(64, 'x'), wav(""), wav(header),
                    wav(chunk("data", "1234")), wav(chunk("fmt ", "short") + chunk("data", "1234")),
                    wav(chunk("fmt ", format(7, 2, 8)) + chunk("data", "1234")),
                    wav(chunk("fmt ", format(1, 0, 16)) + chunk("data", "1234")),
                    wav(chunk("fmt ", format(1, 2, 12)) + chunk("data", "1234")));
  CHECK_THROWS_AS(read(content), WavError);
  CHECK_THROWS_AS(read_wav("/nonexistent/file.wav"), WavError);
}

TEST_CASE("Every truncation of a file is read or refused, never read beyond its end") {
  const std::string whole =
      wav(chunk("LIST", "odd") + chunk("fmt ", format(1, 2, 16)) + chunk("data", stereo_s16()));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::size_t frames = 0;
    bool refused = false;
    try {
      frames = read(whole.substr(0, size)).frames();
    } catch (const WavError&) {
      refused = true;
    }
    CHECK((refused || frames <= 1));
  }
}

TEST_CASE("Raw samples are read as they are said to be") {
  const File file(stereo_s16());
  check_stereo(read_raw(file.path(), SampleFormat::s16, 48000, 2));
}

TEST_CASE("A part of a recording is cut out") {
  const Recording tone = make_tone({440}, -20, 2, 48000);
  CHECK(cut(tone, 0.5, 0).frames() == 72000);
  CHECK(cut(tone, 0.5, 1).frames() == 48000);
  CHECK(cut(tone, 5, 1).frames() == 0);
}
