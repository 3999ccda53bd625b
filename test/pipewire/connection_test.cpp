#include <sys/resource.h>

#include <boost/asio/steady_timer.hpp>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <filesystem>

#include "pipewire/driver_harness.hpp"

using namespace rocd;
using namespace rocd::test;
using Catch::Approx;

TEST_CASE("when PipeWire is killed and comes back, everything is made again and told",
          "[pipewire]") {
  DriverHarness harness;
  auto device = virtual_output("kitchen");
  device.volume = 0.125;
  harness.driver->ensure_device(device);
  harness.driver->ensure_device(virtual_input("mic"));
  const auto stream = Uid::derive("test", "stream", "s");
  harness.driver->ensure_link({stream, "rocd.kitchen", "rocd.mic.feed"});
  REQUIRE(harness.until([&] {
    return harness.device("rocd.mic") != nullptr && !harness.links[stream].empty() &&
           harness.links[stream].back().linked;
  }));
  for (int round = 0; round < 3; ++round) {
    harness.gone.clear();
    harness.session.kill("pipewire");
    REQUIRE(harness.until([&] { return harness.devices.empty(); }));
    CHECK_FALSE(harness.connections.back().first);
    CHECK_FALSE(harness.connections.back().second.empty());
    CHECK_FALSE(harness.driver->connected());
    CHECK(harness.driver->version().empty());
    CHECK_FALSE(harness.links[stream].back().linked);
    CHECK(harness.driver->set_volume("rocd.mic", 1, false).error().code == ErrorCode::unavailable);

    harness.session.restart();
    REQUIRE(harness.until_device("rocd.kitchen"));
    REQUIRE(harness.until_device("rocd.mic"));
    REQUIRE(harness.until([&] { return harness.links[stream].back().linked; }));
    CHECK(harness.connections.back().first);
    CHECK(harness.device("rocd.kitchen")->volume == 0.125);
    CHECK(harness.dumped_links("rocd.mic.feed", "rocd.mic") == 2);
    CHECK(harness.dumped_links("rocd.kitchen", "rocd.mic.feed") == 2);
  }
}

TEST_CASE("a driver that starts before PipeWire waits for it", "[pipewire]") {
  DriverHarness harness(AudioSession::Start::later);
  harness.driver->ensure_device(virtual_output("kitchen"));
  REQUIRE(harness.until([&] { return !harness.connections.empty(); }));
  CHECK_FALSE(harness.connections[0].first);
  CHECK(harness.connections[0].second.find("pipewire-0") != std::string::npos);
  harness.session.restart();
  REQUIRE(harness.until_device("rocd.kitchen"));
  CHECK(harness.connections.size() == 2);
}

TEST_CASE("a frozen PipeWire is told of and kept, and goes on with all that was made",
          "[pipewire]") {
  DriverHarness harness;
  harness.driver->ensure_device(virtual_output("kitchen"));
  REQUIRE(harness.until_device("rocd.kitchen"));
  const auto serial = harness.device("rocd.kitchen")->serial;
  harness.session.signal("pipewire", SIGSTOP);
  harness.driver->ensure_device(virtual_output("bath"));  // a question that is not answered
  REQUIRE(harness.until([&] { return !harness.answers.empty(); }));
  CHECK_FALSE(harness.answers.back().first);
  CHECK(harness.answers.back().second.find("frozen") != std::string::npos);
  CHECK(harness.driver->silence() == harness.answers.back().second);
  CHECK(harness.driver->connected());
  CHECK(harness.connections.size() == 1);
  CHECK(harness.device("rocd.kitchen") != nullptr);
  harness.session.signal("pipewire", SIGCONT);
  REQUIRE(harness.until_device("rocd.bath"));
  CHECK(harness.answers.back().first);
  CHECK(harness.driver->silence().empty());
  CHECK(harness.connections.size() == 1);
  CHECK(harness.device("rocd.kitchen")->serial == serial);
  CHECK(harness.dumped_nodes("rocd.instance", harness.peer.str()).size() == 2);
}

TEST_CASE("a PipeWire that is frozen does not hold up shutdown", "[pipewire]") {
  DriverHarness harness;
  harness.driver->ensure_device(virtual_output("kitchen"));
  REQUIRE(harness.until_device("rocd.kitchen"));
  harness.session.signal("pipewire", SIGSTOP);
  harness.driver->remove_device(virtual_output("kitchen").uid);
  const auto before = Now::read().mono;
  harness.driver->shutdown();
  CHECK(Now::read().mono - before < 200ms);
  harness.session.signal("pipewire", SIGCONT);
  CHECK(harness.until(
      [&] { return harness.dumped_nodes("rocd.instance", harness.peer.str()).empty(); }));
}

TEST_CASE("a PipeWire that is frozen when it is found is used as soon as it goes on",
          "[pipewire]") {
  DriverHarness harness(AudioSession::Start::later);
  harness.session.restart();
  harness.session.signal("pipewire", SIGSTOP);
  harness.driver.reset();
  harness.connections.clear();
  harness.start_driver();
  harness.driver->ensure_device(virtual_output("kitchen"));
  REQUIRE(harness.until([&] {
    return !harness.connections.empty() &&
           harness.connections.back().second.find("frozen") != std::string::npos;
  }));
  CHECK_FALSE(harness.driver->connected());
  harness.session.signal("pipewire", SIGCONT);
  CHECK(harness.until_device("rocd.kitchen"));
  CHECK(harness.connections.back().first);
}

TEST_CASE("a frozen PipeWire that is killed and started again is found again", "[pipewire]") {
  DriverHarness harness;
  harness.driver->ensure_device(virtual_output("kitchen"));
  REQUIRE(harness.until_device("rocd.kitchen"));
  harness.session.signal("pipewire", SIGSTOP);
  harness.driver->check();
  REQUIRE(harness.until([&] { return !harness.answers.empty(); }));
  harness.session.kill("pipewire");
  REQUIRE(harness.until([&] { return !harness.connections.back().first; }));
  CHECK(harness.driver->silence().empty());
  harness.session.restart();
  CHECK(harness.until_device("rocd.kitchen"));
  CHECK(harness.connections.back().first);
}

TEST_CASE("who asks whether PipeWire answers is told, each time", "[pipewire]") {
  DriverHarness harness;
  REQUIRE(harness.until([&] { return harness.driver->connected(); }));
  harness.run_for(100ms);
  CHECK(harness.answers.empty());
  for (std::size_t asked = 1; asked <= 3; ++asked) {
    harness.driver->check();
    CHECK(harness.until([&] { return harness.answers.size() == asked; }));
    CHECK(harness.answers.back() == std::pair(true, std::string()));
  }
}

TEST_CASE("a session manager that dies and comes back costs no node", "[pipewire]") {
  DriverHarness harness;
  harness.driver->ensure_device(virtual_input("mic"));
  REQUIRE(harness.until_device("rocd.mic"));
  const auto serial = harness.device("rocd.mic")->serial;
  REQUIRE(harness.manager_runs == std::vector{true});
  harness.session.kill("wireplumber");
  REQUIRE(harness.until([&] { return harness.manager_runs == std::vector{true, false}; }));
  CHECK_FALSE(harness.driver->session_manager_runs());
  harness.driver->ensure_device(virtual_output("kitchen"));
  harness.run_for(300ms);
  CHECK(harness.device("rocd.kitchen") == nullptr);  // nobody gives it ports
  harness.session.restart();
  REQUIRE(harness.until_device("rocd.kitchen"));
  // It gives new ports to old nodes, so the links have to be made again.
  REQUIRE(harness.until([&] {
    return harness.device("rocd.mic") != nullptr &&
           harness.dumped_links("rocd.mic.feed", "rocd.mic") == 2;
  }));
  CHECK(harness.device("rocd.mic")->serial == serial);
  CHECK(harness.manager_runs == std::vector{true, false, true});
  CHECK(harness.driver->session_manager_runs());
}

TEST_CASE("fifty devices made and removed leave no descriptor and no thread", "[pipewire]") {
  DriverHarness harness;
  harness.driver->ensure_device(virtual_output("first"));
  REQUIRE(harness.until_device("rocd.first"));
  const auto descriptors = open_descriptors();
  for (int round = 0; round < 2; ++round) {
    const auto begin = Now::read().mono;
    for (int i = 0; i < 50; ++i)
      harness.driver->ensure_device(i % 2 == 0 ? virtual_output("d" + std::to_string(i))
                                               : virtual_input("d" + std::to_string(i)));
    REQUIRE(harness.until([&] { return harness.devices.size() == 51; }, 60s));
    WARN("50 devices (75 nodes, 50 links) made in "
         << std::chrono::duration_cast<std::chrono::milliseconds>(Now::read().mono - begin).count()
         << " ms");
    for (int i = 0; i < 50; ++i)
      harness.driver->remove_device(virtual_output("d" + std::to_string(i)).uid);
    REQUIRE(harness.until([&] { return harness.devices.size() == 1; }, 60s));
  }
  CHECK(open_descriptors() == descriptors);
  std::size_t threads = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
    ++threads;
  CHECK(threads == 1);
  CHECK(harness.until(
      [&] { return harness.dumped_nodes("rocd.instance", harness.peer.str()).size() == 1; }));
}

TEST_CASE("when nothing happens, nothing runs", "[pipewire]") {
  DriverHarness harness;
  harness.driver->ensure_device(virtual_output("kitchen"));
  harness.driver->ensure_device(virtual_input("mic"));
  REQUIRE(harness.until_device("rocd.mic"));
  // The session falls asleep a few seconds after the last change.
  std::size_t handlers = 1;
  for (int i = 0; i < 10 && handlers > 0; ++i) {
    harness.io.restart();
    handlers = harness.io.run_for(2s);
  }
  boost::asio::steady_timer timer(harness.io, std::chrono::seconds(3));
  timer.async_wait([](const boost::system::error_code&) {});
  rusage before{};
  ::getrusage(RUSAGE_SELF, &before);
  harness.io.restart();
  CHECK(harness.io.run_one() == 1);  // the timer, nothing else
  CHECK(timer.expiry() <= Now::read().mono);
  rusage after{};
  ::getrusage(RUSAGE_SELF, &after);
  CHECK(after.ru_nvcsw - before.ru_nvcsw <= 1);  // falling asleep once
}
