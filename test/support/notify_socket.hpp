// What a service manager listens on (sd_notify(3)): a datagram socket of a test's own.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>

#include "support/temp_directory.hpp"

namespace rocd::test {

class NotifySocket {
 public:
  enum class Kind { path, abstract };

  explicit NotifySocket(Kind kind)
      : name_((directory_.path() / "notify").string()),
        fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    if (kind == Kind::abstract) name_ = "@" + name_;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name_.data(), name_.size());
    if (kind == Kind::abstract) address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0)
      throw std::runtime_error("bind " + name_ + ": " + std::strerror(errno));
  }
  ~NotifySocket() { ::close(fd_); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }  // for $NOTIFY_SOCKET

  // The next datagram; empty if none comes in that time.
  [[nodiscard]] std::string receive(
      std::chrono::milliseconds limit = std::chrono::seconds(30)) const {
    pollfd readable{fd_, POLLIN, 0};
    if (::poll(&readable, 1, static_cast<int>(limit.count())) != 1) return "";
    std::array<char, 4096> buffer{};
    const auto size = ::recv(fd_, buffer.data(), buffer.size(), 0);
    return size <= 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(size));
  }

 private:
  TempDirectory directory_;
  std::string name_;
  int fd_;
};

}  // namespace rocd::test
