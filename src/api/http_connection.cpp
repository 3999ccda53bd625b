// Uses Beast's parser alone and plain Asio for the bytes: less to compile, and faster. This and
// websocket_session.cpp are all of the room that includes Beast.
#include "api/http_connection.hpp"

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>
#include <exception>

#include "api/http_head.hpp"
#include "api/websocket_session.hpp"
#include "base/log.hpp"

namespace rocd {
namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

using Parser = http::request_parser<http::string_body>;

constexpr std::size_t kReadBytes = 16'384;
// A reader that takes all that it gets is left for the others after this much.
constexpr std::size_t kTurnBytes = 65'536;
constexpr std::size_t kJunkBytes = 256;
constexpr std::size_t kMaxJunk = 65'536;  // what a reader of events may send, to no effect

Instant after(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

// The values of a field that may come as a list, as one (RFC 9110, 5.3).
std::string joined(const http::fields& fields, http::field name) {
  std::string text;
  const auto [first, last] = fields.equal_range(name);
  for (auto field = first; field != last; ++field) {
    if (field != first) text += ", ";
    text.append(field->value().data(), field->value().size());
  }
  return text;
}

std::size_t count(const http::fields& fields, http::field name) {
  const auto [first, last] = fields.equal_range(name);
  return static_cast<std::size_t>(std::distance(first, last));
}

HttpProblem refusal_of(const error_code& error, const HttpLimits& limits) {
  if (error == http::error::header_limit) {
    return {.status = 431,
            .detail = "the request head is larger than " + std::to_string(limits.header_bytes) +
                      " bytes"};
  }
  if (error == http::error::body_limit) {
    return {.status = 413,
            .detail = "the body is larger than " + std::to_string(limits.body_bytes) + " bytes"};
  }
  return {.status = 400, .detail = "this is not HTTP/1.1: " + error.message()};
}

// What a head may not say. Beast lets some of it through: a Transfer-Encoding that does not end in
// `chunked` would leave the length of the body to guesses (RFC 9112, 6.1 and 6.3).
std::optional<HttpProblem> check_head(const Parser& parser) {
  const auto& head = parser.get();
  const auto coding = joined(head, http::field::transfer_encoding);
  if (!coding.empty()) {
    if (head.version() < 11 || count(head, http::field::content_length) > 0) {
      return HttpProblem{.status = 400, .detail = "Transfer-Encoding may not stand here"};
    }
    if (!boost::beast::iequals(coding, "chunked")) {
      return HttpProblem{.status = 501,
                         .detail = "Transfer-Encoding '" + coding + "' is not known"};
    }
  }
  const auto hosts = count(head, http::field::host);
  if (hosts > 1 || (hosts == 0 && head.version() >= 11)) {  // RFC 9112, 3.2
    return HttpProblem{.status = 400, .detail = "exactly one Host is expected"};
  }
  const auto expect = joined(head, http::field::expect);
  if (!expect.empty() && !boost::beast::iequals(expect, "100-continue")) {
    return HttpProblem{.status = 417, .detail = "Expect '" + expect + "' is not known"};
  }
  const auto encoding = joined(head, http::field::content_encoding);
  if (!encoding.empty() && !boost::beast::iequals(encoding, "identity")) {
    HttpProblem problem{.status = 415, .detail = "Content-Encoding '" + encoding + "' is not read"};
    problem.headers.emplace_back("Accept-Encoding", "identity");  // RFC 9110, 12.5.3
    return problem;
  }
  return std::nullopt;
}

// Everything of the head that handlers may want; trailers come later and are ignored.
Result<HttpRequest> to_request(const Parser& parser, bool local) {
  const auto& head = parser.get();
  HttpRequest request;
  request.method_text = std::string(head.method_string());
  request.method = parse_method(request.method_text);
  request.local = local;
  request.host = joined(head, http::field::host);
  request.origin = joined(head, http::field::origin);
  request.content_type = joined(head, http::field::content_type);
  request.authorization = joined(head, http::field::authorization);
  request.access_control_request_method = joined(head, http::field::access_control_request_method);
  request.accept = joined(head, http::field::accept);
  request.accept_encoding = joined(head, http::field::accept_encoding);
  request.if_match = joined(head, http::field::if_match);
  request.if_none_match = joined(head, http::field::if_none_match);
  request.last_event_id = std::string(head["Last-Event-ID"]);
  if (http::token_list(head[http::field::upgrade]).exists("websocket") &&
      http::token_list(head[http::field::connection]).exists("upgrade")) {
    request.websocket = {std::string(head[http::field::sec_websocket_key]),
                         std::string(head[http::field::sec_websocket_version])};
  }
  const auto target = head.target();
  if (const auto ok = set_target(request, {target.data(), target.size()}); !ok) return ok.error();
  return request;
}

}  // namespace

HttpConnection::HttpConnection(Socket socket, bool local, const HttpServer::Handler& handler,
                               const std::function<void(int)>& on_refusal, const HttpLimits& limits)
    : socket_(std::move(socket)),
      local_(local),
      handler_(handler),
      on_refusal_(on_refusal),
      limits_(limits),
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

  Parser parser;
  parser.header_limit(limits_.header_bytes);
  parser.body_limit(limits_.body_bytes);
  std::size_t head_bytes = 0;
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
      incoming.refusal = refusal_of(error, limits_);
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
    return handler_(request);
  } catch (const std::exception& error) {
    log("api").error("{} {}: {}", request.method_text, request.target, error.what());
  }
  return to_response({.status = 500}, request.path);
}

HttpResponse HttpConnection::refusal(HttpProblem problem) const {
  if (on_refusal_) on_refusal_(problem.status);
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
  const bool written = co_await write(head, head_only ? std::string_view{} : response.body);
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
  while (chunks_ && !peer_gone_ && !expired_) {
    auto text = next_chunks(chunked);
    if (text.empty()) {
      if (closing_ || chunks_->ended()) co_return;
      error_code woken;
      in_a_row = 0;
      wake_.expires_after(limits_.heartbeat);
      co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
      if (woken || !events) continue;
      text = chunked ? "3\r\n:\n\n\r\n" : ":\n\n";  // a comment
    }
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
  if (queue_ && queue_->overflowed()) log("api").info("a reader was too slow and is dropped");
  source_.reset();
  if (chunked && !peer_gone_ && !expired_) co_await write("0\r\n\r\n", {});
}

}  // namespace rocd
