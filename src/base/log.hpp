// The daemon's log: spdlog to stderr, as text for people or one JSON object a line for machines.
// The journal gets priorities instead of words, and no second time. Nothing here waits for whoever
// reads it (stderr_sink.hpp).
// Callers use rocd::log("room") once and keep the logger.
#pragma once

#include <spdlog/logger.h>
#include <spdlog/spdlog.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rocd {

enum class LogFormat { text, json };

struct LogOptions {
  spdlog::level::level_enum level = spdlog::level::info;
  LogFormat format = LogFormat::text;
};

// Call once at start, before any thread; may be called again to change level or format.
void configure_log(const LogOptions& options);

// "<3>" for an error (sd-daemon(3)) if stderr goes to the journal, else nothing: what is said
// before there is a log begins with it.
[[nodiscard]] std::string journal_prefix(spdlog::level::level_enum level);

// Lines that stderr did not take, since the start.
[[nodiscard]] std::uint64_t dropped_log_lines();

// The logger of one room ("supervise", "device", …); made on first use, lives for ever.
[[nodiscard]] spdlog::logger& log(std::string_view room);

}  // namespace rocd
