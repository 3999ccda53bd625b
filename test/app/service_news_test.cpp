#include "app/service_news.hpp"

#include <catch2/catch_test_macros.hpp>
#include <vector>

using namespace rocd;

namespace {

struct World {
  explicit World(std::optional<Duration> watchdog = std::nullopt)
      : news(watchdog, [this] { return status; }) {}

  std::vector<std::string> drain() {
    std::vector<std::string> messages;
    while (auto message = news.poll_message(now)) messages.push_back(*message);
    return messages;
  }
  // Sleeps as a shell does; what was said until `end`.
  std::vector<std::string> run_until(Instant end) {
    auto messages = drain();
    for (auto next = news.poll_timeout(); next && *next <= end; next = news.poll_timeout()) {
      now = *next;
      for (auto& message : drain()) messages.push_back(message);
    }
    now = end;
    return messages;
  }

  std::string status = "no streams";
  Instant now{100s};
  ServiceNews news;
};

using Messages = std::vector<std::string>;

}  // namespace

TEST_CASE("the status says how many streams run, and what the others do") {
  using enum StreamState;
  CHECK(service_status({}, PipeWireState::connected) == "no streams, PipeWire connected");
  CHECK(service_status({{stopped, 2}}, PipeWireState::absent) ==
        "no streams, PipeWire not connected");
  CHECK(service_status({{running, 1}}, PipeWireState::silent) ==
        "1 stream running, PipeWire does not answer");
  CHECK(service_status({{running, 1}}, PipeWireState::unmanaged) ==
        "1 stream running, no session manager (WirePlumber) runs");
  CHECK(service_status({{running, 1}}, PipeWireState::connected, true) ==
        "the last reload failed; 1 stream running, PipeWire connected");
  CHECK(service_status({{running, 1}}, PipeWireState::connected) ==
        "1 stream running, PipeWire connected");
  CHECK(service_status({{running, 3}, {stopped, 1}}, PipeWireState::connected) ==
        "3 streams running, PipeWire connected");
  CHECK(service_status({{waiting, 1}}, PipeWireState::absent) ==
        "0 of 1 stream running, 1 waiting, PipeWire not connected");
  CHECK(service_status({{running, 2}, {waiting, 0}, {starting, 1}, {failed, 2}},
                       PipeWireState::connected) ==
        "2 of 5 streams running, 1 starting, 2 failed, PipeWire connected");
}

TEST_CASE("a service manager hears nothing before rocd is ready, then that and the status") {
  World world(10s);
  world.news.handle_change();
  CHECK(world.run_until(world.now + 60s).empty());
  world.news.handle_ready(world.now);
  CHECK(world.drain() == Messages{"READY=1\nSTATUS=no streams", "WATCHDOG=1"});
}

TEST_CASE("the watchdog is fed at half of its time, from ready on, also while rocd stops") {
  World world(10s);
  world.news.handle_ready(world.now);
  world.drain();
  CHECK(world.run_until(world.now + 20s) == Messages(4, "WATCHDOG=1"));
  world.news.handle_stopping();
  CHECK(world.run_until(world.now + 5s) == Messages{"STOPPING=1\nSTATUS=stopping", "WATCHDOG=1"});
}

TEST_CASE("without a watchdog and without news the service manager is left alone") {
  World world;
  world.news.handle_ready(world.now);
  world.drain();
  CHECK_FALSE(world.news.poll_timeout().has_value());
}

TEST_CASE("a status that changes often is told once a second, and at last as it is") {
  World world;
  world.news.handle_ready(world.now);
  world.drain();
  Messages told;
  for (int i = 1; i <= 25; ++i) {
    world.status = std::to_string(i) + " streams";
    world.news.handle_change();
    for (auto& message : world.run_until(world.now + 100ms)) told.push_back(message);
  }
  for (auto& message : world.run_until(world.now + 10s)) told.push_back(message);
  CHECK(told == Messages{"STATUS=10 streams", "STATUS=20 streams", "STATUS=25 streams"});
  CHECK_FALSE(world.news.poll_timeout().has_value());
}

TEST_CASE("a change that does not show in the status is not told") {
  World world;
  world.news.handle_ready(world.now);
  world.drain();
  world.news.handle_change();
  CHECK(world.run_until(world.now + 10s).empty());
}

TEST_CASE("a reload is told with its time, and that it is over, even if it is already") {
  World world;
  world.news.handle_ready(world.now);
  world.drain();
  world.news.handle_reloading(world.now);
  CHECK(world.drain() == Messages{"RELOADING=1\nMONOTONIC_USEC=100000000"});
  world.status = "1 stream running";
  world.news.handle_ready(world.now);
  CHECK(world.drain() == Messages{"READY=1\nSTATUS=1 stream running"});

  world.now += 1s;
  for (int i = 0; i < 3; ++i) {  // nothing could be sent meanwhile
    world.news.handle_reloading(world.now);
    world.news.handle_ready(world.now);
  }
  CHECK(world.drain() ==
        Messages{"RELOADING=1\nMONOTONIC_USEC=101000000", "READY=1\nSTATUS=1 stream running"});
}

TEST_CASE("that rocd stops is told whatever it was doing, and nothing after that") {
  World world;
  SECTION("ready") {
    world.news.handle_ready(world.now);
  }
  SECTION("reloading") {
    world.news.handle_ready(world.now);
    world.drain();
    world.news.handle_reloading(world.now);
  }
  SECTION("starting") {}
  world.news.handle_stopping();
  CHECK(world.drain() == Messages{"STOPPING=1\nSTATUS=stopping"});
  world.status = "something else";
  world.news.handle_change();
  world.news.handle_reloading(world.now);
  world.news.handle_ready(world.now);
  CHECK(world.run_until(world.now + 60s).empty());
}
