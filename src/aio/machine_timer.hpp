// Sleeps until a machine's poll_timeout() and then calls back once. Re-arming replaces the
// deadline.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.hpp"

namespace rocd {

class MachineTimer {
 public:
  MachineTimer(const boost::asio::any_io_executor& executor, std::function<void()> on_timeout);
  ~MachineTimer();
  MachineTimer(const MachineTimer&) = delete;
  MachineTimer& operator=(const MachineTimer&) = delete;

  void arm(std::optional<Instant> deadline);  // nullopt: sleep for ever; same deadline: no effect

 private:
  boost::asio::steady_timer timer_;
  std::function<void()> on_timeout_;
  std::optional<Instant> armed_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // handlers hold it weakly
};

}  // namespace rocd
