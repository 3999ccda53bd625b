// One connection of a client: reads its requests one after the other, answers each before the next
// is read, so that a client that pipelines is held back by TCP. Decides what is refused before a
// handler sees it; accepting and counting are the server's.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aio/machine_timer.hpp"
#include "api/http.hpp"
#include "api/http_server.hpp"
#include "api/problem.hpp"
#include "api/stream_queue.hpp"
#include "base/log_throttle.hpp"

namespace rocd {

// What the connections of a server share.
struct HttpSurroundings {
  HttpServer::Handler handler;
  std::function<void(int status)> on_refusal;
  HttpLimits limits;
  LogThrottle slow_log;          // of readers that are dropped
  std::size_t large_bodies = 0;  // bytes that those being read may grow to
};

class HttpConnection final {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  // The surroundings outlive the connection, or abandon() was called before they go.
  HttpConnection(Socket socket, bool local, HttpSurroundings& surroundings);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // Until the client or begin_shutdown() ends it.
  [[nodiscard]] boost::asio::awaitable<void> run();
  // Says why, without reading a request, and closes.
  [[nodiscard]] boost::asio::awaitable<void> refuse(HttpProblem problem);

  void begin_shutdown();  // after the request that runs, at once if none does
  void abandon();         // now; calls nothing of its owner any more

 private:
  enum class Phase { idle, reading, writing, streaming };

  // A request, or the answer that one gets without a handler, or neither: the client is gone.
  struct Incoming {
    std::optional<HttpRequest> request;
    std::optional<HttpProblem> refusal;
    bool keep_alive = false;
    bool http_1_0 = false;
  };

  boost::asio::awaitable<Incoming> read_request();
  boost::asio::awaitable<bool> read_more();  // false: end of file, error or deadline
  boost::asio::awaitable<bool> write(std::string_view head, std::string_view body);
  boost::asio::awaitable<bool> respond(const HttpResponse& response, const Incoming& incoming,
                                       bool keep_alive);
  boost::asio::awaitable<void> stream(const HttpResponse& response, const Incoming& incoming);
  boost::asio::awaitable<void> stream_chunks(bool chunked, bool events);
  std::size_t write_at_once(std::string_view text);
  void open_source(const HttpResponse& response);
  [[nodiscard]] std::string next_chunks(bool chunked);
  boost::asio::awaitable<void> linger();
  HttpResponse answer(const HttpRequest& request) const;
  HttpResponse refusal(HttpProblem problem) const;
  void watch_peer();
  void expire();

  Socket socket_;
  bool local_;
  HttpSurroundings& surroundings_;
  const HttpLimits& limits_;
  Phase phase_ = Phase::idle;
  bool closing_ = false;
  bool expired_ = false;
  bool peer_gone_ = false;
  std::vector<char> buffer_;  // [begin_, end_) is read and not yet parsed
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t discarded_ = 0;
  std::shared_ptr<ChunkSource> chunks_;  // of the open-ended response
  std::shared_ptr<StreamQueue> queue_;   // the same, if somebody writes it
  std::shared_ptr<void> source_;         // that somebody
  boost::asio::steady_timer wake_;
  MachineTimer deadline_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // handlers hold it weakly
};

}  // namespace rocd
