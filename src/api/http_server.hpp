// Accepts connections on TCP and Unix sockets, reads requests with their limits and deadlines, and
// answers what the handler returns. Knows nothing of rocd's resources.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "api/http.hpp"
#include "base/result.hpp"

namespace rocd {

struct HttpLimits {
  std::uint32_t header_bytes = 16'384;
  std::uint64_t body_bytes = 262'144;
  std::size_t small_body_bytes = 16'384;        // a body of this size has always room
  std::size_t large_bodies_bytes = 33'554'432;  // all others of the network, while they are read
  std::size_t connections_per_address = 64;     // the Unix socket counts as one address
  std::size_t connections = 1'280;              // of all addresses, but the Unix socket
  std::chrono::milliseconds request_timeout{30'000};  // from first byte of a request to its last
  std::chrono::milliseconds idle_timeout{120'000};    // between requests of one connection
  std::chrono::milliseconds write_timeout{30'000};    // of one response, or one batch of events
  std::chrono::milliseconds linger_timeout{1'000};    // a refused sender may read why, that long
  std::chrono::milliseconds shutdown_timeout{500};    // running requests may end, that long
  std::chrono::milliseconds heartbeat{5'000};         // comment on a silent event stream
  std::size_t stream_queue_chunks = 1024;             // per reader of an open-ended response
  std::size_t stream_queue_bytes = 1'048'576;
};

class HttpServer final {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  HttpServer(boost::asio::any_io_executor executor, Handler handler, HttpLimits limits = {});
  // Closes everything at once. Sources of open-ended responses are let go of here, so that what
  // feeds them may be destroyed afterwards.
  ~HttpServer();

  // Called with the status of each answer that no handler gave: broken, too large, too late, too
  // many. Also for those of too many that are closed without one.
  void set_on_refusal(std::function<void(int status)> on_refusal);

  // May each be called once. Return the address in use ("127.0.0.1:4040"); port 0: any. Host is an
  // address or a name; of a name the first address is used, IPv4 preferred.
  [[nodiscard]] Result<std::string> listen_tcp(const std::string& host, std::uint16_t port);
  // Mode 0600. Replaces the socket file of a daemon that is gone; refuses that of one that lives,
  // and whatever is not a socket.
  [[nodiscard]] Result<> listen_unix(const std::filesystem::path& path);

  // Stops accepting, lets running requests end for a moment, then closes all. Under a second.
  [[nodiscard]] boost::asio::awaitable<void> shutdown();

  [[nodiscard]] std::size_t connections() const;  // open now, without those being refused

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rocd
