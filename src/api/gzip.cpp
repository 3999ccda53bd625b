#include "api/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <memory>

namespace rocd {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view take(std::string_view& list, char separator) {
  const auto part = list.substr(0, list.find(separator));
  list.remove_prefix(std::min(part.size() + 1, list.size()));
  return trimmed(part);
}

bool same(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

// "q=0", "q=0.000": not acceptable.
bool is_refused(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto parameter = take(parameters, ';');
    if (parameter.size() < 3 || !same(parameter.substr(0, 2), "q=")) continue;
    return parameter.substr(2).find_first_not_of("0.") == parameter.npos;
  }
  return false;
}

Error damaged() {
  return {ErrorCode::internal, "gzip'ed data is damaged or too large", {}, {}, {}};
}

struct InflateEnd {
  void operator()(z_stream* stream) const { ::inflateEnd(stream); }
};

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    auto parameters = take(accept_encoding, ',');
    const auto coding = take(parameters, ';');
    if (same(coding, "gzip") || same(coding, "x-gzip")) return !is_refused(parameters);
    if (coding == "*") any = !is_refused(parameters);
  }
  return any;
}

Result<std::string> gunzip(std::string_view compressed, std::size_t max_bytes) {
  z_stream stream{};
  constexpr int gzip_only = 16 + MAX_WBITS;
  if (::inflateInit2(&stream, gzip_only) != Z_OK) return damaged();
  const std::unique_ptr<z_stream, InflateEnd> end(&stream);
  // zlib only reads it, but does not say so.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string text;
  int state = Z_OK;
  while (state == Z_OK && text.size() < max_bytes) {
    const auto done = text.size();
    text.resize(std::min(max_bytes, std::max<std::size_t>(4 * compressed.size(), 2 * done)));
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + done);
    stream.avail_out = static_cast<uInt>(text.size() - done);
    state = ::inflate(&stream, Z_NO_FLUSH);
    text.resize(text.size() - stream.avail_out);
    if (state == Z_OK && stream.avail_out > 0) break;  // it ends too early
  }
  if (state != Z_STREAM_END) return damaged();
  return text;
}

}  // namespace rocd
