// The network between senders and receivers: forwards each stream's packets over the loopback
// interface, and loses or delays them as told. (The kernel's own netem is not everywhere.)
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace rocd::test {

// UDP ports of one stream: media, repair, control; 0: it has none.
using StreamPorts = std::array<std::uint16_t, 3>;

class Relay {
 public:
  struct Path {
    StreamPorts in;   // the sender sends to these
    StreamPorts out;  // the receiver has bound these
  };
  struct Weather {
    double loss = 0;         // share of packets, independent of each other
    unsigned jitter_ms = 0;  // each is late by a random time up to this
  };

  // Binds at once; throws if it cannot. All flows of a path leave from one port: receivers tell
  // streams apart by it.
  Relay(const std::vector<Path>& paths, std::uint32_t seed);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  void set_weather(Weather weather);
  // Where the receiver is that gets what is sent to path.in; it may change its ports.
  void set_receiver(const Path& path);

  struct Counts {
    std::uint64_t packets = 0, lost = 0, delayed = 0;  // since ever
  };
  [[nodiscard]] Counts counts() const { return {packets_, lost_, delayed_}; }

 private:
  struct Impl;
  void run(std::uint32_t seed);

  std::unique_ptr<Impl> impl_;
  std::atomic<double> loss_{0};
  std::atomic<unsigned> jitter_ms_{0};
  std::atomic<std::uint64_t> packets_{0}, lost_{0}, delayed_{0};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace rocd::test
