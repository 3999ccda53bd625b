// Bounds an awaitable in time. Boost 1.83 has no cancel_after (it came with 1.86).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "base/clock.hpp"

namespace rocd {

namespace detail {
boost::asio::awaitable<void> sleep_until(Instant deadline);

// operator|| of awaitable_operators swallows the winner's exception and waits for the loser
// (docs/facts in the design), so the outcome travels as a value.
template <class T>
boost::asio::awaitable<void> capture(boost::asio::awaitable<T> task, std::optional<T>& value,
                                     std::exception_ptr& failure) {
  try {
    value.emplace(co_await std::move(task));
  } catch (...) {
    failure = std::current_exception();
  }
}
}  // namespace detail

// nullopt: the deadline passed and the operation was cancelled (and has ended).
// An exception of the operation is rethrown; one that came from our cancellation is not.
template <class T>
boost::asio::awaitable<std::optional<T>> with_deadline(Instant deadline,
                                                       boost::asio::awaitable<T> task) {
  using namespace boost::asio::experimental::awaitable_operators;
  std::optional<T> value;
  std::exception_ptr failure;
  const auto winner =
      co_await (detail::capture(std::move(task), value, failure) || detail::sleep_until(deadline));
  if (value) co_return value;
  if (winner.index() == 0 && failure) std::rethrow_exception(failure);
  co_return std::nullopt;
}

}  // namespace rocd
