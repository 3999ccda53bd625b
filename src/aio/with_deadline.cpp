#include "aio/with_deadline.hpp"

namespace rocd::detail {

boost::asio::awaitable<void> sleep_until(Instant deadline) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, deadline);
  boost::system::error_code cancelled;
  co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
}

}  // namespace rocd::detail
