// Requests and responses as the handlers see them: plain values, no Beast. (pure)
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace rocd {

enum class Method { get, head, post, put, patch, del, options, other };

[[nodiscard]] Method parse_method(std::string_view text);  // case matters (RFC 9110, 9.1)
[[nodiscard]] std::string_view to_string(Method method);

struct HttpRequest {
  Method method = Method::get;
  std::string method_text;  // as sent, for messages
  std::string target;       // as sent
  std::string path;         // decoded, without query
  std::map<std::string, std::string> query;
  std::string content_type, accept, if_match, if_none_match, host, origin, last_event_id;
  std::string accept_encoding;
  std::string authorization;                  // never to be logged or answered
  std::string access_control_request_method;  // with OPTIONS: a browser asks before a request
  std::string body;
  // Set if the client asks to speak WebSocket (RFC 6455, 4.1): the values of its fields, as sent.
  struct Upgrade {
    std::string key, version;
  };
  std::optional<Upgrade> websocket;
  bool local = false;  // came over the Unix socket: no browser, any Host
};

// Fills target, path and query from a request target (RFC 9112, 3.2); the authority of an
// absolute-form target replaces `host`. Refuses broken percent-encoding, text that is not UTF-8,
// %00, an encoded slash and a query parameter given twice.
[[nodiscard]] Result<> set_target(HttpRequest& request, std::string_view target);

// nullopt if an escape is broken. '+' stays '+': this is not a form.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

// What an open-ended response sends. The connection asks whenever it can write: a reader takes what
// it can take, and nothing is kept for it here.
class ChunkSource {
 public:
  virtual ~ChunkSource() = default;
  [[nodiscard]] virtual std::shared_ptr<const std::string> next() = 0;  // nullptr: not now
  [[nodiscard]] virtual bool ended() const { return false; }            // and not later either
};

// Feeds an open-ended response from the other side. write() returns false once the reader is gone
// or too slow (its bounded queue is full); the source then lets go of it.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;
  virtual bool write(std::shared_ptr<const std::string> chunk) = 0;
  virtual void close() = 0;  // after what is queued
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // Instead of a body: one that lives as long as the program. However many slow readers there are,
  // it is there once.
  std::string_view fixed_body = {};
  // Set for open-ended responses (SSE): called once with the writer after the head was sent; what
  // it returns is kept until the connection ends.
  std::function<std::shared_ptr<void>(std::shared_ptr<StreamWriter>)> stream;

  // The other kind of open-ended response: called once after the head was sent. The source calls
  // `wake` when next() may have something again; it lives until the connection ends.
  std::function<std::unique_ptr<ChunkSource>(std::function<void()> wake)> pull;
  std::string_view route = {};  // the pattern that matched, if one did; the router's own text
  bool websocket = false;       // each chunk of `pull` is a text message of a WebSocket

  [[nodiscard]] bool is_open_ended() const { return stream || pull; }
  [[nodiscard]] std::string_view content() const { return body.empty() ? fixed_body : body; }
  [[nodiscard]] std::string_view header(std::string_view name) const;  // empty if not set
};

}  // namespace rocd
