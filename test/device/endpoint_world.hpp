// An EndpointDispatcher over a fake driver and a store that survives restart().
#pragma once

#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "device/endpoint_dispatcher.hpp"
#include "fake/fake_device_driver.hpp"
#include "support/temp_directory.hpp"

namespace rocd::test {

inline const Uid self = Uid::derive("test", "peer", "self");
inline const Uid stream_a = Uid::derive("test", "stream", "a");

struct EndpointWorld {
  explicit EndpointWorld(std::vector<EndpointSpec> configured_ = {})
      : configured(std::move(configured_)) {
    start();
  }
  ~EndpointWorld() { stop(); }
  EndpointWorld(const EndpointWorld&) = delete;
  EndpointWorld& operator=(const EndpointWorld&) = delete;

  void start() {
    auto opened = Store::open(directory.path());
    REQUIRE(opened.has_value());
    store = std::move(*opened);
    driver.emplace();
    endpoints.emplace(io.get_executor(), self, *driver, *store, events);
    endpoints->set_callbacks({.on_changed = [this](const Uid& uid) { changed.insert(uid); },
                              .on_connection = [this](bool up) { connections.push_back(up); },
                              .on_answer = {},
                              .on_session_manager = {},
                              .on_stream_node = {},
                              .on_stream_node_gone = {},
                              .on_link = {}});
    REQUIRE(endpoints->start(configured).has_value());
    driver->deliver();
  }
  void stop() {
    if (endpoints) endpoints->shutdown();
    endpoints.reset();
    driver.reset();
    store.reset();
  }
  void restart() {
    stop();
    start();
  }
  void crash() {  // nothing is saved any more
    endpoints.reset();
    driver.reset();
    store.reset();
  }
  [[nodiscard]] const Endpoint& at(const Uid& uid) const {
    const auto* found = endpoints->find(uid);
    REQUIRE(found != nullptr);
    return *found;
  }
  [[nodiscard]] std::uint64_t stored_version(StoredKind kind, const Uid& uid) {
    auto items = store->load(kind);
    REQUIRE(items.has_value());
    for (const auto& item : *items)
      if (item.uid == uid) return item.version;
    return 0;
  }

  boost::asio::io_context io;
  TempDirectory directory;
  std::vector<EndpointSpec> configured;
  std::unique_ptr<Store> store;
  EventBus events{"test"};
  std::optional<FakeDeviceDriver> driver;
  std::optional<EndpointDispatcher> endpoints;
  std::set<Uid> changed;
  std::vector<bool> connections;
};

inline EndpointSpec wanted(const std::string& display_name,
                           StreamDirection direction = StreamDirection::output) {
  EndpointSpec spec;
  spec.display_name = display_name;
  spec.direction = direction;
  return spec;
}

inline EndpointSpec configured_kitchen() {
  EndpointSpec spec;
  spec.uid = Uid::derive(self.str(), "endpoint", "kitchen");
  spec.name = "kitchen";
  spec.origin = Origin::config;
  spec.location = "rocd.yaml:12:5";
  return spec;
}

inline DeviceInfo speakers() {
  DeviceInfo info;
  info.node_name = "alsa.speakers";
  info.description = "Built-in speakers";
  info.is_default = true;
  return info;
}

inline Uid make(EndpointWorld& peer, const EndpointSpec& spec) {
  const auto created = peer.endpoints->create(spec);
  REQUIRE(created.has_value());
  peer.driver->deliver();
  return created->spec.uid;
}

}  // namespace rocd::test
