// Where the daemon's log leaves the process. Whoever reads it may stop reading: then lines are
// dropped and counted, and nothing waits. Each line is written whole or not at all, or its end
// follows before anything else does.
#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/nonblocking_writer.hpp"

namespace rocd {

class StderrSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  // Does not own `descriptor` (NonblockingWriter).
  explicit StderrSink(int descriptor = STDERR_FILENO) : writer_(descriptor) {}

  // Lines, since the start.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}  // nothing is held back but the end of a line

  // All of `text`, or its beginning, and the rest is kept for later; or nothing. 0, or why not
  // (errno(3)).
  int begin(std::string_view text);
  int finish_begun();
  void drop(spdlog::log_clock::time_point at, int error);
  void append_note(spdlog::memory_buf_t& text);

  // Those that the log does not tell of yet.
  struct Missing {
    std::uint64_t lines = 0;
    spdlog::log_clock::time_point since{};
    int error = 0;  // of the first
  };

  NonblockingWriter writer_;
  std::string rest_;  // of the line that was begun
  Missing missing_;
  std::uint64_t dropped_ = 0;
};

}  // namespace rocd
