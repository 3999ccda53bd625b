// A StreamDispatcher among fakes: no process, no sound system, a store in a temporary directory.
// Children play their part by themselves (play_children) or are played by the test.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "device/endpoint_dispatcher.hpp"
#include "fake/fake_device_driver.hpp"
#include "fake/fake_spawner.hpp"
#include "fake/fake_stream_engine.hpp"
#include "stream/stream_dispatcher.hpp"
#include "support/temp_directory.hpp"

namespace rocd::test {

class NoRegistry final : public ChildRegistry {
 public:
  void add(const Uid&, const ProcessIdentity&) override {}
  void remove(const Uid&) override {}
};

class DispatcherWorld {
 public:
  explicit DispatcherWorld(const std::filesystem::path& state_directory,
                           std::vector<StreamSpec> configured = {});
  ~DispatcherWorld();

  // Runs the reactor until `condition`; false after ten seconds.
  bool until(const std::function<bool()>& condition);
  void settle();  // runs what is due now, and what follows from that

  [[nodiscard]] StreamState state(const Uid& uid) const;
  bool reaches(const Uid& uid, StreamState wanted);
  [[nodiscard]] FakeProcess* process_of(const Uid& uid);  // the live one
  // Prints what a working child prints; its node appears.
  void play(FakeProcess& process, bool linked = true);
  void shut_down();

  boost::asio::io_context io;
  Uid self;
  std::unique_ptr<Store> store;
  EventBus events{"test"};
  FakeDeviceDriver driver;
  FakeSpawner spawner;
  FakeStreamEngine engine;
  NoRegistry registry;
  std::unique_ptr<EndpointDispatcher> endpoints;
  std::unique_ptr<Supervisor> supervisor;
  std::unique_ptr<StreamDispatcher> streams;
  Uid speaker, microphone;  // a virtual output and a virtual input, configured
  bool play_children = true;

  [[nodiscard]] StreamSpec sending() const;
  [[nodiscard]] StreamSpec receiving() const;
  [[nodiscard]] StreamSpec local() const;
};

}  // namespace rocd::test
