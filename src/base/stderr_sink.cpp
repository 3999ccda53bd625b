#include "base/stderr_sink.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "base/clock.hpp"

namespace rocd {

void StderrSink::sink_it_(const spdlog::details::log_msg& message) {
  if (const int error = finish_begun(); error != 0) return drop(message.time, error);
  spdlog::memory_buf_t text;
  // In one with the line: where there is room for one line only, notes would push lines out.
  if (missing_.lines > 0) append_note(text);
  formatter_->format(message, text);
  if (const int error = begin({text.data(), text.size()}); error != 0)
    return drop(message.time, error);
  missing_ = {};
}

int StderrSink::finish_begun() {
  if (rest_.empty()) return 0;
  const auto written = writer_.write(rest_);
  rest_.erase(0, written.bytes);
  return written.error;
}

int StderrSink::begin(std::string_view text) {
  const auto written = writer_.write(text);
  if (written.bytes == 0) return written.error;
  rest_ = text.substr(written.bytes);
  return 0;
}

void StderrSink::drop(spdlog::log_clock::time_point at, int error) {
  ++dropped_;
  if (missing_.lines++ > 0) return;
  missing_.since = at;
  missing_.error = error;
}

void StderrSink::append_note(spdlog::memory_buf_t& text) {
  const bool unread = missing_.error == EAGAIN;
  const auto note = fmt::format(
      "{} of this log {} dropped since {}, because {}",
      missing_.lines == 1 ? "1 line" : fmt::format("{} lines", missing_.lines),
      missing_.lines == 1 ? "was" : "were", format_utc(missing_.since),
      unread ? "nobody read them"
             : "it could not be written: " + std::generic_category().message(missing_.error));
  formatter_->format({"log", spdlog::level::warn, note}, text);
}

}  // namespace rocd
