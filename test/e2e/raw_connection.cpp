#include "e2e/raw_connection.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace rocd::test {
namespace {

using Clock = std::chrono::steady_clock;

std::runtime_error failed(const std::string& what) {
  return std::runtime_error(what + ": " + std::strerror(errno));
}

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
    throw std::runtime_error("no address: " + host);
  return address;
}

// The value of a field of the head, whose names rocd writes with capitals.
std::optional<std::size_t> content_length(const std::string& head) {
  const std::string name = "\r\nContent-Length: ";
  const auto at = head.find(name);
  if (at == std::string::npos) return std::nullopt;
  return std::stoul(head.substr(at + name.size()));
}

}  // namespace

RawConnection::RawConnection(int fd) : fd_(fd) {
  if (fd_ < 0) throw failed("socket");
  const timeval limit{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

RawConnection::RawConnection(RawConnection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), ended_(other.ended_), input_(std::move(other.input_)) {}

RawConnection RawConnection::tcp(std::uint16_t port, const From& from) {
  RawConnection connection(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int fd = connection.fd_;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (from.receive_buffer > 0)
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &from.receive_buffer, sizeof from.receive_buffer);
  const auto own = address_of(from.address, 0);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0)
    throw failed("bind to " + from.address);
  const auto other = address_of("127.0.0.1", port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&other), sizeof other) != 0)
    throw failed("connect to port " + std::to_string(port));
  return connection;
}

RawConnection RawConnection::unix_socket(const std::filesystem::path& path) {
  RawConnection connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  if (::connect(connection.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw failed("connect to " + path.string());
  return connection;
}

bool RawConnection::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawConnection::send_now(std::string_view bytes) const {
  const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent == static_cast<ssize_t>(bytes.size());
}

void RawConnection::shut_down_write() const {
  ::shutdown(fd_, SHUT_WR);
}

void RawConnection::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void RawConnection::reset() {
  const linger hard{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close();
}

bool RawConnection::read_some(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now());
  pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
  const auto wait = static_cast<int>(std::max<Milliseconds::rep>(left.count(), 0));
  if (ended_ || ::poll(&readable, 1, wait) != 1) return false;
  std::array<char, 65536> buffer{};
  const auto size = ::recv(fd_, buffer.data(), buffer.size(), 0);
  ended_ = size <= 0;
  if (!ended_) input_.append(buffer.data(), static_cast<std::size_t>(size));
  return !ended_;
}

bool RawConnection::read_bytes(std::size_t count, Milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  while (input_.size() < count)
    if (!read_some(deadline)) return false;
  return true;
}

std::optional<RawAnswer> RawConnection::answer(Milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  while (input_.find("\r\n\r\n") == std::string::npos)
    if (!read_some(deadline)) return std::nullopt;
  RawAnswer answer;
  answer.head = input_.substr(0, input_.find("\r\n\r\n") + 4);
  if (!answer.head.starts_with("HTTP/1.1 ")) return std::nullopt;
  answer.status = std::stoi(answer.head.substr(9, 3));
  input_.erase(0, answer.head.size());
  const auto length = content_length(answer.head).value_or(0);
  while (input_.size() < length)
    if (!read_some(deadline)) return std::nullopt;
  answer.body = input_.substr(0, length);
  input_.erase(0, length);
  return answer;
}

bool RawConnection::closes(Milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  while (!ended_ && Clock::now() < deadline) read_some(deadline);
  return ended_;
}

}  // namespace rocd::test
