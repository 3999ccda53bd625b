// Accepts connections on TCP and Unix sockets, reads requests with their limits and deadlines, and
// answers what the handler returns. Knows nothing of rocd's resources.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "api/http.hpp"
#include "base/result.hpp"

namespace rocd {

struct HttpLimits {
  std::uint32_t header_bytes = 16 * 1024;
  std::uint64_t body_bytes = 256 * 1024;
  std::size_t connections_per_address = 64;
  std::chrono::seconds request_timeout{30};  // from first byte of a request to its last
  std::chrono::seconds idle_timeout{120};    // between requests of one connection
};

class HttpServer final {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  HttpServer(boost::asio::any_io_executor executor, Handler handler, HttpLimits limits = {});
  ~HttpServer();

  // May each be called once. Return the address in use ("127.0.0.1:4040"); port 0: any.
  [[nodiscard]] Result<std::string> listen_tcp(const std::string& host, std::uint16_t port);
  [[nodiscard]] Result<> listen_unix(const std::filesystem::path& path);  // mode 0600

  // Stops accepting, lets running requests end for a moment, then closes all.
  [[nodiscard]] boost::asio::awaitable<void> shutdown();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rocd
