#include "base/line_ring.hpp"

#include <algorithm>

namespace rocd {

const LogLine& LineRing::push(WallTime at, OutputChannel channel, std::string text) {
  bytes_ += text.size();
  lines_.push_back({next_number_++, at, channel, std::move(text)});
  while (lines_.size() > 1 && (lines_.size() > max_lines_ || bytes_ > max_bytes_)) {
    bytes_ -= lines_.front().text.size();
    dropped_bytes_ += lines_.front().text.size();
    lines_.pop_front();
  }
  return lines_.back();
}

std::vector<std::string> LineRing::last(std::size_t count) const {
  std::vector<std::string> texts;
  const auto from = lines_.size() - std::min(count, lines_.size());
  for (auto i = from; i < lines_.size(); ++i) texts.push_back(lines_[i].text);
  return texts;
}

}  // namespace rocd
