#include "api/http_head.hpp"

#include <charconv>
#include <ctime>

#include "api/problem.hpp"

namespace rocd {
namespace {

// RFC 9110, 5.6.7; formatted once a second.
const std::string& http_date() {
  static std::time_t formatted_for = 0;
  static std::string text;
  const auto now = std::time(nullptr);
  if (now != formatted_for) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    char buffer[40];
    text.assign(buffer, std::strftime(buffer, sizeof buffer, "%a, %d %b %Y %H:%M:%S GMT", &utc));
    formatted_for = now;
  }
  return text;
}

void add(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ");
  for (const char c : value) head += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  head += "\r\n";
}

}  // namespace

std::string http_head(const HttpResponse& response, HttpFraming framing, bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + ' ';
  head.append(reason_phrase(response.status)).append("\r\n");
  add(head, "Date", http_date());
  for (const auto& [name, value] : response.headers) add(head, name, value);
  if (!response.content_type.empty()) add(head, "Content-Type", response.content_type);
  add(head, "X-Content-Type-Options", "nosniff");
  // RFC 9110, 8.6: no Content-Length in a 204, and none needed in a 304.
  const bool bodiless = response.status == 204 || response.status == 304;
  if (framing == HttpFraming::chunked) add(head, "Transfer-Encoding", "chunked");
  if (framing == HttpFraming::length && !bodiless) {
    add(head, "Content-Length", std::to_string(response.content().size()));
  }
  add(head, "Connection", keep_alive ? "keep-alive" : "close");
  return head += "\r\n";
}

std::string chunk_head(std::size_t bytes) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, bytes, 16).ptr;
  return std::string(digits, end) + "\r\n";
}

}  // namespace rocd
