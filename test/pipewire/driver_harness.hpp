// A PipeWireDriver in a private session, with everything it reported, for tests that wait for
// conditions.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "device/pipewire_driver.hpp"
#include "support/audio_session.hpp"

namespace rocd::test {

class DriverHarness {
 public:
  explicit DriverHarness(AudioSession::Start start = AudioSession::Start::running);

  void start_driver();

  // Runs the reactor until the condition holds; false after the deadline.
  bool until(const std::function<bool()>& condition, Duration deadline = 20s);
  bool until_device(const std::string& name);
  void run_for(Duration duration);

  // A sink or source of somebody else, which stays until it is destroyed.
  void add_system_device(const std::string& name, const std::string& media_class = "Audio/Sink",
                         const std::string& more = "");
  // As if it had been used once: before that it keeps volumes to itself.
  void prime_system_device(const std::string& name);
  void remove_system_device(const std::string& name);
  [[nodiscard]] std::string default_sink() const;
  [[nodiscard]] std::size_t dumped_links(const std::string& from, const std::string& to) const;

  [[nodiscard]] const DeviceInfo* device(const std::string& name) const;
  // Objects of pw-dump: their "info.props", for nodes whose property `key` is `value`.
  [[nodiscard]] std::vector<boost::json::object> dumped_nodes(const std::string& key,
                                                              const std::string& value) const;
  [[nodiscard]] std::size_t dumped_ports(std::int64_t node) const;

  boost::asio::io_context io{1};
  AudioSession session;
  Uid peer = Uid::derive("test", "peer", "self");
  std::optional<PipeWireDriver> driver;

  // What was reported.
  struct LinkState {
    bool linked;
    std::string reason;
  };
  std::vector<std::pair<bool, std::string>> connections;
  std::vector<std::pair<bool, std::string>> answers;
  std::vector<bool> manager_runs;  // the session manager, as told
  std::map<std::string, DeviceInfo> devices;
  std::vector<DeviceInfo> device_events;
  std::vector<std::string> gone;
  std::map<Uid, std::string> problems;
  std::map<Uid, std::vector<LinkState>> links;
  std::map<std::pair<Uid, std::uint64_t>, StreamNodeInfo> stream_nodes;
  std::vector<StreamNodeInfo> stream_node_events;
};

[[nodiscard]] VirtualDevice virtual_output(const std::string& name);
[[nodiscard]] VirtualDevice virtual_input(const std::string& name);
[[nodiscard]] std::size_t open_descriptors();

}  // namespace rocd::test
