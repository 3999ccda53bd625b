// One reader of events over WebSocket (RFC 6455): the handshake, messages out, pings, the close.
// What it sends is the ChunkSource's; whatever the client says is read and ignored.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include "api/http.hpp"
#include "api/http_server.hpp"

namespace rocd {

// Ends with the connection, or with `closing`. `wake` is cancelled when the source may have
// something again, or `closing` was set. All references outlive the call; `source` may become null
// while the socket is closed.
[[nodiscard]] boost::asio::awaitable<void> serve_websocket(
    boost::asio::generic::stream_protocol::socket& socket, const HttpRequest& request,
    const std::shared_ptr<ChunkSource>& source, boost::asio::steady_timer& wake,
    const bool& closing, const HttpLimits& limits);

}  // namespace rocd
