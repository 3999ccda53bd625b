#include "rocctl/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cctype>
#include <vector>

#include "base/duration.hpp"
#include "base/version.hpp"

namespace rocctl {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;
using Protocol = asio::generic::stream_protocol;
using boost::system::error_code;

constexpr std::size_t largest_answer = 64UL * 1024 * 1024;

// Each operation is asynchronous and waited for: a blocking one could not be given a time limit.
class Connection {
 public:
  Connection(const Target& target, Milliseconds limit)
      : target_(target), limit_(limit), deadline_(Clock::now() + limit), socket_(io_) {}

  void extend(Milliseconds limit) { deadline_ = Clock::now() + limit; }

  Outcome<> open() {
    error_code error = asio::error::host_not_found;
    const auto endpoints = addresses(error);
    for (const auto& endpoint : endpoints) {
      close();
      error = wait([&](auto done) { socket_.async_connect(endpoint, done); });
      if (!error) return {};
    }
    return failure(error);
  }

  Outcome<> write(http::request<http::string_body>& request) {
    const auto error = wait([&](auto done) {
      http::async_write(socket_, request, [done](error_code e, std::size_t) { done(e); });
    });
    // A server that answers early closes early; its answer says more than "broken pipe".
    if (error && error != asio::error::broken_pipe && error != asio::error::connection_reset)
      return failure(error);
    return {};
  }

  template <class Parser>
  Outcome<> read_header(Parser& parser) {
    return done(wait([&](auto done) {
      http::async_read_header(socket_, buffer_, parser,
                              [done](error_code e, std::size_t) { done(e); });
    }));
  }

  template <class Parser>
  Outcome<> read_some(Parser& parser) {
    return done(wait([&](auto done) {
      http::async_read_some(socket_, buffer_, parser,
                            [done](error_code e, std::size_t) { done(e); });
    }));
  }

  template <class Parser>
  Outcome<> read(Parser& parser) {
    return done(wait([&](auto done) {
      http::async_read(socket_, buffer_, parser, [done](error_code e, std::size_t) { done(e); });
    }));
  }

 private:
  std::vector<Protocol::endpoint> addresses(error_code& error) {
    if (target_.is_unix()) return {asio::local::stream_protocol::endpoint(target_.unix_path)};
    std::vector<Protocol::endpoint> endpoints;
    asio::ip::tcp::resolver resolver(io_);
    error = wait([&](auto done) {
      resolver.async_resolve(target_.host, std::to_string(target_.port),
                             [&endpoints, done](error_code e, const auto& results) {
                               for (const auto& each : results)
                                 endpoints.emplace_back(each.endpoint());
                               done(e);
                             });
    });
    return endpoints;
  }

  template <class Start>
  error_code wait(Start&& start) {
    std::optional<error_code> result;
    start([&result](error_code error) { result = error; });
    io_.restart();
    io_.run_until(deadline_);
    if (result) return *result;
    // The handler refers to this frame: it must run before we leave it.
    close();
    io_.restart();
    io_.run_for(Milliseconds(100));
    return asio::error::timed_out;
  }

  void close() {
    error_code ignored;
    socket_.close(ignored);
  }

  Outcome<> done(error_code error) {
    if (error) return failure(error);
    return {};
  }

  [[nodiscard]] Failure failure(error_code error) const {
    if (error == asio::error::timed_out)
      return {.exit = Exit::unhealthy,
              .message = target_.url() + " does not answer within " +
                         std::to_string(limit_.count()) + " ms"};
    std::string message = "no daemon at " + target_.url() + ": " + error.message();
    if (error == http::error::end_of_stream || error == http::error::partial_message)
      message = target_.url() + " closed the connection";
    return {.exit = Exit::unreachable,
            .message = std::move(message),
            .hint = "start it with 'rocd', name another one with --url, or ask 'rocctl doctor'"};
  }

  const Target& target_;
  Milliseconds limit_;
  Clock::time_point deadline_;
  asio::io_context io_{1};
  Protocol::socket socket_;
  beast::flat_buffer buffer_;
};

http::request<http::string_body> make_request(const Target& target, const std::string& token,
                                              const std::string& method, const std::string& path,
                                              const std::optional<json::value>& body) {
  http::request<http::string_body> request(http::string_to_verb(method), path, 11);
  request.set(http::field::host, target.host_header());
  request.set(http::field::user_agent, "rocctl/" + std::string(rocd::version()));
  request.set(http::field::connection, "close");
  if (!token.empty()) request.set(http::field::authorization, "Bearer " + token);
  if (body) {
    request.set(http::field::content_type,
                method == "PATCH" ? "application/merge-patch+json" : "application/json");
    request.body() = json::serialize(*body);
  }
  request.prepare_payload();
  return request;
}

template <class Parser>
Response to_response(Parser& parser) {
  auto& message = parser.get();
  return {static_cast<int>(message.result_int()), std::string(message[http::field::content_type]),
          std::move(message.body())};
}

}  // namespace

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((std::isalnum(byte) != 0 && byte < 0x80) ||
        std::string_view("-._~/*,").find(c) != std::string_view::npos)
      out += c;
    else
      out += fmt::format("%{:02X}", byte);
  }
  return out;
}

Client::Client(Target target, Milliseconds limit, std::string token)
    : target_(std::move(target)), limit_(limit), token_(std::move(token)) {}

Outcome<Response> Client::request(const std::string& method, const std::string& path,
                                  const std::optional<json::value>& body) const {
  Connection connection(target_, limit_);
  if (auto opened = connection.open(); !opened) return opened.error();
  auto request = make_request(target_, token_, method, path, body);
  if (auto written = connection.write(request); !written) return written.error();
  http::response_parser<http::string_body> parser;
  parser.body_limit(largest_answer);
  if (auto read = connection.read(parser); !read) return read.error();
  return to_response(parser);
}

Outcome<json::value> Client::send(const std::string& method, const std::string& path,
                                  const std::optional<json::value>& body) const {
  auto response = request(method, path, body);
  if (!response) return response.error();
  if (response->status < 200 || response->status > 299)
    return failure_of(response->status, response->content_type, response->body);
  if (response->body.empty()) return json::value();
  error_code error;
  auto value = json::parse(response->body, error);
  if (error)
    return Failure{.message = target_.url() + " answers, but not with JSON",
                   .hint = "does something other than rocd listen there?"};
  return value;
}

Outcome<json::value> Client::get(const std::string& path) const {
  return send("GET", path);
}

Outcome<Client::Ending> Client::follow(const Follow& what,
                                       const std::function<bool(std::string_view)>& sink) const {
  Connection connection(target_, limit_);
  const auto is_over = [&] { return what.until && Clock::now() >= *what.until; };
  const auto limit = [&](Milliseconds longest) {
    if (!what.until) return longest;
    const auto left = std::chrono::ceil<Milliseconds>(*what.until - Clock::now());
    return std::clamp(left, Milliseconds(1), longest);
  };
  // Whether the time is over or the daemon gone: the caller's deadline comes first.
  const auto fail = [&](const Failure& failure) -> Outcome<Ending> {
    if (is_over()) return Ending::time_over;
    return failure;
  };
  connection.extend(limit(limit_));
  if (auto opened = connection.open(); !opened) return fail(opened.error());
  auto request = make_request(target_, token_, "GET", what.path, std::nullopt);
  request.set(http::field::accept, "text/event-stream");
  if (!what.last_event_id.empty()) request.set("Last-Event-ID", what.last_event_id);
  if (auto written = connection.write(request); !written) return fail(written.error());
  http::response_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  if (auto read = connection.read_header(parser); !read) return fail(read.error());
  if (parser.get().result_int() != 200) {
    if (auto read = connection.read(parser); !read) return fail(read.error());
    const auto response = to_response(parser);
    return failure_of(response.status, response.content_type, response.body);
  }
  while (!parser.is_done()) {
    auto& body = parser.get().body();
    if (!body.empty() && !sink(body)) return Ending::stopped;
    body.clear();
    connection.extend(limit(what.silence));
    if (auto read = connection.read_some(parser); !read) {
      if (is_over()) return Ending::time_over;
      auto failure = read.error();
      if (failure.exit == Exit::unhealthy)
        failure.message = fmt::format("{} says nothing for {}", target_.url(),
                                      rocd::format_duration(what.silence));
      failure.exit = Exit::unreachable;
      return failure;
    }
  }
  if (!parser.get().body().empty() && !sink(parser.get().body())) return Ending::stopped;
  return Ending::ended;
}

}  // namespace rocctl
