// Uses Beast's parser alone and plain Asio for the bytes: less to compile, and faster. This,
// request_head.cpp and websocket_session.cpp are all of the room that includes Beast.
#include "api/http_connection.hpp"

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <exception>

#include "api/http_head.hpp"
#include "api/request_head.hpp"
#include "api/websocket_session.hpp"
#include "base/log.hpp"

namespace rocd {
namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t kReadBytes = 16'384;
// A reader that takes all that it gets is left for the others after this much.
constexpr std::size_t kTurnBytes = 65'536;
constexpr std::size_t kJunkBytes = 256;
constexpr std::size_t kMaxJunk = 65'536;  // what a reader of events may send, to no effect

Instant after(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

// Room for a body that is larger than those that are never refused, while it is read.
class LargeBody {
 public:
  LargeBody(std::size_t& total, std::size_t bytes) : total_(total), bytes_(bytes) {
    total_ += bytes_;
  }
  ~LargeBody() { total_ -= bytes_; }
  LargeBody(const LargeBody&) = delete;
  LargeBody& operator=(const LargeBody&) = delete;

 private:
  std::size_t& total_;
  std::size_t bytes_;
};

}  // namespace

HttpConnection::HttpConnection(Socket socket, bool local, HttpSurroundings& surroundings)
    : socket_(std::move(socket)),
      local_(local),
      surroundings_(surroundings),
      limits_(surroundings.limits),
      wake_(socket_.get_executor()),
      deadline_(socket_.get_executor(), [this] { expire(); }) {}

HttpConnection::~HttpConnection() {
  abandon();
}

void HttpConnection::abandon() {
  closing_ = true;
  if (queue_) queue_->set_listener(nullptr);
  if (queue_) queue_->close();
  source_.reset();
  chunks_.reset();
  error_code ignored;
  socket_.close(ignored);
}

void HttpConnection::expire() {
  expired_ = true;
  error_code ignored;
  socket_.cancel(ignored);
}

void HttpConnection::begin_shutdown() {
  closing_ = true;
  error_code ignored;
  if (phase_ == Phase::idle) socket_.cancel(ignored);
  if (phase_ == Phase::streaming) {
    if (queue_) queue_->close();
    wake_.cancel();
  }
}

asio::awaitable<bool> HttpConnection::read_more() {
  // Room for a whole head, and for the largest chunk header that is still looked at.
  if (buffer_.empty()) buffer_.resize(limits_.header_bytes + kReadBytes);
  if (begin_ > 0) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
  }
  if (expired_ || end_ == buffer_.size()) co_return false;
  error_code error;
  end_ +=
      co_await socket_.async_read_some(asio::buffer(buffer_.data() + end_, buffer_.size() - end_),
                                       asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

asio::awaitable<HttpConnection::Incoming> HttpConnection::read_request() {
  Incoming incoming;
  phase_ = Phase::idle;
  // A client that connects and says nothing gets the time of a request, not that of a pause.
  deadline_.arm(after(buffer_.empty() ? limits_.request_timeout : limits_.idle_timeout));
  for (;;) {  // RFC 9112, 2.2: skip empty lines before a request
    while (begin_ < end_ && (buffer_[begin_] == '\r' || buffer_[begin_] == '\n')) ++begin_;
    if (begin_ < end_) break;
    if (closing_ || !co_await read_more()) co_return incoming;
  }
  phase_ = Phase::reading;
  const auto deadline = after(limits_.request_timeout);  // of head and body together
  deadline_.arm(deadline);

  RequestParser parser;
  parser.header_limit(limits_.header_bytes);
  parser.body_limit(limits_.body_bytes);
  std::size_t head_bytes = 0;
  std::optional<LargeBody> large_body;
  while (!parser.is_done()) {
    error_code error;
    const bool in_head = !parser.is_header_done();
    const auto used = parser.put(asio::buffer(buffer_.data() + begin_, end_ - begin_), error);
    begin_ += used;
    if (in_head) head_bytes += used;
    // Beast's limit counts from the last field that was complete: a head of many small packets
    // would have none.
    if (head_bytes > limits_.header_bytes) error = http::error::header_limit;
    if (in_head && !error && parser.is_header_done()) {
      incoming.http_1_0 = parser.get().version() < 11;
      incoming.keep_alive = parser.get().keep_alive();
      incoming.refusal = check_head(parser);
      // Who sends it in chunks may send all that is allowed.
      const auto body_bytes =
          parser.content_length().value_or(parser.chunked() ? limits_.body_bytes : 0);
      if (!incoming.refusal && !local_ && body_bytes > limits_.small_body_bytes) {
        auto& total = surroundings_.large_bodies;
        if (total + body_bytes > limits_.large_bodies_bytes) {
          incoming.refusal =
              HttpProblem{.status = 503, .detail = "too many large requests arrive at once"};
        } else {
          large_body.emplace(total, body_bytes);
        }
      }
      if (incoming.refusal) co_return incoming;
      auto request = to_request(parser, local_);
      if (!request) {
        incoming.refusal = to_http_problem(request.error());
        co_return incoming;
      }
      incoming.request = std::move(*request);
      parser.eager(true);
      const bool waits = !parser.get()[http::field::expect].empty() && !incoming.http_1_0;
      if (waits && !parser.is_done() && begin_ == end_ &&
          !co_await write("HTTP/1.1 100 Continue\r\n\r\n", {})) {
        co_return Incoming{};
      }
      deadline_.arm(deadline);
      continue;
    }
    if (error && error != http::error::need_more) {
      const std::string_view unread(buffer_.data() + begin_, end_ - begin_);
      incoming.refusal = refusal_of(error, parser, unread, limits_);
      incoming.request.reset();
      co_return incoming;
    }
    if (parser.is_done() || (used > 0 && begin_ < end_ && !error)) continue;
    if (!co_await read_more()) {
      incoming.request.reset();
      if (expired_) {
        incoming.refusal =
            HttpProblem{.status = 408, .detail = "the request did not arrive in time"};
      } else if (end_ - begin_ == buffer_.size()) {
        incoming.refusal = HttpProblem{.status = 400, .detail = "a chunk header has no end"};
      }
      co_return incoming;
    }
  }
  deadline_.arm(std::nullopt);
  incoming.request->body = std::move(parser.get().body());
  co_return incoming;
}

HttpResponse HttpConnection::answer(const HttpRequest& request) const {
  try {
    return surroundings_.handler(request);
  } catch (const std::exception& error) {
    log("api").error("{} {}: {}", request.method_text, request.target, error.what());
  }
  return to_response({.status = 500}, request.path);
}

HttpResponse HttpConnection::refusal(HttpProblem problem) const {
  if (surroundings_.on_refusal) surroundings_.on_refusal(problem.status);
  return to_response(std::move(problem), {});
}

asio::awaitable<bool> HttpConnection::write(std::string_view head, std::string_view body) {
  deadline_.arm(after(limits_.write_timeout));
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(head), asio::buffer(body)};
  error_code error;
  co_await asio::async_write(socket_, buffers, asio::redirect_error(asio::use_awaitable, error));
  deadline_.arm(std::nullopt);
  co_return !error && !expired_;
}

asio::awaitable<bool> HttpConnection::respond(const HttpResponse& response,
                                              const Incoming& incoming, bool keep_alive) {
  const bool head_only = incoming.request && incoming.request->method == Method::head;
  const bool open_ended = response.is_open_ended();
  const auto framing = open_ended ? HttpFraming::until_close : HttpFraming::length;
  const auto head = http_head(response, framing, keep_alive && !open_ended);
  const bool written = co_await write(head, head_only ? std::string_view{} : response.content());
  co_return written;
}

asio::awaitable<void> HttpConnection::run() {
  while (!closing_) {
    const auto incoming = co_await read_request();
    if (!incoming.request && !incoming.refusal) break;
    phase_ = Phase::writing;
    expired_ = false;  // a 408 may still be written
    const auto response = incoming.request ? answer(*incoming.request) : refusal(*incoming.refusal);
    if (response.is_open_ended() && incoming.request->method != Method::head) {
      co_await stream(response, incoming);
      break;
    }
    const bool keep_alive = incoming.request && incoming.keep_alive && !closing_;
    if (!co_await respond(response, incoming, keep_alive)) break;
    if (!keep_alive || response.is_open_ended()) {
      co_await linger();
      break;
    }
  }
  abandon();
}

asio::awaitable<void> HttpConnection::refuse(HttpProblem problem) {
  phase_ = Phase::writing;
  const auto response = refusal(std::move(problem));
  const Incoming nothing;
  if (co_await respond(response, nothing, false)) co_await linger();
  abandon();
}

// Closing a socket with unread input makes TCP reset it, and the client may lose the answer
// (RFC 9112, 9.6): say that nothing more comes, and read for a moment what it still sends.
asio::awaitable<void> HttpConnection::linger() {
  error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  deadline_.arm(after(limits_.linger_timeout));
  while (!error && !expired_) {
    begin_ = end_ = 0;
    if (!co_await read_more()) break;
  }
  deadline_.arm(std::nullopt);
}

void HttpConnection::watch_peer() {
  socket_.async_read_some(asio::buffer(buffer_), [this, alive = std::weak_ptr(alive_)](
                                                     const error_code& error, std::size_t bytes) {
    if (alive.expired()) return;
    discarded_ += bytes;
    if (!error && discarded_ <= kMaxJunk) return watch_peer();
    peer_gone_ = true;
    wake_.cancel();
  });
}

void HttpConnection::open_source(const HttpResponse& response) {
  phase_ = Phase::streaming;
  if (response.pull) {
    chunks_ = response.pull([this] { wake_.cancel(); });
    return;
  }
  queue_ = std::make_shared<StreamQueue>(limits_.stream_queue_chunks, limits_.stream_queue_bytes);
  queue_->set_listener([this] {
    wake_.cancel();
    if (queue_->overflowed()) expire();  // it may hang in a write to this reader
  });
  chunks_ = queue_;
  source_ = response.stream(queue_);
  if (closing_) queue_->close();
}

// Several in one buffer: events are small, and system calls cost more than the copy.
std::string HttpConnection::next_chunks(bool chunked) {
  std::string text;
  while (text.size() < kReadBytes) {
    const auto chunk = chunks_->next();
    if (!chunk) break;
    if (chunked) text += chunk_head(chunk->size());
    text += *chunk;
    if (chunked) text += "\r\n";
  }
  return text;
}

// What the socket takes without waiting needs no timer and no turn of the loop: one event to a
// thousand readers is a thousand of these. The rest, and errors, are left to write().
std::size_t HttpConnection::write_at_once(std::string_view text) {
  error_code error;
  const auto bytes = socket_.write_some(asio::buffer(text), error);
  return error ? 0 : bytes;
}

asio::awaitable<void> HttpConnection::stream_chunks(bool chunked, bool events) {
  error_code error;
  socket_.non_blocking(true, error);
  if (error) co_return;
  std::size_t in_a_row = 0;  // bytes since the others had their turn
  // Counted from what was written: what wakes us may be nothing that this reader asked for.
  auto heartbeat = after(limits_.heartbeat);
  while (chunks_ && !peer_gone_ && !expired_) {
    auto text = next_chunks(chunked);
    if (text.empty()) {
      if (closing_ || chunks_->ended()) co_return;
      error_code woken;
      in_a_row = 0;
      wake_.expires_at(events ? heartbeat : Instant::max());
      co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
      if (!events || std::chrono::steady_clock::now() < heartbeat) continue;
      text = chunked ? "3\r\n:\n\n\r\n" : ":\n\n";  // a comment
    }
    heartbeat = after(limits_.heartbeat);
    const auto written = in_a_row < kTurnBytes ? write_at_once(text) : 0;
    in_a_row += written;
    if (written == text.size()) continue;
    in_a_row = 0;
    if (!co_await write(std::string_view(text).substr(written), {})) co_return;
  }
}

asio::awaitable<void> HttpConnection::stream(const HttpResponse& response,
                                             const Incoming& incoming) {
  // From here on all input is junk, and there may be a thousand of us.
  buffer_ = std::vector<char>(kJunkBytes);
  if (response.websocket) {
    open_source(response);
    co_await serve_websocket(socket_, *incoming.request, chunks_, wake_, closing_, limits_);
    co_return;
  }
  const bool chunked = !incoming.http_1_0;
  const bool events = response.content_type.starts_with("text/event-stream");
  const auto head =
      http_head(response, chunked ? HttpFraming::chunked : HttpFraming::until_close, false);
  if (!co_await write(head, {})) co_return;
  open_source(response);
  watch_peer();
  co_await stream_chunks(chunked, events);
  if (queue_ && queue_->overflowed()) {
    if (const auto more = surroundings_.slow_log.admit(std::chrono::steady_clock::now())) {
      log("api").info("a reader was too slow and is dropped{}", *more);
    }
  }
  source_.reset();
  if (chunked && !peer_gone_ && !expired_) co_await write("0\r\n\r\n", {});
}

}  // namespace rocd
