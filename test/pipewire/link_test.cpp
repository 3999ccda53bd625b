#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <vector>

#include "pipewire/driver_harness.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

const Uid stream = Uid::derive("test", "stream", "s");

bool linked(DriverHarness& harness) {
  return !harness.links[stream].empty() && harness.links[stream].back().linked;
}

// A player or recorder with the properties of a child; ends with its handle.
class Client {
 public:
  explicit Client(std::vector<std::string> arguments) {
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const auto properties = "node.name=rocd-child rocd.stream.uid=" + stream.str();
    ::setenv("PULSE_PROP", properties.c_str(), 1);
    const int error = ::posix_spawnp(&pid_, argv[0], nullptr, nullptr, argv.data(), environ);
    ::unsetenv("PULSE_PROP");
    if (error != 0) throw std::system_error(error, std::generic_category(), argv[0]);
  }
  ~Client() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  [[nodiscard]] int pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

}  // namespace

TEST_CASE("two devices are linked by channel, and again when one returns", "[pipewire]") {
  DriverHarness harness;
  harness.driver->ensure_link({stream, "rocd.kitchen", "speakers"});
  REQUIRE(harness.until([&] { return !harness.links[stream].empty(); }));
  CHECK_FALSE(harness.links[stream].back().linked);

  harness.driver->ensure_device(virtual_output("kitchen"));
  harness.add_system_device("speakers");
  REQUIRE(harness.until([&] { return linked(harness); }));
  CHECK(harness.dumped_links("rocd.kitchen", "speakers") == 2);

  harness.remove_system_device("speakers");
  REQUIRE(harness.until([&] { return !linked(harness); }));
  CHECK(harness.links[stream].back().reason == "speakers is not there");
  harness.add_system_device("speakers");
  REQUIRE(harness.until([&] { return linked(harness); }));
  CHECK(harness.dumped_links("rocd.kitchen", "speakers") == 2);

  harness.driver->remove_link(stream);
  REQUIRE(harness.until([&] { return harness.dumped_links("rocd.kitchen", "speakers") == 0; }));
}

TEST_CASE("a link that somebody removes is made again", "[pipewire]") {
  DriverHarness harness;
  harness.driver->ensure_device(virtual_output("kitchen"));
  harness.driver->ensure_device(virtual_input("mic"));
  harness.driver->ensure_link({stream, "rocd.kitchen", "rocd.mic.feed"});
  REQUIRE(harness.until([&] { return linked(harness); }));
  harness.session.run("pw-link -d rocd.kitchen:monitor_FL rocd.mic.feed:playback_FL");
  harness.session.run("pw-link -d rocd.mic.feed:monitor_FR rocd.mic:input_FR");
  REQUIRE(harness.until([&] {
    return harness.dumped_links("rocd.kitchen", "rocd.mic.feed") == 2 &&
           harness.dumped_links("rocd.mic.feed", "rocd.mic") == 2;
  }));
  CHECK(harness.until([&] { return linked(harness) && harness.device("rocd.mic") != nullptr; }));
}

TEST_CASE("the node of a child is told with its device, its pid and its end", "[pipewire]") {
  DriverHarness harness;
  harness.add_system_device("speakers", "Audio/Sink", "priority.session=1000");
  harness.driver->ensure_device(virtual_input("mic"));
  REQUIRE(harness.until_device("rocd.mic"));
  {
    Client player({"paplay", "--raw", "-d", "rocd.mic.feed", "/dev/zero"});
    REQUIRE(harness.until([&] {
      return harness.stream_nodes.size() == 1 &&
             !harness.stream_nodes.begin()->second.linked_to.empty();
    }));
    const auto& node = harness.stream_nodes.begin()->second;
    const auto& mic = *harness.device("rocd.mic");
    CHECK(mic.playback_serial != mic.capture_serial);
    CHECK(node.stream == stream);
    CHECK(node.linked_to == std::vector<LinkedNode>{{"rocd.mic.feed", mic.playback_serial}});
    CHECK(node.links == 2);
    CHECK_FALSE(node.capturing);
    CHECK(node.pid == player.pid());
    // Two links, one report.
    std::size_t reports = 0;
    for (const auto& event : harness.stream_node_events) reports += event.linked_to.empty() ? 0 : 1;
    CHECK(reports == 1);
  }
  REQUIRE(harness.until([&] { return harness.stream_nodes.empty(); }));

  Client recorder({"parecord", "--raw", "-d", "rocd.mic", "/dev/null"});
  REQUIRE(harness.until([&] {
    return harness.stream_nodes.size() == 1 &&
           !harness.stream_nodes.begin()->second.linked_to.empty();
  }));
  CHECK(harness.stream_nodes.begin()->second.capturing);
  CHECK(harness.stream_nodes.begin()->second.linked_to ==
        std::vector<LinkedNode>{{"rocd.mic", harness.device("rocd.mic")->capture_serial}});
}
