#include "base/line_ring.hpp"

#include <algorithm>
#include <iterator>

namespace rocd {

LogLine LineRing::push(WallTime at, OutputChannel channel, std::string text) {
  marks_.push_back({at, static_cast<std::uint32_t>(text.size()), channel});
  texts_.insert(texts_.end(), text.begin(), text.end());
  while (marks_.size() > 1 && texts_.size() + marks_.size() * line_overhead > max_bytes_) {
    const auto length = marks_.front().length;
    texts_.erase(texts_.begin(), std::next(texts_.begin(), length));
    marks_.pop_front();
    dropped_bytes_ += length;
  }
  return {++last_number_, at, channel, std::move(text)};
}

std::vector<LogLine> LineRing::last(std::size_t count, std::uint64_t after) const {
  const auto newer = last_number_ - std::min(after, last_number_);
  const auto wanted = std::min({count, marks_.size(), newer});
  std::vector<LogLine> lines(wanted);
  auto text_end = texts_.end();
  auto number = last_number_;
  auto mark = marks_.rbegin();
  for (auto line = lines.rbegin(); line != lines.rend(); ++line, ++mark) {
    const auto text_begin = std::prev(text_end, mark->length);
    *line = {number--, mark->at, mark->channel, std::string(text_begin, text_end)};
    text_end = text_begin;
  }
  return lines;
}

}  // namespace rocd
