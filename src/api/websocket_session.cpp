#include "api/websocket_session.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace rocd {
namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

namespace {

using Stream = websocket::stream<asio::generic::stream_protocol::socket&, false>;

constexpr std::size_t max_message = 4096;  // of the client; none is expected

// The server has parsed it already; Beast wants to see it again.
http::request<http::empty_body> handshake_of(const HttpRequest& request) {
  http::request<http::empty_body> handshake{http::verb::get, request.target, 11};
  handshake.set(http::field::host, request.host);
  handshake.set(http::field::connection, "upgrade");
  handshake.set(http::field::upgrade, "websocket");
  handshake.set(http::field::sec_websocket_key, request.websocket->key);
  handshake.set(http::field::sec_websocket_version, request.websocket->version);
  return handshake;
}

// Pings are answered, and a close is taken notice of, only while somebody reads.
asio::awaitable<void> read_all(Stream& stream, bool& ended) {
  boost::beast::flat_buffer buffer;
  error_code error;
  while (!error) {
    co_await stream.async_read(buffer, asio::redirect_error(asio::use_awaitable, error));
    buffer.clear();
  }
  ended = true;
}

asio::awaitable<void> write_all(Stream& stream, const std::shared_ptr<ChunkSource>& source,
                                asio::steady_timer& wake, const bool& closing, const bool& ended) {
  error_code error;
  while (!error && !ended && source) {
    if (const auto chunk = source->next()) {
      co_await stream.async_write(asio::buffer(*chunk),
                                  asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    if (closing || source->ended()) break;
    error_code woken;
    wake.expires_at(asio::steady_timer::time_point::max());
    co_await wake.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  if (error || ended || !source) co_return;
  co_await stream.async_close(websocket::close_code::going_away,
                              asio::redirect_error(asio::use_awaitable, error));
}

}  // namespace

asio::awaitable<void> serve_websocket(asio::generic::stream_protocol::socket& socket,
                                      const HttpRequest& request,
                                      const std::shared_ptr<ChunkSource>& source,
                                      asio::steady_timer& wake, const bool& closing,
                                      const HttpLimits& limits) {
  using namespace asio::experimental::awaitable_operators;
  Stream stream(socket);
  stream.read_message_max(max_message);
  // A ping in each half of the time; who answers none in all of it is gone, or does not read. The
  // first is for the handshake, of which only the answer is left, and for the close.
  stream.set_option(
      websocket::stream_base::timeout{limits.linger_timeout, limits.heartbeat * 2, true});
  error_code error;
  const auto handshake = handshake_of(request);
  co_await stream.async_accept(handshake, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return;
  bool ended = false;  // the client has gone
  co_await (read_all(stream, ended) || write_all(stream, source, wake, closing, ended));
}

}  // namespace rocd
