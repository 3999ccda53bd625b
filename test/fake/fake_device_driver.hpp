// A DeviceDriver without a sound system: virtual devices appear (unless held back), links are made
// when both ends are there, and a test plays the rest of the world: system devices, children's
// nodes, foreign changes, a sound system that goes away.
//
// Like the real one it never calls back from within a call: reports wait until deliver().
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "device/device_driver.hpp"

namespace rocd::test {

class FakeDeviceDriver final : public DeviceDriver {
 public:
  void start(DeviceCallbacks callbacks) override;
  void ensure_device(const VirtualDevice& device) override;
  void remove_device(const Uid& uid) override;
  void ensure_link(const LinkRequest& link) override;
  void remove_link(const Uid& stream) override;
  [[nodiscard]] Result<> set_volume(const std::string& node_name, double volume,
                                    bool muted) override;
  [[nodiscard]] Result<> set_default(const std::string& node_name) override;
  [[nodiscard]] Result<> clear_default(const std::string& node_name) override;
  void check() override;
  [[nodiscard]] std::string silence() const override { return silence_; }
  [[nodiscard]] bool session_manager_runs() const override { return manager_runs_; }
  [[nodiscard]] bool connected() const override { return connected_; }
  [[nodiscard]] std::string version() const override { return connected_ ? "fake-1.0" : ""; }
  void shutdown() override;

  // Carries out what was reported so far, including what that leads to. Returns how many reports.
  std::size_t deliver();
  // Called whenever there is something to deliver: post deliver() to a reactor there, if there is
  // one.
  std::function<void()> on_pending;

  // --- the rest of the world
  void connect();  // start() does it too, unless hold_connection was set before
  void disconnect(const std::string& reason = "the test took it away");
  void fall_silent();  // no check() is answered
  void answer_again();
  void set_session_manager(bool runs);
  void add_system_device(DeviceInfo info);  // missing fields are filled in sensibly
  void remove_system_device(const std::string& node_name);
  void change_volume(const std::string& node_name, double volume,
                     bool muted);                     // as pavucontrol would
  void choose_default(const std::string& node_name);  // as a user would
  void set_stream_node(StreamNodeInfo info);
  void remove_stream_node(const Uid& stream);
  void share_names(const std::string& node_name, bool shared);  // somebody has nodes of its names
  void report_problem(const Uid& device, const std::string& problem);
  void break_link(const Uid& stream, const std::string& reason);

  bool hold_connection = false;  // start() does not connect
  bool hold_answers = false;     // check() is answered by answer_again() only
  bool hold_devices =
      false;  // virtual devices do not appear until it is cleared and release() called
  void release();

  // --- what was asked for
  std::map<Uid, VirtualDevice> wanted;
  std::map<Uid, LinkRequest> wanted_links;
  std::vector<std::string> log;  // "ensure rocd.kitchen", "volume speakers 0.5 muted", …
  std::map<std::string, std::uint64_t> made;  // how often a node was made, by name
  bool was_shut_down = false;

  [[nodiscard]] const DeviceInfo* device(const std::string& node_name) const;
  [[nodiscard]] LinkedNode node(const std::string& node_name) const;  // of a present device

 private:
  struct Link {
    bool told = false;
    bool linked = false;
  };
  void queue(std::function<void()> report);
  void appear(const VirtualDevice& device);
  void vanish(std::string node_name);  // by value: it may be the key that is erased
  void report_device(const std::string& node_name);
  void check_links();
  [[nodiscard]] bool has_node(const std::string& node_name) const;

  DeviceCallbacks callbacks_;
  bool connected_ = false;
  std::string silence_;
  bool manager_runs_ = true;
  std::uint64_t next_serial_ = 100;
  std::map<std::string, DeviceInfo> devices_;         // present
  std::map<std::string, DeviceInfo> system_devices_;  // plugged in, also while disconnected
  std::map<Uid, VirtualDevice> present_;
  std::map<Uid, StreamNodeInfo> stream_nodes_;
  std::map<Uid, Link> links_;
  std::deque<std::function<void()>> reports_;
};

}  // namespace rocd::test
