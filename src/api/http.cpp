#include "api/http.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/utf8.hpp"

namespace rocd {
namespace {

constexpr std::array<std::pair<std::string_view, Method>, 7> kMethods{
    {{"GET", Method::get},
     {"HEAD", Method::head},
     {"POST", Method::post},
     {"PUT", Method::put},
     {"PATCH", Method::patch},
     {"DELETE", Method::del},
     {"OPTIONS", Method::options}}};

Error bad_target(std::string message) {
  return {ErrorCode::malformed, std::move(message), "request target", {}, {}};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<> parse_query(HttpRequest& request, std::string_view text) {
  while (!text.empty()) {
    const auto part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (part.empty()) continue;
    const auto equals = part.find('=');
    const auto name = percent_decode(part.substr(0, equals));
    const auto value =
        percent_decode(equals == part.npos ? std::string_view{} : part.substr(equals + 1));
    if (!name || !value || !is_utf8(*name) || !is_utf8(*value)) {
      return bad_target("broken percent-encoding in the query");
    }
    if (!request.query.emplace(*name, *value).second) {
      return bad_target("query parameter '" + *name + "' appears twice");
    }
  }
  return {};
}

}  // namespace

Method parse_method(std::string_view text) {
  for (const auto& [name, method] : kMethods) {
    if (name == text) return method;
  }
  return Method::other;
}

std::string_view to_string(Method method) {
  for (const auto& [name, value] : kMethods) {
    if (value == method) return name;
  }
  return "other";
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

Result<> set_target(HttpRequest& request, std::string_view target) {
  request.target = target;
  request.path.clear();
  request.query.clear();
  if (target == "*") {  // asterisk-form, of OPTIONS
    request.path = "*";
    return {};
  }
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    const auto authority = target.substr(0, target.find_first_of("/?"));
    // RFC 9110, 4.2.1. An empty Host would be nobody's, and pass where names are checked.
    if (authority.empty()) return bad_target("an address without a host");
    request.host = authority;
    target.remove_prefix(authority.size());
    if (target.empty()) target = "/";
    break;
  }
  if (!target.starts_with('/')) return bad_target("the target does not start with '/'");
  if (target.find('#') != target.npos) return bad_target("a fragment ('#') is never sent");
  const auto question = target.find('?');
  const auto path = target.substr(0, question);
  auto decoded = percent_decode(path);
  if (!decoded || !is_utf8(*decoded)) return bad_target("broken percent-encoding in the path");
  // An encoded slash would be another path here than for a proxy in front of us.
  if (decoded->find('\0') != std::string::npos ||
      std::count(decoded->begin(), decoded->end(), '/') !=
          std::count(path.begin(), path.end(), '/')) {
    return bad_target("%00 and %2F may not stand in a path");
  }
  request.path = std::move(*decoded);
  return parse_query(request, question == target.npos ? "" : target.substr(question + 1));
}

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace rocd
