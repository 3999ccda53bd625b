#include "supervise/start_gate.hpp"

#include <catch2/catch_test_macros.hpp>
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
    for (std::size_t i = 0; i < StartGate::at_once; ++i) REQUIRE(gate.enter(child(i), now));
  }

  StartGate gate;
  Instant now{100s};
};

}  // namespace

TEST_CASE("start gate: a few start at once, the others when those have, in their order") {
  Gate world;
  world.fill();
  for (const std::size_t late : {20, 21, 22}) CHECK_FALSE(world.gate.enter(child(late), world.now));
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
  CHECK_FALSE(world.gate.enter(child(20), world.now));
  CHECK(world.gate.poll_timeout() == world.now + StartGate::patience);
  world.now += StartGate::patience;
  CHECK(world.admitted() == std::vector{child(20)});
  // Nor does it count when it has started at last.
  world.gate.leave(child(0));
  for (std::size_t i = 30; i < 30 + StartGate::at_once - 1; ++i)
    CHECK(world.gate.enter(child(i), world.now));
  CHECK_FALSE(world.gate.enter(child(50), world.now));
}

TEST_CASE("start gate: nobody overtakes who waits, and who goes is forgotten") {
  Gate world;
  world.fill();
  CHECK_FALSE(world.gate.enter(child(20), world.now));
  CHECK_FALSE(world.gate.enter(child(21), world.now));
  world.gate.leave(child(1));
  CHECK_FALSE(world.gate.enter(child(22), world.now));
  world.gate.leave(child(20));
  CHECK(world.admitted() == std::vector{child(21)});
  world.gate.leave(child(21));
  CHECK(world.admitted() == std::vector{child(22)});
}
