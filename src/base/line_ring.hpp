// The last lines of a child, bounded in bytes and lines; what was lost is counted. (pure)
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace rocd {

enum class OutputChannel : std::uint8_t { out, err };

struct LogLine {
  std::uint64_t number = 0;  // from 1, never reused; a gap means that lines were dropped
  WallTime at{};
  OutputChannel channel = OutputChannel::err;
  std::string text;
};

// Every stream of the daemon has one, full for most of its life: the texts are kept in one piece.
class LineRing {
 public:
  // What a line costs beside its text, counted against the limit.
  static constexpr std::size_t line_overhead = 16;

  // max_bytes of texts and overhead; the newest line is kept whatever its length.
  explicit LineRing(std::size_t max_bytes = std::size_t{8} * 1024) : max_bytes_(max_bytes) {}

  LogLine push(WallTime at, OutputChannel channel, std::string text);
  void count_dropped_bytes(std::uint64_t bytes) { dropped_bytes_ += bytes; }

  [[nodiscard]] std::size_t size() const { return marks_.size(); }
  [[nodiscard]] std::uint64_t last_number() const { return last_number_; }  // 0: none yet
  // The last `count` of those whose number is above `after`, oldest first.
  [[nodiscard]] std::vector<LogLine> last(std::size_t count, std::uint64_t after = 0) const;
  [[nodiscard]] std::uint64_t dropped_bytes() const { return dropped_bytes_; }

 private:
  struct Mark {
    WallTime at;
    std::uint32_t length;
    OutputChannel channel;
  };
  static_assert(sizeof(Mark) == line_overhead);

  std::size_t max_bytes_;
  std::uint64_t last_number_ = 0;
  std::uint64_t dropped_bytes_ = 0;
  std::deque<Mark> marks_;
  std::deque<char> texts_;  // of all marks, one after the other
};

// Cuts a byte stream into lines. A line longer than the limit is cut there and the rest of it is
// counted as dropped; a final line without newline comes out of finish().
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t max_line_bytes = 4096) : max_line_bytes_(max_line_bytes) {}

  // Calls `sink(std::string)` for each complete line. Returns the bytes dropped.
  template <class Sink>
  std::uint64_t feed(std::string_view bytes, Sink&& sink) {
    std::uint64_t dropped = 0;
    if (skipping_) {
      const auto end = bytes.find('\n');
      skipping_ = end == std::string_view::npos;
      dropped = skipping_ ? bytes.size() : end + 1;
      bytes.remove_prefix(dropped);
    }
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      const auto part = bytes.substr(0, end);
      const auto room = max_line_bytes_ - partial_.size();
      partial_.append(part.substr(0, room));
      if (part.size() > room) dropped += part.size() - room;
      if (end == std::string_view::npos) break;
      emit(sink);
      bytes.remove_prefix(end + 1);
    }
    return dropped;
  }

  // Drops these bytes unseen, with the whole of the lines that they begin and end in; but of a line
  // that is too long already, its beginning comes out as ever. Returns the bytes dropped.
  template <class Sink>
  std::uint64_t skip(std::string_view bytes, Sink&& sink) {
    const bool too_long = partial_.size() == max_line_bytes_;
    if (bytes.empty() || (too_long && bytes.find('\n') == std::string_view::npos))
      return bytes.size();
    skipping_ = bytes.back() != '\n';
    if (!too_long) return bytes.size() + std::exchange(partial_, {}).size();
    emit(sink);
    return bytes.size();
  }

  template <class Sink>
  void finish(Sink&& sink) {
    if (!partial_.empty()) emit(sink);
  }

 private:
  template <class Sink>
  void emit(Sink& sink) {
    if (!partial_.empty() && partial_.back() == '\r') partial_.pop_back();
    sink(std::exchange(partial_, {}));
  }

  std::size_t max_line_bytes_;
  std::string partial_;
  bool skipping_ = false;  // until the line ends
};

}  // namespace rocd
