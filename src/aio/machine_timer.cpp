#include "aio/machine_timer.hpp"

#include <utility>

#include "aio/loop_lag.hpp"

namespace rocd {

MachineTimer::MachineTimer(const boost::asio::any_io_executor& executor,
                           std::function<void()> on_timeout)
    : timer_(executor), on_timeout_(std::move(on_timeout)) {}

MachineTimer::~MachineTimer() = default;

void MachineTimer::arm(std::optional<Instant> deadline) {
  if (armed_ == deadline) return;
  armed_ = deadline;
  if (!deadline) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(*deadline);
  timer_.async_wait(
      [this, deadline, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
        // A handler that was already queued when arm() replaced it arrives without an error.
        if (error || alive.expired() || armed_ != deadline) return;
        armed_.reset();
        loop_lag().record(Now::read().mono - *deadline);
        on_timeout_();
      });
}

}  // namespace rocd
