#include "api/request_head.hpp"

#include <boost/beast/http/rfc7230.hpp>

namespace rocd {
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t kMaxMethod = 64;  // bytes; no method of anybody is longer

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

}  // namespace

HttpProblem refusal_of(const error_code& error, const RequestParser& parser,
                       std::string_view unread, const HttpLimits& limits) {
  if (error == http::error::header_limit) {
    // The parser takes the first line as a whole: without a target, that line is what is too long,
    // and it is its target's fault if a method came before.
    const auto method_ends = unread.substr(0, kMaxMethod + 1).find(' ') != unread.npos;
    if (parser.get().target().empty() && method_ends) {
      return {
          .status = 414,
          .detail = "the target is longer than " + std::to_string(limits.header_bytes) + " bytes"};
    }
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

std::optional<HttpProblem> check_head(const RequestParser& parser) {
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

Result<HttpRequest> to_request(const RequestParser& parser, bool local) {
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
  // HTTP/1.0 cannot upgrade, and who asks in it gets what others get (RFC 9110, 7.8).
  if (head.version() >= 11 && http::token_list(head[http::field::upgrade]).exists("websocket") &&
      http::token_list(head[http::field::connection]).exists("upgrade")) {
    request.websocket = {joined(head, http::field::sec_websocket_key),
                         joined(head, http::field::sec_websocket_version)};
  }
  const auto target = head.target();
  if (const auto ok = set_target(request, {target.data(), target.size()}); !ok) return ok.error();
  return request;
}

}  // namespace rocd
