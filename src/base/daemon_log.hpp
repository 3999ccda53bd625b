// The last lines of the daemon's own log, for those who ask it over its API. Bounded in bytes.
#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace rocd {

struct DaemonLogLine {
  std::uint64_t number = 0;  // from 1, never used again
  WallTime at{};
  spdlog::level::level_enum level{};
  std::string logger;
  std::string text;
};

class DaemonLog final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  static constexpr std::size_t max_bytes = 256UL * 1024;
  static constexpr std::size_t line_overhead = 64;  // counted for each line, beside its text

  // The last `count` of those after `after` that are at least as grave as `level`, oldest first.
  [[nodiscard]] std::vector<DaemonLogLine> last(std::size_t count, std::uint64_t after,
                                                spdlog::level::level_enum level) const;
  // The first such line after `after`; nullptr if there is none. Valid until the next line.
  [[nodiscard]] const DaemonLogLine* next(std::uint64_t after,
                                          spdlog::level::level_enum level) const;
  [[nodiscard]] std::uint64_t last_number() const { return last_number_; }  // 0: none yet
  [[nodiscard]] std::uint64_t dropped_bytes() const { return dropped_bytes_; }

  // Called after each line; it may neither log nor subscribe. Ends with the handle.
  [[nodiscard]] std::shared_ptr<void> subscribe(std::function<void()> on_line);

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

  using Listeners = std::map<std::uint64_t, std::function<void()>>;
  std::deque<DaemonLogLine> lines_;
  std::size_t bytes_ = 0;
  std::uint64_t last_number_ = 0;
  std::uint64_t dropped_bytes_ = 0;
  std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();
  std::uint64_t next_listener_ = 1;
};

// The one that all loggers of log() write to.
[[nodiscard]] DaemonLog& daemon_log();

}  // namespace rocd
