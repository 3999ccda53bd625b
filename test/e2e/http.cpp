#include "e2e/http.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace rocd::test {
namespace json = boost::json;
namespace {

class Socket {
 public:
  Socket(const std::string& host, std::uint16_t port)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      const std::string reason = std::strerror(errno);
      ::close(fd_);
      throw std::runtime_error("cannot connect to " + host + ":" + std::to_string(port) + ": " +
                               reason);
    }
  }
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) throw std::runtime_error(std::string("send: ") + std::strerror(errno));
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  [[nodiscard]] std::string receive_all() const {
    std::string bytes;
    std::array<char, 16384> buffer{};
    for (;;) {
      const auto size = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (size == 0) return bytes;
      if (size < 0) throw std::runtime_error(std::string("receive: ") + std::strerror(errno));
      bytes.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }

 private:
  int fd_;
};

}  // namespace

json::value Response::json() const {
  return json::parse(body);
}

HttpClient::HttpClient(const std::string& url) {
  const std::string scheme = "http://";
  const auto colon = url.rfind(':');
  if (!url.starts_with(scheme) || colon <= scheme.size())
    throw std::runtime_error("not the URL of a REST API: " + url);
  host_ = url.substr(scheme.size(), colon - scheme.size());
  port_ = static_cast<std::uint16_t>(std::stoi(url.substr(colon + 1)));
}

Response HttpClient::request(const std::string& method, const std::string& path,
                             const std::optional<json::value>& body) const {
  const auto content = body ? json::serialize(*body) : "";
  std::string head = method + " " + path + " HTTP/1.1\r\nHost: " + host_ + ":" +
                     std::to_string(port_) + "\r\nConnection: close\r\n";
  if (body) {
    const bool is_patch = method == "PATCH";
    head += std::string("Content-Type: application/") + (is_patch ? "merge-patch+json" : "json") +
            "\r\nContent-Length: " + std::to_string(content.size()) + "\r\n";
  }
  const Socket socket(host_, port_);
  socket.send(head + "\r\n" + content);
  const auto answer = socket.receive_all();
  const auto head_end = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.1 ") || head_end == std::string::npos)
    throw std::runtime_error(method + " " + path + ": not an HTTP response: " + answer);
  return {std::stoi(answer.substr(9, 3)), answer.substr(head_end + 4)};
}

json::value HttpClient::expect_success(const std::string& method, const std::string& path,
                                       const std::optional<json::value>& body) const {
  const auto response = request(method, path, body);
  if (response.status / 100 != 2)
    throw std::runtime_error(method + " " + path + ": " + std::to_string(response.status) + " " +
                             response.body);
  return response.body.empty() ? json::value(nullptr) : response.json();
}

json::value HttpClient::get(const std::string& path) const {
  return expect_success("GET", path, {});
}

json::value HttpClient::post(const std::string& path, const json::value& body) const {
  return expect_success("POST", path, body);
}

json::value HttpClient::patch(const std::string& path, const json::value& body) const {
  return expect_success("PATCH", path, body);
}

void HttpClient::remove(const std::string& path) const {
  expect_success("DELETE", path, {});
}

}  // namespace rocd::test
