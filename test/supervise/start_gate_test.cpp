#include "supervise/start_gate.hpp"

#include <catch2/catch_test_macros.hpp>
#include <deque>
#include <string>
#include <vector>

using namespace rocd;

namespace {

Uid child(std::size_t number) {
  return Uid::derive("test", "child", std::to_string(number));
}

struct Gate {
  // All who may start now, in order.
  std::vector<Uid> admitted() {
    std::vector<Uid> all;
    while (auto next = gate.poll_next(now)) all.push_back(*next);
    return all;
  }
  // The first who come.
  void fill() {
    for (std::size_t i = 0; i < StartGate::at_once; ++i) REQUIRE(gate.enter(child(i), false, now));
  }

  StartGate gate;
  Instant now{100s};
};

}  // namespace

TEST_CASE("start gate: a few start at once, the others when those have, in their order") {
  Gate world;
  world.fill();
  for (const std::size_t late : {20, 21, 22})
    CHECK_FALSE(world.gate.enter(child(late), false, world.now));
  CHECK(world.admitted().empty());
  world.gate.leave(child(3));
  CHECK(world.gate.poll_timeout() <= world.now);
  CHECK(world.admitted() == std::vector{child(20)});
  world.gate.leave(child(0));
  world.gate.leave(child(20));
  CHECK(world.admitted() == std::vector{child(21), child(22)});
  CHECK_FALSE(world.gate.poll_timeout());
}

TEST_CASE("start gate: who takes long no longer keeps others waiting") {
  Gate world;
  world.fill();
  CHECK_FALSE(world.gate.enter(child(20), false, world.now));
  CHECK(world.gate.poll_timeout() == world.now + StartGate::patience);
  world.now += StartGate::patience;
  CHECK(world.admitted() == std::vector{child(20)});
  // Nor does it count when it has started at last.
  world.gate.leave(child(0));
  for (std::size_t i = 30; i < 30 + StartGate::at_once - 1; ++i)
    CHECK(world.gate.enter(child(i), false, world.now));
  CHECK_FALSE(world.gate.enter(child(50), false, world.now));
}

TEST_CASE("start gate: nobody overtakes who waits, and who goes is forgotten") {
  Gate world;
  world.fill();
  CHECK_FALSE(world.gate.enter(child(20), false, world.now));
  CHECK_FALSE(world.gate.enter(child(21), false, world.now));
  world.gate.leave(child(1));
  CHECK_FALSE(world.gate.enter(child(22), false, world.now));
  world.gate.leave(child(20));
  CHECK(world.admitted() == std::vector{child(21)});
  world.gate.leave(child(21));
  CHECK(world.admitted() == std::vector{child(22)});
}

TEST_CASE("start gate: who has worked before does not wait for those who have not") {
  Gate world;
  world.fill();
  for (const std::size_t late : {20, 21})
    CHECK_FALSE(world.gate.enter(child(late), false, world.now));
  for (std::size_t i = 30; i < 30 + StartGate::kept_for_proven; ++i)
    CHECK(world.gate.enter(child(i), true, world.now));
  // Of those, too, only so many at once.
  CHECK_FALSE(world.gate.enter(child(40), true, world.now));
  CHECK(world.admitted().empty());
  world.gate.leave(child(30));
  CHECK(world.admitted() == std::vector{child(40)});
  world.gate.leave(child(0));
  CHECK(world.admitted().empty());
  for (std::size_t i = 31; i < 30 + StartGate::kept_for_proven; ++i) world.gate.leave(child(i));
  world.gate.leave(child(40));
  CHECK(world.admitted() == std::vector{child(20)});
}

TEST_CASE("start gate: those who have worked before do not keep the others away for ever") {
  Gate world;
  std::deque<Uid> starting;
  std::size_t next = 0;
  const auto come = [&] {
    const auto who = child(100 + next++);
    if (world.gate.enter(who, true, world.now)) starting.push_back(who);
  };
  for (std::size_t i = 0; i < StartGate::at_once + StartGate::kept_for_proven; ++i) come();
  CHECK_FALSE(world.gate.enter(child(0), false, world.now));
  bool admitted = false;
  // There are always twelve of them that start, and some more that want to.
  for (int round = 0; round < 100 && !admitted; ++round) {
    come();
    world.gate.leave(starting.front());
    starting.pop_front();
    CHECK(world.gate.poll_timeout() == Instant());
    for (const auto& who : world.admitted()) {
      admitted |= who == child(0);
      starting.push_back(who);
    }
  }
  CHECK(admitted);
}
