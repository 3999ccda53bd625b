#include "app/service_manager.hpp"

#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string_view>

#include "base/log.hpp"

namespace rocd {
namespace asio = boost::asio;
namespace {

using Datagrams = asio::local::datagram_protocol;

std::string_view variable(const Environment& environment, const char* name) {
  const char* value = environment(name);
  return value == nullptr ? std::string_view() : value;
}

Error bad_variable(const char* name, std::string_view value) {
  return {ErrorCode::invalid_argument,
          "'" + std::string(value) + "' is not what sd_notify(3) says of " + name,
          {},
          {},
          {}};
}

Result<std::uint64_t> number(const Environment& environment, const char* name) {
  const auto text = variable(environment, name);
  std::uint64_t value = 0;
  const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || rest != text.data() + text.size() || value == 0)
    return bad_variable(name, text);
  return value;
}

// nullopt: nobody wants to be told.
Result<std::optional<Datagrams::endpoint>> notify_address(const Environment& environment) {
  std::string name(variable(environment, "NOTIFY_SOCKET"));
  if (name.empty()) return std::optional<Datagrams::endpoint>();
  if ((name[0] != '/' && name[0] != '@') || name.size() < 2)
    return bad_variable("NOTIFY_SOCKET", name);
  const auto shown = name;
  if (name[0] == '@') name[0] = '\0';  // unix(7), abstract
  try {
    return std::optional(Datagrams::endpoint(name));
  } catch (const boost::system::system_error&) {  // too long
    return bad_variable("NOTIFY_SOCKET", shown);
  }
}

}  // namespace

Result<std::optional<Duration>> watchdog_time(const Environment& environment) {
  if (variable(environment, "WATCHDOG_USEC").empty()) return std::optional<Duration>();
  if (!variable(environment, "WATCHDOG_PID").empty()) {
    const auto pid = number(environment, "WATCHDOG_PID");
    if (!pid) return pid.error();
    if (*pid != static_cast<std::uint64_t>(::getpid())) return std::optional<Duration>();
  }
  const auto time = number(environment, "WATCHDOG_USEC");
  if (!time) return time.error();
  using Microseconds = std::chrono::microseconds;
  constexpr std::uint64_t longest = std::chrono::duration_cast<Microseconds>(24h * 365).count();
  return std::optional<Duration>(Microseconds(std::min(*time, longest)));
}

ServiceManager::ServiceManager(asio::any_io_executor executor, const Environment& environment,
                               std::function<std::string()> status)
    : executor_(std::move(executor)), timer_(executor_, [this] { drain(); }) {
  const auto address = notify_address(environment);
  if (!address) log("app").warn("{}", to_string(address.error()));
  if (!address || !*address) return;
  const auto watchdog = watchdog_time(environment);
  if (!watchdog) log("app").warn("{}", to_string(watchdog.error()));
  // Connected, so that a full queue of the manager can be waited for.
  boost::system::error_code failure;
  Datagrams::socket socket(executor_);
  socket.open(Datagrams(), failure);
  if (!failure) socket.connect(**address, failure);
  if (failure) {
    log("app").warn("cannot reach the service manager at {}: {}",
                    variable(environment, "NOTIFY_SOCKET"), failure.message());
    return;
  }
  socket_ = std::move(socket);
  news_.emplace(watchdog ? *watchdog : std::nullopt, std::move(status));
}

ServiceManager::~ServiceManager() = default;

void ServiceManager::ready() {
  if (!news_) return;
  news_->handle_ready(Now::read().mono);
  drain();
}

void ServiceManager::reloading() {
  if (!news_) return;
  news_->handle_reloading(Now::read().mono);
  drain();
}

void ServiceManager::stopping() {
  if (!news_) return;
  news_->handle_stopping();
  drain();
}

void ServiceManager::changed() {
  if (!news_) return;
  news_->handle_change();
  drain();
}

void ServiceManager::drain() {
  if (sending_) return;
  if (auto message = news_->poll_message(Now::read().mono)) return send(std::move(*message));
  timer_.arm(news_->poll_timeout());
}

void ServiceManager::send(std::string message) {
  sending_ = true;
  const auto shared = std::make_shared<const std::string>(std::move(message));
  socket_->async_send(
      asio::buffer(*shared), [this, shared, alive = std::weak_ptr(alive_)](
                                 const boost::system::error_code& failure, std::size_t) {
        if (alive.expired()) return;
        if (failure && !failing_)
          log("app").warn("cannot reach the service manager: {}", failure.message());
        failing_ = static_cast<bool>(failure);
        sending_ = false;
        drain();
      });
}

}  // namespace rocd
