#include "base/daemon_log.hpp"

#include <utility>

namespace rocd {

void DaemonLog::sink_it_(const spdlog::details::log_msg& message) {
  lines_.push_back({++last_number_, message.time, message.level,
                    std::string(message.logger_name.data(), message.logger_name.size()),
                    std::string(message.payload.data(), message.payload.size())});
  bytes_ += lines_.back().text.size() + line_overhead;
  while (bytes_ > max_bytes && lines_.size() > 1) {
    bytes_ -= lines_.front().text.size() + line_overhead;
    dropped_bytes_ += lines_.front().text.size();
    lines_.pop_front();
  }
  for (const auto& [id, on_line] : *listeners_) on_line();
}

std::vector<DaemonLogLine> DaemonLog::last(std::size_t count, std::uint64_t after,
                                           spdlog::level::level_enum level) const {
  std::vector<DaemonLogLine> found;
  for (auto line = lines_.rbegin(); line != lines_.rend() && found.size() < count; ++line) {
    if (line->number <= after) break;
    if (line->level >= level) found.push_back(*line);
  }
  return {found.rbegin(), found.rend()};
}

const DaemonLogLine* DaemonLog::next(std::uint64_t after, spdlog::level::level_enum level) const {
  if (lines_.empty() || after >= last_number_) return nullptr;
  const auto first = lines_.front().number;
  for (auto at = after < first ? 0 : after + 1 - first; at < lines_.size(); ++at) {
    if (lines_[at].level >= level) return &lines_[at];
  }
  return nullptr;
}

std::shared_ptr<void> DaemonLog::subscribe(std::function<void()> on_line) {
  const auto id = next_listener_++;
  listeners_->emplace(id, std::move(on_line));
  return {nullptr, [weak = std::weak_ptr(listeners_), id](void*) {
            if (const auto listeners = weak.lock()) listeners->erase(id);
          }};
}

}  // namespace rocd
