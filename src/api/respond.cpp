#include "api/respond.hpp"

#include <charconv>
#include <string_view>
#include <vector>

#include "model/json_text.hpp"

namespace rocd {
namespace {

// FNV-1a: tells apart bodies of one resource, no defence against anybody.
std::string hash(std::string_view text) {
  std::uint64_t value = 0xcbf29ce484222325U;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  char digits[17];
  const auto end = std::to_chars(digits, digits + 16, value, 16).ptr;
  return {digits, end};
}

// The opaque tags of an If-Match or If-None-Match list, without W/ and quotes.
std::vector<std::string_view> tags(std::string_view list) {
  std::vector<std::string_view> result;
  while (!list.empty()) {
    auto part = list.substr(0, list.find(','));
    list.remove_prefix(std::min(part.size() + 1, list.size()));
    while (!part.empty() && (part.front() == ' ' || part.front() == '\t')) part.remove_prefix(1);
    while (!part.empty() && (part.back() == ' ' || part.back() == '\t')) part.remove_suffix(1);
    if (part.starts_with("W/")) part.remove_prefix(2);
    if (part.size() >= 2 && part.front() == '"' && part.back() == '"') {
      part = part.substr(1, part.size() - 2);
    }
    if (!part.empty()) result.push_back(part);
  }
  return result;
}

Error precondition(std::string message, std::string hint = {}) {
  return {ErrorCode::precondition, std::move(message), {}, std::move(hint), {}};
}

}  // namespace

HttpResponse json_response(int status, const boost::json::value& value) {
  HttpResponse response;
  response.status = status;
  response.body = json_text(value);
  return response;
}

HttpResponse resource_response(int status, const boost::json::value& value, std::uint64_t version,
                               std::string location) {
  auto response = json_response(status, value);
  response.headers.emplace_back("ETag",
                                '"' + std::to_string(version) + '-' + hash(response.body) + '"');
  if (!location.empty()) response.headers.emplace_back("Location", std::move(location));
  return response;
}

HttpResponse no_content() {
  HttpResponse response;
  response.status = 204;
  response.content_type.clear();
  return response;
}

HttpResponse error_response(const Error& error, const HttpRequest& request) {
  return to_response(to_http_problem(error), request.path);
}

Result<> check_preconditions(const HttpRequest& request, std::optional<std::uint64_t> version) {
  if (!request.if_match.empty()) {
    if (!version) return precondition("If-Match is set, but there is no such resource yet");
    const auto now = std::to_string(*version);
    bool matches = false;
    for (const auto tag : tags(request.if_match)) {
      matches = matches || tag == "*" || tag.substr(0, tag.find('-')) == now;
    }
    if (!matches) {
      return precondition("the version is " + now + ", If-Match wants " + request.if_match,
                          "read it again, make the change on that, send it again");
    }
  }
  if (!request.if_none_match.empty() && version) {
    for (const auto tag : tags(request.if_none_match)) {
      if (tag == "*" || tag.substr(0, tag.find('-')) == std::to_string(*version)) {
        return precondition("it exists with version " + std::to_string(*version) +
                            ", If-None-Match does not want that");
      }
    }
  }
  return {};
}

void finish_conditional(const HttpRequest& request, HttpResponse& response) {
  const bool reads = request.method == Method::get || request.method == Method::head;
  if (!reads || response.status != 200 || response.is_open_ended()) return;
  if (response.header("Cache-Control") == "no-store") return;
  if (response.header("ETag").empty()) {
    response.headers.emplace_back("ETag", '"' + hash(response.content()) + '"');
  }
  response.headers.emplace_back("Cache-Control", "no-cache");  // ask again each time
  const auto own = tags(response.header("ETag")).front();
  for (const auto tag : tags(request.if_none_match)) {
    if (tag != "*" && tag != own) continue;
    response.status = 304;
    response.body.clear();
    response.fixed_body = {};
    response.content_type.clear();
    return;
  }
}

}  // namespace rocd
