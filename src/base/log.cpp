#include "base/log.hpp"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <cstdlib>
#include <exception>
#include <memory>

#include "base/daemon_log.hpp"
#include "base/stderr_sink.hpp"

namespace rocd {
namespace {

// %J: the message as a JSON string, quoted and escaped. spdlog's own pattern cannot escape, and a
// child's line may hold quotes.
class JsonMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& msg, const std::tm&,
              spdlog::memory_buf_t& dest) override {
    const auto text =
        boost::json::serialize(boost::json::string(msg.payload.data(), msg.payload.size()));
    dest.append(text.data(), text.data() + text.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JsonMessage>();
  }
};

// $JOURNAL_STREAM tells the stream (systemd.exec(5)); stderr may have been redirected since.
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status{};
  return stream != nullptr && ::fstat(STDERR_FILENO, &status) == 0 &&
         stream == fmt::format("{}:{}", status.st_dev, status.st_ino);
}

// syslog(3)
char priority(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::critical:
      return '2';
    case spdlog::level::err:
      return '3';
    case spdlog::level::warn:
      return '4';
    case spdlog::level::info:
      return '6';
    default:
      return '7';
  }
}

// %K: the journal's priority of the message.
class JournalPriority final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& msg, const std::tm&,
              spdlog::memory_buf_t& dest) override {
    dest.push_back(priority(msg.level));
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JournalPriority>();
  }
};

const std::shared_ptr<StderrSink>& stderr_sink() {
  static const auto sink = std::make_shared<StderrSink>();
  return sink;
}

const std::shared_ptr<DaemonLog>& daemon_log_sink() {
  static const auto sink = std::make_shared<DaemonLog>();
  return sink;
}

std::unique_ptr<spdlog::formatter> make_formatter(LogFormat format) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<JsonMessage>('J').add_flag<JournalPriority>('K');
  const bool journal = stderr_is_journal();
  std::string pattern = journal ? "<%K>" : "";
  if (format == LogFormat::json)
    pattern += R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","room":"%n","message":%J})";
  else
    pattern += journal ? "%n: %v" : "%Y-%m-%dT%H:%M:%S.%eZ %-5l %-9n %v";
  formatter->set_pattern(pattern);
  return formatter;
}

LogOptions& current() {
  static LogOptions options;
  return options;
}

// What could not be logged, memory is short, say. spdlog itself would write that to stderr, and
// wait until somebody reads it.
void tell_error(const std::string& reason) {
  try {
    stderr_sink()->log({"log", spdlog::level::err, "cannot log: " + reason});
  } catch (const std::exception&) {
    return;  // nor that
  }
}

}  // namespace

DaemonLog& daemon_log() {
  return *daemon_log_sink();
}

std::uint64_t dropped_log_lines() {
  return stderr_sink()->dropped();
}

void configure_log(const LogOptions& options) {
  current() = options;
  stderr_sink()->set_formatter(make_formatter(options.format));
  spdlog::apply_all(
      [&](const std::shared_ptr<spdlog::logger>& logger) { logger->set_level(options.level); });
}

std::string journal_prefix(spdlog::level::level_enum level) {
  return stderr_is_journal() ? fmt::format("<{}>", priority(level)) : "";
}

spdlog::logger& log(std::string_view room) {
  const std::string name(room);
  if (auto known = spdlog::get(name)) return *known;
  static const bool formatted = [] {
    stderr_sink()->set_formatter(make_formatter(current().format));
    return true;
  }();
  (void)formatted;
  auto logger = std::make_shared<spdlog::logger>(
      name, spdlog::sinks_init_list{stderr_sink(), daemon_log_sink()});
  logger->set_level(current().level);
  logger->set_error_handler(tell_error);
  spdlog::register_logger(logger);
  return *logger;
}

}  // namespace rocd
