#include "e2e/scene.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <random>
#include <stdexcept>

namespace rocd::test {
namespace {

bool can_bind_udp(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return bound;
}

}  // namespace

// Below the range that the kernel gives away, and far apart in tests that run at the same time.
std::vector<std::uint16_t> free_udp_ports(std::size_t count) {
  static std::mt19937 random{std::random_device{}()};
  std::uniform_int_distribution<int> first(11000, 31000);
  std::vector<std::uint16_t> ports;
  for (int port = first(random); ports.size() < count; ++port)
    if (can_bind_udp(static_cast<std::uint16_t>(port)))
      ports.push_back(static_cast<std::uint16_t>(port));
  return ports;
}

std::uint16_t free_udp_row(std::size_t count) {
  for (;;) {
    const auto ports = free_udp_ports(count);
    if (ports.back() - ports.front() == static_cast<int>(count) - 1) return ports.front();
  }
}

std::string loopback_config(const std::vector<Loopback>& loopbacks) {
  std::string endpoints = "endpoints:\n";
  std::string streams = "streams:\n";
  for (const auto& loopback : loopbacks) {
    const auto ports = free_udp_ports(3);
    const auto uri = [](const std::string& scheme, std::uint16_t port) {
      return scheme + "://127.0.0.1:" + std::to_string(port);
    };
    const auto& fec = loopback.fec;
    std::string address = "{ media: \"" + uri(fec.empty() ? "rtp" : "rtp+" + fec, ports[0]) + "\"";
    if (!fec.empty()) address += ", repair: \"" + uri(fec, ports[1]) + "\"";
    if (loopback.control) address += ", control: \"" + uri("rtcp", ports[2]) + "\"";
    address += " }";
    const auto& suffix = loopback.suffix;
    const auto source = loopback.source.empty() ? "speaker" + suffix : loopback.source;
    const auto destination =
        loopback.destination.empty() ? "microphone" + suffix : loopback.destination;
    endpoints += "  - { name: speaker" + suffix + ", direction: output }\n" +
                 "  - { name: microphone" + suffix + ", direction: input }\n";
    streams += "  - name: send" + suffix + "\n    source: \"" + source +
               "\"\n    destination: " + address + "\n    profile: " + loopback.profile + "\n" +
               "  - name: receive" + suffix + "\n    source: " + address + "\n    destination: \"" +
               destination + "\"\n    profile: " + loopback.profile + "\n";
  }
  return endpoints + streams;
}

Scene::Scene(const std::optional<std::string>& config) : config_(directory_.path() / "rocd.yaml") {
  if (!config) return;
  write_config(*config);
  start_rocd();
}

Scene::~Scene() {
  try {
    if (rocd_ && rocd_->process().running()) end_rocd(SIGTERM);
  } catch (const std::exception& error) {
    FAIL_CHECK(error.what());
  }
}

void Scene::write_config(const std::string& config) {
  write_file(config_, config);
}

void Scene::start_rocd(const std::vector<std::string>& arguments,
                       const std::vector<std::string>& launcher) {
  rocd_.reset();
  rocd_.emplace(Rocd::Options{.config = config_,
                              .state = path("state"),
                              .log = path("rocd.log"),
                              .arguments = arguments,
                              .launcher = launcher});
}

void Scene::kill_rocd() {
  rocd_->process().signal(SIGKILL);
  if (rocd_->process().wait(10s) != "signal 9") throw std::runtime_error("rocd survives SIGKILL");
}

void Scene::end_rocd(int signal) {
  rocd_->process().signal(signal);
  const auto end = rocd_->process().wait(5s);
  if (end != "exit 0") UNSCOPED_INFO("log of rocd:\n" + rocd_->log());
  CHECK(end.value_or("still running after 5 s") == "exit 0");
  // Children end before rocd does; nodes may still be on their way out of the graph.
  CHECK(roc_processes(session.directory()) == std::vector<int>{});
  if (!process_runs(session.pid("pipewire"))) return;
  eventually([&] { return rocd_nodes(session).empty(); }, 2s);
  CHECK(rocd_nodes(session) == std::vector<std::string>{});
}

}  // namespace rocd::test
