// What one room logs while this object lives, without times.
#pragma once

#include <spdlog/sinks/ostream_sink.h>

#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"

namespace rocd::test {

class LogText {
 public:
  explicit LogText(std::string_view room) : logger_(log(room)), before_(logger_.sinks()) {
    logger_.sinks() = {std::make_shared<spdlog::sinks::ostream_sink_st>(text_)};
    logger_.set_pattern("%l %v");
  }
  ~LogText() { logger_.sinks() = before_; }
  LogText(const LogText&) = delete;
  LogText& operator=(const LogText&) = delete;
  // To be called in the thread that logs.
  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  spdlog::logger& logger_;
  std::ostringstream text_;
  std::vector<spdlog::sink_ptr> before_;
};

}  // namespace rocd::test
