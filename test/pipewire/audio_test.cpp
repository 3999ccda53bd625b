// What is heard through a virtual input: the only judge of volume and mute.
#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <numbers>
#include <vector>

#include "pipewire/driver_harness.hpp"

using namespace rocd;
using namespace rocd::test;
using Catch::Approx;

namespace {

constexpr double amplitude = 0.5;

void write_tone(const std::filesystem::path& file, int seconds) {
  std::vector<std::int16_t> samples;
  for (int i = 0; i < 48000 * seconds; ++i) {
    const auto value = static_cast<std::int16_t>(32767 * amplitude *
                                                 std::sin(2 * std::numbers::pi * 1000 * i / 48000));
    samples.insert(samples.end(), {value, value});
  }
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(samples.data()),
             static_cast<std::streamsize>(samples.size() * sizeof samples[0]));
}

// Loudest sample of a second of recording; the first part may hold what was before.
double recorded_peak(const DriverHarness& harness, const std::string& source) {
  const auto file = harness.session.directory() / "recording.raw";
  harness.session.run(
      "timeout 1.5 parec --raw --latency-msec=50 --format=s16le --rate=48000 --channels=2 -d " +
      source + " > " + file.string() + " || true");
  std::ifstream stream(file, std::ios::binary);
  std::vector<char> bytes((std::istreambuf_iterator<char>(stream)), {});
  REQUIRE(bytes.size() > 48000);
  std::vector<std::int16_t> samples(bytes.size() / 2);
  std::copy_n(bytes.data(), samples.size() * 2, reinterpret_cast<char*>(samples.data()));
  std::int32_t peak = 0;
  for (auto at = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
       at != samples.end(); ++at)
    peak = std::max(peak, std::abs(static_cast<std::int32_t>(*at)));
  return peak / 32767.0;
}

}  // namespace

TEST_CASE("volume and mute of a virtual input are what a recorder hears", "[pipewire]") {
  DriverHarness harness;
  auto device = virtual_input("mic");
  harness.driver->ensure_device(device);
  REQUIRE(harness.until_device("rocd.mic"));
  const auto tone = harness.session.directory() / "tone.raw";
  write_tone(tone, 60);
  harness.session.run("paplay --raw --format=s16le --rate=48000 --channels=2 -d rocd.mic.feed " +
                      tone.string() + " >/dev/null 2>&1 &");
  REQUIRE(harness.until([&] { return harness.dumped_links("paplay", "rocd.mic.feed") == 2; }));

  CHECK(recorded_peak(harness, "rocd.mic") == Approx(amplitude).margin(0.05));

  const auto set = [&](double volume, bool muted) {
    device.volume = volume;
    device.muted = muted;
    harness.driver->ensure_device(device);
    REQUIRE(harness.until([&] {
      return harness.device("rocd.mic")->volume == volume &&
             harness.device("rocd.mic")->muted == muted;
    }));
    harness.run_for(100ms);
  };
  set(0.25, false);
  CHECK(recorded_peak(harness, "rocd.mic") == Approx(amplitude * 0.25).margin(0.02));
  set(0.25, true);
  CHECK(recorded_peak(harness, "rocd.mic") == 0.0);
  set(1.0, false);
  CHECK(recorded_peak(harness, "rocd.mic") == Approx(amplitude).margin(0.05));
}

TEST_CASE("a device that was made muted or quiet is so from the first sample", "[pipewire]") {
  DriverHarness harness;
  auto device = virtual_output("kitchen");
  device.muted = true;
  harness.driver->ensure_device(device);
  REQUIRE(harness.until_device("rocd.kitchen"));
  const auto tone = harness.session.directory() / "tone.raw";
  write_tone(tone, 30);
  harness.session.run("paplay --raw --format=s16le --rate=48000 --channels=2 -d rocd.kitchen " +
                      tone.string() + " >/dev/null 2>&1 &");
  CHECK(recorded_peak(harness, "rocd.kitchen.monitor") == 0.0);
}

TEST_CASE("whoever waits for a device hears it as soon as it returns", "[pipewire]") {
  // The session manager links a waiting stream in the moment that we prime the new node.
  DriverHarness harness;
  harness.driver->ensure_device(virtual_output("kitchen"));
  REQUIRE(harness.until_device("rocd.kitchen"));
  const auto file = harness.session.directory() / "recording.raw";
  harness.session.run(
      "PULSE_PROP='node.dont-fallback=true node.dont-move=true node.linger=true' "
      "parec --raw --latency-msec=50 -d rocd.kitchen.monitor > " +
      file.string() + " 2>/dev/null &");
  std::error_code error;
  const auto grows = [&] {
    const auto size = std::filesystem::file_size(file, error);
    return harness.until([&] { return std::filesystem::file_size(file, error) > size + 19200; },
                         5s);
  };
  REQUIRE(harness.until([&] { return std::filesystem::file_size(file, error) > 0; }));
  for (int round = 0; round < 5; ++round) {
    CAPTURE(round);
    const auto serial = harness.device("rocd.kitchen")->serial;
    harness.remove_system_device("rocd.kitchen");
    REQUIRE(harness.until([&] {
      const auto* info = harness.device("rocd.kitchen");
      return info != nullptr && info->serial != serial &&
             harness.dumped_links("rocd.kitchen", "parec") == 2;
    }));
    CHECK(grows());
  }
}
