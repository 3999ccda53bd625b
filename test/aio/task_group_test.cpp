#include "aio/task_group.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch_test_macros.hpp>
#include <stdexcept>

using namespace rocd;
namespace asio = boost::asio;

namespace {
asio::awaitable<void> sleep_for_ever(bool& ended) {
  struct Guard {
    bool& flag;
    ~Guard() { flag = true; }
  } guard{ended};
  asio::steady_timer timer(co_await asio::this_coro::executor,
                           asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> fail() {
  throw std::runtime_error("broken");
  co_return;
}
}  // namespace

TEST_CASE("join returns when every task has ended") {
  asio::io_context io;
  TaskGroup tasks(io.get_executor());
  bool ended = false;
  bool joined = false;
  tasks.spawn("sleeper", sleep_for_ever(ended));
  TaskGroup outer(io.get_executor());
  outer.spawn("joiner", [](TaskGroup& group, bool& done) -> asio::awaitable<void> {
    co_await group.join();
    done = true;
  }(tasks, joined));
  io.poll();
  CHECK(tasks.size() == 1);
  CHECK_FALSE(joined);
  tasks.cancel();
  io.run();
  CHECK(ended);
  CHECK(joined);
  CHECK(tasks.size() == 0);
}

TEST_CASE("a task that throws ends alone and takes nothing with it") {
  asio::io_context io;
  TaskGroup tasks(io.get_executor());
  bool ended = false;
  tasks.spawn("sleeper", sleep_for_ever(ended));
  tasks.spawn("broken", fail());
  io.poll();
  CHECK(tasks.size() == 1);
  CHECK_FALSE(ended);
  tasks.cancel();
  io.run();
}

TEST_CASE("a destroyed group ends its tasks") {
  asio::io_context io;
  bool ended = false;
  {
    TaskGroup tasks(io.get_executor());
    tasks.spawn("sleeper", sleep_for_ever(ended));
    io.poll();
  }
  io.restart();
  io.run();
  CHECK(ended);
}
