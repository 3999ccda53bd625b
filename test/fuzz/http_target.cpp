// The parts of a request that rocd reads itself: target, Host and Origin, conditional headers; and
// the answer to them, up to its bytes.
// Input: lines, METHOD TARGET, Host, Origin, Content-Type, If-Match, If-None-Match; then the body.
#include <arpa/inet.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "api/access.hpp"
#include "api/http_head.hpp"
#include "api/respond.hpp"
#include "api/router.hpp"
#include "fuzz.hpp"

namespace rocd::fuzz {
namespace {

constexpr std::string_view host_name = "studio.example.org";

HttpResponse answer(const Call& call) {
  for (const auto& [name, value] : call.arguments) {
    must(!value.empty(), "an argument of the path is not empty");
    must(value.find('/') == std::string::npos, "and is one segment of it");
  }
  for (const auto& [name, value] : call.request.query)
    must(name == "lines" || name == "follow", "only known query parameters reach a handler");
  if (const auto ok = check_preconditions(call.request, 17); !ok)
    return error_response(ok.error(), call.request);
  return resource_response(200, {{"path", call.request.path}}, 17);
}

const Router& router() {
  static const Router* const shared = [] {
    auto* made = new Router;
    const std::string all = "/peers/{peer_uid}/endpoints";
    const std::string one = all + "/{endpoint_uid}";
    made->add({Method::get, "/", BodyKind::none, {}, answer});
    made->add({Method::get, all, BodyKind::none, {}, answer});
    made->add({Method::post, all, BodyKind::json, {}, answer});
    made->add({Method::get, one, BodyKind::none, {"lines", "follow"}, answer});
    made->add({Method::put, one, BodyKind::json, {}, answer});
    made->add({Method::patch, one, BodyKind::merge_patch, {}, answer});
    made->add({Method::del, one, BodyKind::none, {}, answer});
    made->add({Method::post, one + "/restart", BodyKind::none, {}, answer});
    made->explain(one, "they stay");
    return made;
  }();
  return *shared;
}

std::string percent_encode(std::string_view text, std::string_view but) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (but.find(c) != std::string_view::npos)
      encoded += c;
    else
      encoded.append({'%', digits[byte >> 4U], digits[byte & 15U]});
  }
  return encoded;
}

void check_target(const HttpRequest& request) {
  const auto& path = request.path;
  must(path == "*" || path.starts_with('/'), "a path begins with a slash");
  must(is_utf8(path) && path.find('\0') == std::string::npos, "a path is text");
  must(percent_decode(percent_encode(path, "")) == path, "what is encoded can be decoded");
  auto target = path == "*" ? path : percent_encode(path, "/");
  char separator = '?';
  for (const auto& [name, value] : request.query) {
    must(is_utf8(name) && is_utf8(value), "a query is text");
    target += separator + percent_encode(name, "") + '=' + percent_encode(value, "");
    separator = '&';
  }
  HttpRequest again;
  must(set_target(again, target).has_value(), "a target that is written can be read");
  must(again.path == path && again.query == request.query, "and it is the same");
}

// By other means than access.cpp's.
bool may_be_ours(std::string host) {
  for (char& c : host) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto last_digit = host.find_last_not_of("0123456789");
  if (last_digit != std::string::npos && host[last_digit] == ':') host.resize(last_digit);
  if (host.starts_with('[')) return host.find(':') != std::string::npos && host.ends_with(']');
  in_addr address{};
  if (inet_pton(AF_INET, host.c_str(), &address) == 1) return true;
  if (host.ends_with('.')) host.pop_back();
  for (const std::string_view name :
       {"localhost", "studio.example.org", "studio.example.org.local", "studio", "127.0.0.1"}) {
    if (host == name) return true;
  }
  return host.ends_with(".localhost");
}

void check_caller(const HttpRequest& request) {
  static const auto rules = access_rules("127.0.0.1", host_name);
  static const HttpConfig http;
  const auto refusal = check_access(request, rules, http);
  if (refusal) {
    must(refusal->status == 403 && !refusal->detail.empty(), "who is refused learns why");
    return;
  }
  must(request.host.empty() || may_be_ours(request.host), "a Host that passes is a name of ours");
  if (request.origin.empty()) return;
  must(request.origin.starts_with("http://") || request.origin.starts_with("https://"),
       "an Origin that passes is that of a page");
  auto other = request;
  other.origin += ".evil.example";
  must(check_access(other, rules, http).has_value(), "a longer name is another's");
}

void check_head(const HttpResponse& response) {
  const auto head = http_head(response, HttpFraming::length, true);
  must(head.ends_with("\r\n\r\n"), "a head has an end");
  must(head.find("\r\n\r\n") == head.size() - 4, "and only one");
  const auto lines = std::count(head.begin(), head.end(), '\n');
  must(std::count(head.begin(), head.end(), '\r') == lines, "each line ends in CR LF");
  const auto length = response.status == 204 || response.status == 304 ? 0 : 1;
  const auto type = response.content_type.empty() ? 0 : 1;
  must(lines == static_cast<std::ptrdiff_t>(response.headers.size()) + 5 + length + type,
       "no value begins another header");
}

void check_answer(HttpRequest request) {
  auto response = router().dispatch(request, Role::admin);
  check_head(response);
  must(response.status >= 200 && response.status < 500, "an answer is not our fault");
  if (response.status == 405) must(!response.header("Allow").empty(), "a 405 says what is allowed");
  if (!response.body.empty()) {
    boost::system::error_code failure;
    (void)boost::json::parse(response.body, failure);
    must(!failure, "an answer is JSON");
  }
  const auto before = response;
  finish_conditional(request, response);
  check_head(response);
  if (response.status == 304)
    must(before.status == 200 && response.content().empty(), "a 304 is a 200 without body");
  // Whatever else the list has: the current tag in it counts.
  const auto tag = std::string(response.header("ETag"));
  const bool reads = request.method == Method::get || request.method == Method::head;
  if (!reads || before.status != 200 || tag.empty()) return;
  request.if_none_match += ", " + tag;
  response = before;
  finish_conditional(request, response);
  must(response.status == 304, "what the client has is not sent again");
}

void check(std::string_view text) {
  auto first = take_line(text);
  HttpRequest request;
  request.method_text = first.substr(0, first.find(' '));
  request.method = parse_method(request.method_text);
  first.remove_prefix(std::min(request.method_text.size() + 1, first.size()));
  for (auto* field : {&request.host, &request.origin, &request.content_type, &request.if_match,
                      &request.if_none_match})
    *field = take_line(text);
  request.body = text;
  if (const auto ok = set_target(request, first); !ok) {
    must(ok.error().code == ErrorCode::malformed, "a wrong target is malformed");
    return check_error(ok.error());
  }
  check_target(request);
  check_caller(request);
  check_answer(request);
  auto matching = request;
  matching.if_none_match.clear();
  matching.if_match += ", \"17\"";
  must(check_preconditions(matching, 17).has_value(), "the version in a list of others counts");
}

}  // namespace
}  // namespace rocd::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rocd::fuzz::check(rocd::fuzz::text_of(data, size));
  return 0;
}
