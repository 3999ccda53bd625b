#include "aio/with_deadline.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <stdexcept>

#include "aio/machine_timer.hpp"

using namespace rocd;
namespace asio = boost::asio;

namespace {
template <class T>
T run(asio::awaitable<T> task) {
  asio::io_context io;
  std::optional<T> value;
  std::exception_ptr failure;
  asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, T result) {
    failure = error;
    value = std::move(result);
  });
  io.run();
  if (failure) std::rethrow_exception(failure);
  return *value;
}

asio::awaitable<int> answer() {
  co_return 42;
}
asio::awaitable<int> never() {
  asio::steady_timer timer(co_await asio::this_coro::executor,
                           asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
  co_return 0;
}
asio::awaitable<int> fail() {
  throw std::runtime_error("broken");
  co_return 0;
}
Instant soon(Duration d) {
  return Now::read().mono + d;
}
}  // namespace

TEST_CASE("an operation that ends in time gives its value") {
  CHECK(run(with_deadline(soon(1h), answer())) == std::optional<int>(42));
}

TEST_CASE("an operation that outlives its deadline is cancelled") {
  CHECK(run(with_deadline(soon(1ms), never())) == std::nullopt);
}

TEST_CASE("the exception of a failed operation is not swallowed") {
  CHECK_THROWS_AS(run(with_deadline(soon(1h), fail())), std::runtime_error);
}

TEST_CASE("a machine timer calls once, for the deadline that was armed last") {
  asio::io_context io;
  int calls = 0;
  MachineTimer timer(io.get_executor(), [&] { ++calls; });
  timer.arm(soon(1ms));
  timer.arm(soon(2ms));
  timer.arm(std::nullopt);
  timer.arm(soon(3ms));
  io.run();
  CHECK(calls == 1);
}

TEST_CASE("a destroyed machine timer does not call") {
  asio::io_context io;
  int calls = 0;
  {
    MachineTimer timer(io.get_executor(), [&] { ++calls; });
    timer.arm(Now::read().mono);
  }
  io.run();
  CHECK(calls == 0);
}
