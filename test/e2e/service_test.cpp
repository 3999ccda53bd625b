// What a service manager hears of rocd, and when it hears nothing (sd_notify(3)).
#include <atomic>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "e2e/scene.hpp"
#include "support/notify_socket.hpp"

using namespace rocd::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// As a service manager starts its services; programs of this test inherit it.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

bool hears(const NotifySocket& socket, const std::string& wanted) {
  for (auto message = socket.receive(); !message.empty(); message = socket.receive())
    if (message == wanted) return true;
  return false;
}

}  // namespace

TEST_CASE("a service manager hears that rocd is ready, how its streams are, and that it stops",
          "[e2e]") {
  const NotifySocket socket(NotifySocket::Kind::path);
  const Variable variable("NOTIFY_SOCKET", socket.name());
  Scene scene(std::nullopt);
  scene.write_config(loopback_config());
  scene.start_rocd();
  CHECK_THAT(socket.receive(), ContainsSubstring("READY=1\nSTATUS=0 of 2 streams running"));
  CHECK(hears(socket, "STATUS=2 streams running, PipeWire connected"));

  const auto children = roc_processes(scene.session.directory());
  CHECK(children.size() == 2);
  for (const int child : children)
    CHECK_THAT(read_file("/proc/" + std::to_string(child) + "/environ"),
               !ContainsSubstring("NOTIFY_SOCKET"));

  scene.rocd().process().signal(SIGHUP);
  CHECK_THAT(socket.receive(), ContainsSubstring("RELOADING=1\nMONOTONIC_USEC="));
  CHECK(socket.receive() == "READY=1\nSTATUS=2 streams running, PipeWire connected");

  scene.session.kill("pipewire");
  CHECK(hears(socket, "STATUS=0 of 2 streams running, 2 waiting, PipeWire not connected"));
  scene.end_rocd(SIGTERM);
  CHECK(hears(socket, "STOPPING=1\nSTATUS=stopping"));
  CHECK(socket.receive(0ms).empty());
}

TEST_CASE("a service manager reads no metrics: nobody is told of them while nobody else listens",
          "[e2e]") {
  const NotifySocket socket(NotifySocket::Kind::path);
  const Variable variable("NOTIFY_SOCKET", socket.name());
  Scene scene("events: { socket: off }\n" + loopback_config());
  auto& rocd = scene.rocd();
  rocd.wait_for_streams({"send", "receive"});
  // Metrics are told every 5 s.
  REQUIRE(eventually(
      [&] { return rocd.http().get("/system").at("uptime_seconds").to_number<double>() > 11; }));

  // Reading makes rocd say more: what was said before that counts.
  const auto read = [&](const std::string& query) {
    return run_program({"curl", "-sN", "--max-time", "1", rocd.http().url() + "/events" + query})
        .output;
  };
  const auto first = read("?types=daemon.*");
  const auto data = first.find("data: ") + 6;
  const auto event = boost::json::parse(first.substr(data, first.find('\n', data) - data));
  const std::string id(event.at("id").as_string());
  const auto told = read("?last_event_id=" + id.substr(0, id.find('-')) + "-1");
  REQUIRE_THAT(told, ContainsSubstring("stream.state"));
  const auto metric = told.find("stream.metrics");
  const auto last_before = told.find("data: {\"id\":\"" + id + "\"");
  INFO(id << told);
  REQUIRE(last_before != std::string::npos);
  CHECK(metric > last_before);
}

TEST_CASE("the watchdog is fed under load, but not by a rocd that stands still", "[e2e]") {
  constexpr Milliseconds watchdog = 2s;
  const NotifySocket socket(NotifySocket::Kind::abstract);
  const Variable notify("NOTIFY_SOCKET", socket.name());
  const Variable time("WATCHDOG_USEC", std::to_string(std::chrono::microseconds(watchdog).count()));
  const TempDirectory directory;
  Rocd rocd({.config = {}, .state = directory.path() / "state", .log = directory.path() / "log"});

  std::atomic<bool> enough = false;
  std::atomic<int> answers = 0;
  {
    const auto ask = [&] {
      while (!enough)
        if (rocd.http().request("GET", "/streams").status == 200) ++answers;
    };
    const std::jthread one(ask);
    const std::jthread other(ask);
    CHECK(hears(socket, "WATCHDOG=1"));
    for (int i = 0; i < 3; ++i) CHECK(socket.receive(watchdog) == "WATCHDOG=1");
    enough = true;
  }
  CHECK(answers > 10);

  rocd.process().signal(SIGSTOP);
  while (!socket.receive(0ms).empty()) {
  }
  CHECK(socket.receive(watchdog).empty());
  rocd.process().signal(SIGCONT);
  CHECK(socket.receive() == "WATCHDOG=1");
  rocd.process().signal(SIGTERM);
  CHECK(hears(socket, "STOPPING=1\nSTATUS=stopping"));
  CHECK(rocd.process().wait() == "exit 0");
}
