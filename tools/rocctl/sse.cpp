#include "rocctl/sse.hpp"

namespace rocctl {

void EventParser::feed(std::string_view bytes,
                       const std::function<void(const ServerEvent&)>& sink) {
  partial_ += bytes;
  std::size_t start = 0;
  for (auto end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n', start)) {
    auto line = std::string_view(partial_).substr(start, end - start);
    if (line.ends_with('\r')) line.remove_suffix(1);
    take_line(line, sink);
    start = end + 1;
  }
  partial_.erase(0, start);
}

void EventParser::take_line(std::string_view line,
                            const std::function<void(const ServerEvent&)>& sink) {
  if (line.empty()) {
    if (has_data_) sink(event_);
    event_ = {};
    has_data_ = false;
    return;
  }
  const auto colon = line.find(':');
  const auto field = line.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") {
    event_.type = value;
  } else if (field == "id") {
    event_.id = value;
  } else if (field == "data") {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  }
}

}  // namespace rocctl
