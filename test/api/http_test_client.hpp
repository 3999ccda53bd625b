// A server in a thread of its own, and a client that sends exactly the bytes it is told to.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "api/http_server.hpp"
#include "base/clock.hpp"

namespace rocd::test {

struct Reply {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

class RawClient {
 public:
  explicit RawClient(int fd) : fd_(fd) {}
  ~RawClient() { close(); }
  RawClient(RawClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), input_(std::move(other.input_)) {}
  RawClient& operator=(RawClient&&) = delete;

  // False once the other side has closed.
  bool send(std::string_view bytes);
  // nullopt: closed, or nothing came in time.
  std::optional<Reply> read_reply(bool head_only = false);
  // Reads until `text` is there (true), or the other side closes or the time is up (false).
  bool read_until(std::string_view text, Duration timeout = 5s);
  bool read_some(Duration timeout = 5s);
  bool closed_by_peer(Duration timeout = 5s);  // reads what comes until then
  void close();
  void reset();  // close with RST
  [[nodiscard]] const std::string& input() const { return input_; }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
  bool eof_ = false;
  std::string input_;
};

RawClient connect_tcp(int port, int receive_buffer = 0);
RawClient connect_unix(const std::filesystem::path& path);

class ServerThread {
 public:
  explicit ServerThread(HttpServer::Handler handler, HttpLimits limits = {},
                        std::function<void(int status)> on_refusal = nullptr);
  ~ServerThread();  // shuts down

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] RawClient client() const { return connect_tcp(port_); }
  Result<> listen_unix(const std::filesystem::path& path);
  std::size_t connections();
  Duration shutdown();                          // how long it took
  void destroy();                               // without shutdown
  void run(const std::function<void()>& task);  // in the server's thread; waits

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
  std::thread thread_;
};

// Tries again every millisecond, for at most five seconds.
bool eventually(const std::function<bool()>& condition);

}  // namespace rocd::test
