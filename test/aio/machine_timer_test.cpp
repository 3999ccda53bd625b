#include "aio/machine_timer.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>

#include "aio/loop_lag.hpp"

namespace rocd::test {

TEST_CASE("A machine's timer fires once, at its last deadline, and tells how late it was") {
  boost::asio::io_context io;
  int fired = 0;
  MachineTimer timer(io.get_executor(), [&] { ++fired; });
  const auto before = loop_lag().count();
  timer.arm(Now::read().mono + 1h);
  timer.arm(Now::read().mono - 20ms);  // overdue
  io.run();
  CHECK(fired == 1);
  CHECK(loop_lag().count() == before + 1);
  CHECK(loop_lag().sum_seconds() >= 0.020);
}

TEST_CASE("A machine's timer that is disarmed, or gone, does not fire") {
  boost::asio::io_context io;
  int fired = 0;
  {
    MachineTimer timer(io.get_executor(), [&] { ++fired; });
    timer.arm(Now::read().mono);
    timer.arm(std::nullopt);
    MachineTimer gone(io.get_executor(), [&] { ++fired; });
    gone.arm(Now::read().mono);
  }
  io.run();
  CHECK(fired == 0);
}

}  // namespace rocd::test
