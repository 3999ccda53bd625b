// Tells the service manager that started rocd how it goes: the datagrams of sd_notify(3), whose
// protocol is stable and meant to be spoken without libsystemd, which would bring seven more
// libraries. What is told is ServiceNews's decision. Without a service manager nothing happens.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "aio/machine_timer.hpp"
#include "app/service_news.hpp"
#include "base/result.hpp"
#include "config/config.hpp"

namespace rocd {

// WATCHDOG_USEC, if it is meant for this process (WATCHDOG_PID). Errors: invalid_argument.
[[nodiscard]] Result<std::optional<Duration>> watchdog_time(const Environment& environment);

class ServiceManager final {
 public:
  // $NOTIFY_SOCKET is a path, or a name in the abstract namespace behind an '@'. What cannot be
  // used is logged, and rocd runs on without: the service manager says itself what it misses.
  ServiceManager(boost::asio::any_io_executor executor, const Environment& environment,
                 std::function<std::string()> status);
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  // Whether anybody listens; news for nobody need not be collected.
  [[nodiscard]] bool present() const { return socket_.has_value(); }

  void ready();  // also after a reload
  void reloading();
  void stopping();
  void changed();  // what the status tells

 private:
  void drain();
  void send(std::string message);

  boost::asio::any_io_executor executor_;
  std::optional<boost::asio::local::datagram_protocol::socket> socket_;
  std::optional<ServiceNews> news_;
  MachineTimer timer_;
  bool sending_ = false;
  bool failing_ = false;                                   // said so already
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // handlers hold it weakly
};

}  // namespace rocd
