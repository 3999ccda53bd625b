#include "support/relay.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <system_error>

#include "base/descriptor.hpp"

namespace rocd::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t most_delayed = 100'000;  // packets; more are lost, as in a real queue

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Descriptor bound_socket(std::uint16_t port) {
  Descriptor fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto address = loopback(port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::system_error(errno, std::generic_category(), "relay: bind " + std::to_string(port));
  return fd;
}

struct Packet {
  int socket = -1;
  sockaddr_in to{};
  std::string bytes;
};

}  // namespace

struct Relay::Impl {
  struct Flow {
    Descriptor in;
    sockaddr_in receiver{};
    sockaddr_in sender{};  // learned; where answers go
  };
  struct Stream {
    StreamPorts in;
    Descriptor out;  // towards the receiver
    std::array<Flow, 3> flows;
  };
  std::mutex mutex;  // of receivers' addresses
  std::vector<Stream> streams;
  std::multimap<Clock::time_point, Packet> delayed;
};

Relay::Relay(const std::vector<Path>& paths, std::uint32_t seed) : impl_(std::make_unique<Impl>()) {
  for (const auto& path : paths) {
    Impl::Stream stream;
    stream.in = path.in;
    stream.out = bound_socket(0);
    for (std::size_t i = 0; i < path.in.size(); ++i) {
      if (path.in[i] == 0) continue;
      stream.flows[i].in = bound_socket(path.in[i]);
      stream.flows[i].receiver = loopback(path.out[i]);
    }
    impl_->streams.push_back(std::move(stream));
  }
  thread_ = std::thread([this, seed] { run(seed); });
}

Relay::~Relay() {
  ending_ = true;
  thread_.join();
}

void Relay::set_weather(Weather weather) {
  loss_ = weather.loss;
  jitter_ms_ = weather.jitter_ms;
}

void Relay::set_receiver(const Path& path) {
  const std::lock_guard lock(impl_->mutex);
  for (auto& stream : impl_->streams) {
    if (stream.in != path.in) continue;
    for (std::size_t i = 0; i < path.out.size(); ++i)
      stream.flows[i].receiver = loopback(path.out[i]);
  }
}

void Relay::run(std::uint32_t seed) {
  // A network does not wait for a processor. Not everybody may have it so; that is no error.
  const sched_param first{.sched_priority = 1};
  ::pthread_setschedparam(::pthread_self(), SCHED_RR, &first);
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> chance(0, 1);
  auto& delayed = impl_->delayed;
  // Errors of sending are the network's: a port that nobody has bound, an interface that is down.
  const auto send = [](const Packet& packet) {
    ::sendto(packet.socket, packet.bytes.data(), packet.bytes.size(), 0,
             reinterpret_cast<const sockaddr*>(&packet.to), sizeof packet.to);
  };
  const auto carry = [&](Packet packet) {
    ++packets_;
    if (chance(random) < loss_ || delayed.size() >= most_delayed) {
      ++lost_;
      return;
    }
    const auto jitter = jitter_ms_.load();
    if (jitter == 0) return send(packet);
    const auto late = std::chrono::microseconds(static_cast<int>(chance(random) * jitter * 1000));
    ++delayed_;
    delayed.emplace(Clock::now() + late, std::move(packet));
  };
  std::array<char, 65536> buffer{};
  const auto receive = [&](int fd, sockaddr_in& from) -> std::optional<std::string> {
    socklen_t size = sizeof from;
    const auto got =
        ::recvfrom(fd, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 0) return std::nullopt;
    return std::string(buffer.data(), static_cast<std::size_t>(got));
  };
  while (!ending_) {
    std::vector<pollfd> ready;
    for (const auto& stream : impl_->streams) {
      ready.push_back({.fd = stream.out.get(), .events = POLLIN, .revents = 0});
      for (const auto& flow : stream.flows)
        if (flow.in) ready.push_back({.fd = flow.in.get(), .events = POLLIN, .revents = 0});
    }
    const auto wait = delayed.empty() ? 100 : 1;
    ::poll(ready.data(), ready.size(), wait);
    const std::lock_guard lock(impl_->mutex);
    for (auto& stream : impl_->streams) {
      for (auto& flow : stream.flows) {
        if (!flow.in) continue;
        while (auto bytes = receive(flow.in.get(), flow.sender))
          carry({stream.out.get(), flow.receiver, std::move(*bytes)});
      }
      // Reports of the receiver: to whoever sent to the flow whose port they come from.
      sockaddr_in from{};
      while (auto bytes = receive(stream.out.get(), from)) {
        for (const auto& flow : stream.flows)
          if (flow.in && flow.receiver.sin_port == from.sin_port && flow.sender.sin_port != 0)
            carry({flow.in.get(), flow.sender, *bytes});
      }
    }
    for (auto at = delayed.begin(); at != delayed.end() && at->first <= Clock::now();
         at = delayed.erase(at))
      send(at->second);
  }
}

}  // namespace rocd::test
