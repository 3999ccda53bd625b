#include "api/http_test_client.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <cstring>
#include <future>
#include <stdexcept>

#include "api/exchange_record.hpp"

namespace rocd::test {

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::read_some(Duration timeout) {
  pollfd wait{fd_, POLLIN, 0};
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count();
  if (eof_ || ::poll(&wait, 1, static_cast<int>(ms)) <= 0) return false;
  char buffer[65536];
  const auto count = ::recv(fd_, buffer, sizeof buffer, 0);
  if (count <= 0) {
    eof_ = true;
    return false;
  }
  input_.append(buffer, static_cast<std::size_t>(count));
  return true;
}

bool RawClient::read_until(std::string_view text, Duration timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  // Of megabytes nothing is searched twice: who reads slowly is dropped.
  std::size_t from = 0;
  while (input_.find(text, from) == std::string::npos) {
    from = input_.size() - std::min(input_.size(), text.size());
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= 0s || !read_some(left)) return false;
  }
  return true;
}

bool RawClient::closed_by_peer(Duration timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!eof_ && std::chrono::steady_clock::now() < deadline) {
    read_some(deadline - std::chrono::steady_clock::now());
  }
  return eof_;
}

std::optional<Reply> RawClient::read_reply(bool head_only) {
  if (!read_until("\r\n\r\n")) return std::nullopt;
  const auto end = input_.find("\r\n\r\n");
  std::string_view head = std::string_view(input_).substr(0, end + 2);
  Reply reply;
  reply.status = std::stoi(std::string(head.substr(9, 3)));
  for (head.remove_prefix(head.find("\r\n") + 2); !head.empty();
       head.remove_prefix(head.find("\r\n") + 2)) {
    const auto colon = head.find(": ");
    std::string name(head.substr(0, colon));
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    reply.headers[name] = head.substr(colon + 2, head.find("\r\n") - colon - 2);
  }
  input_.erase(0, end + 4);
  const auto length = reply.headers.find("content-length");
  if (length == reply.headers.end() || head_only) return reply;
  const auto bytes = std::stoul(length->second);
  while (input_.size() < bytes) {
    if (!read_some()) return std::nullopt;
  }
  reply.body = input_.substr(0, bytes);
  input_.erase(0, bytes);
  if (reply.headers["content-type"] == "application/problem+json") {
    record_refusal(reply.status, reply.headers, reply.body);
  }
  return reply;
}

void RawClient::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void RawClient::reset() {
  const linger hard{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close();
}

RawClient connect_tcp(int port, int receive_buffer) {
  RawClient client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (receive_buffer > 0) {
    ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  const int on = 1;
  ::setsockopt(client.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(client.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("connect: " + std::string(std::strerror(errno)));
  }
  return client;
}

RawClient connect_unix(const std::filesystem::path& path) {
  RawClient client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  if (::connect(client.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("connect: " + std::string(std::strerror(errno)));
  }
  return client;
}

ServerThread::ServerThread(HttpServer::Handler handler, HttpLimits limits,
                           std::function<void(int)> on_refusal)
    : work_(io_.get_executor()),
      server_(std::make_unique<HttpServer>(io_.get_executor(), std::move(handler), limits)) {
  server_->set_on_refusal(std::move(on_refusal));
  const auto address = server_->listen_tcp("127.0.0.1", 0).value();
  port_ = std::stoi(address.substr(address.rfind(':') + 1));
  thread_ = std::thread([this] { io_.run(); });
}

ServerThread::~ServerThread() {
  if (server_) shutdown();
  destroy();
  work_.reset();
  io_.stop();
  thread_.join();
}

void ServerThread::run(const std::function<void()>& task) {
  std::promise<void> done;
  boost::asio::post(io_, [&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

Result<> ServerThread::listen_unix(const std::filesystem::path& path) {
  Result<> result;
  run([&] { result = server_->listen_unix(path); });
  return result;
}

std::size_t ServerThread::connections() {
  std::size_t count = 0;
  run([&] { count = server_->connections(); });
  return count;
}

Duration ServerThread::shutdown() {
  const auto start = std::chrono::steady_clock::now();
  boost::asio::co_spawn(io_, server_->shutdown(), boost::asio::use_future).get();
  return std::chrono::steady_clock::now() - start;
}

void ServerThread::destroy() {
  run([&] { server_.reset(); });
}

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

}  // namespace rocd::test
