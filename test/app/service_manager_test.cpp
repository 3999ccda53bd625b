#include "app/service_manager.hpp"

#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <map>

#include "support/notify_socket.hpp"

using namespace rocd;
using rocd::test::NotifySocket;

namespace {

using Variables = std::map<std::string, std::string>;

Environment environment(const Variables& variables) {
  return [&variables](const char* name) -> const char* {
    const auto at = variables.find(name);
    return at == variables.end() ? nullptr : at->second.c_str();
  };
}

std::string status() {
  return "no streams";
}

}  // namespace

TEST_CASE("the service manager is told by datagrams, at a path or an abstract name") {
  for (const auto kind : {NotifySocket::Kind::path, NotifySocket::Kind::abstract}) {
    const NotifySocket socket(kind);
    CAPTURE(socket.name());
    const Variables variables{{"NOTIFY_SOCKET", socket.name()}};
    boost::asio::io_context io(1);
    ServiceManager manager(io.get_executor(), environment(variables), status);
    REQUIRE(manager.present());
    manager.ready();
    manager.stopping();
    io.run();
    CHECK(socket.receive() == "READY=1\nSTATUS=no streams");
    CHECK(socket.receive() == "STOPPING=1\nSTATUS=stopping");
  }
}

TEST_CASE("a service manager that does not read holds up nothing, and misses nothing in the end") {
  const NotifySocket socket(NotifySocket::Kind::path);
  const Variables variables{{"NOTIFY_SOCKET", socket.name()}};
  boost::asio::io_context io(1);
  const auto busy = boost::asio::make_work_guard(io);
  ServiceManager manager(io.get_executor(), environment(variables), status);
  manager.ready();
  io.poll();
  // More than unix(7) sockets queue (net.unix.max_dgram_qlen).
  for (int i = 0; i < 2000; ++i) {
    manager.reloading();
    manager.ready();
    io.poll();
  }
  manager.stopping();
  io.poll();
  std::string last;
  bool reloads = false;
  for (std::string message; last.find("STOPPING=1") == std::string::npos; last = message) {
    message = socket.receive();
    REQUIRE_FALSE(message.empty());
    reloads = reloads || message.starts_with("RELOADING=1");
    io.poll();
  }
  CHECK(reloads);
}

TEST_CASE("without a service manager, or with one that cannot be reached, rocd runs on") {
  for (const auto* name : {"", "relative", "@", "/nonexistent/notify"}) {
    CAPTURE(name);
    const Variables variables{{"NOTIFY_SOCKET", name}};
    boost::asio::io_context io(1);
    ServiceManager manager(io.get_executor(), environment(variables), status);
    CHECK_FALSE(manager.present());
    manager.ready();
    manager.changed();
    manager.stopping();
    CHECK(io.run() == 0);
  }
  const Variables too_long{{"NOTIFY_SOCKET", "/" + std::string(200, 'x')}};
  boost::asio::io_context io(1);
  CHECK_FALSE(ServiceManager(io.get_executor(), environment(too_long), status).present());
}

TEST_CASE("the watchdog is for the process that it names, and for any if it names none") {
  const auto time = [](const Variables& variables) {
    return watchdog_time(environment(variables));
  };
  const auto own = std::to_string(::getpid());
  CHECK(time({}).value() == std::nullopt);
  CHECK(time({{"WATCHDOG_USEC", "30000000"}}).value() == 30s);
  CHECK(time({{"WATCHDOG_USEC", "30000000"}, {"WATCHDOG_PID", own}}).value() == 30s);
  CHECK(time({{"WATCHDOG_USEC", "30000000"}, {"WATCHDOG_PID", "1"}}).value() == std::nullopt);
  CHECK(time({{"WATCHDOG_PID", own}}).value() == std::nullopt);
  CHECK(time({{"WATCHDOG_USEC", "18446744073709551615"}}).value() == 24h * 365);
  for (const auto* wrong : {"0", "-1", "soon", "30s", "18446744073709551616"}) {
    CAPTURE(wrong);
    CHECK(time({{"WATCHDOG_USEC", wrong}}).has_error());
    CHECK(time({{"WATCHDOG_USEC", "1"}, {"WATCHDOG_PID", wrong}}).has_error());
  }
}
