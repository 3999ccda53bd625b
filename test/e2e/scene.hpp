// What most tests begin with: an audio session of its own, a configuration, and a rocd in it. The
// configuration is the one of README: a virtual speaker is sent to a virtual microphone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "e2e/graph.hpp"
#include "e2e/rocd.hpp"
#include "e2e/sound.hpp"
#include "support/audio_session.hpp"

namespace rocd::test {

// UDP ports of the loopback interface that nobody used a moment ago.
[[nodiscard]] std::vector<std::uint16_t> free_udp_ports(std::size_t count);
// The first of so many that follow each other.
[[nodiscard]] std::uint16_t free_udp_row(std::size_t count);

// The endpoints "speaker" and "microphone" and the streams "send" and "receive", each with
// `suffix`.
struct Loopback {
  std::string suffix = {};
  std::string fec = "rs8m";  // empty: bare rtp
  bool control = true;
  std::string profile = "balanced";
  std::string source = {}, destination = {};  // instead of the virtual devices
};
// "endpoints:" and "streams:" of a configuration.
[[nodiscard]] std::string loopback_config(const std::vector<Loopback>& loopbacks = {Loopback{}});

class Scene {
 public:
  // `config`: YAML; the rest is defaults. Without one, rocd is not started.
  explicit Scene(const std::optional<std::string>& config);
  // Ends rocd, if it still runs, and checks that it does so as it should.
  ~Scene();
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  [[nodiscard]] Rocd& rocd() { return *rocd_; }
  // Also once more: with the same state and configuration. `launcher`: as Rocd::Options has it.
  void start_rocd(const std::vector<std::string>& arguments = {},
                  const std::vector<std::string>& launcher = {});
  void kill_rocd();  // SIGKILL
  // Sends the signal and checks that within five seconds it has ended well, no child is left and,
  // if PipeWire runs, no node.
  void end_rocd(int signal);
  void write_config(const std::string& config);
  [[nodiscard]] const std::filesystem::path& config() const { return config_; }
  [[nodiscard]] std::filesystem::path path(const std::string& name) const {
    return directory_.path() / name;
  }

  AudioSession session;

 private:
  TempDirectory directory_;
  std::filesystem::path config_;
  std::optional<Rocd> rocd_;
};

}  // namespace rocd::test
