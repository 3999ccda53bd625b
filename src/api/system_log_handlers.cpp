// /system/log: the last lines of the daemon's own log as JSON, or as server-sent events that go on
// with each new line (?follow).
#include <boost/json/array.hpp>

#include "api/handlers.hpp"
#include "api/log_query.hpp"
#include "api/respond.hpp"
#include "base/daemon_log.hpp"
#include "base/utf8.hpp"

namespace rocd {
namespace {

using Level = spdlog::level::level_enum;

constexpr std::array<std::pair<std::string_view, Level>, 6> levels{{{"trace", Level::trace},
                                                                    {"debug", Level::debug},
                                                                    {"info", Level::info},
                                                                    {"warning", Level::warn},
                                                                    {"error", Level::err},
                                                                    {"critical", Level::critical}}};

std::string_view level_name(Level level) {
  for (const auto& [name, each] : levels) {
    if (each == level) return name;
  }
  return "info";
}

std::optional<Level> parse_level(std::string_view text) {
  if (text == "warn") return Level::warn;  // as log.level of the configuration says it
  for (const auto& [name, level] : levels) {
    if (name == text) return level;
  }
  return std::nullopt;
}

boost::json::object line_json(const DaemonLogLine& line) {
  return {{"number", line.number},
          {"time", format_utc(line.at)},
          {"level", level_name(line.level)},
          {"logger", line.logger},
          {"text", to_utf8(line.text)}};
}

// Takes each line from where it is kept: a reader costs nothing, and a slow one misses lines, which
// a gap in their numbers shows.
class DaemonLogChunks final : public ChunkSource {
 public:
  DaemonLogChunks(std::uint64_t after, Level level, std::function<void()> wake)
      : after_(after), level_(level), subscription_(daemon_log().subscribe(std::move(wake))) {}

  std::shared_ptr<const std::string> next() override {
    const auto* line = daemon_log().next(after_, level_);
    if (line == nullptr) {
      after_ = daemon_log().last_number();  // what is not grave enough need not be seen again
      return nullptr;
    }
    after_ = line->number;
    return line_event(line->number, line_json(*line));
  }

 private:
  std::uint64_t after_;
  Level level_;
  std::shared_ptr<void> subscription_;
};

HttpResponse follow(std::uint64_t after, Level level) {
  auto response = event_stream_response();
  response.pull = [after, level](std::function<void()> wake) -> std::unique_ptr<ChunkSource> {
    return std::make_unique<DaemonLogChunks>(after, level, std::move(wake));
  };
  return response;
}

HttpResponse read_log(const Call& call) {
  auto level = Level::trace;
  Error error{ErrorCode::invalid_argument, "a query parameter is wrong", {}, {}, {}};
  const auto query = parse_log_query(call);
  if (!query) error.fields = query.error().fields;
  if (const auto* text = call.query("level")) {
    if (const auto known = parse_level(*text))
      level = *known;
    else
      error.fields.push_back({"?level", "expected trace, debug, info, warning, error or critical"});
  }
  if (!error.fields.empty()) return error_response(error, call.request);

  const auto seen = parse_line_number(call.request.last_event_id);
  // Numbers start again with the daemon: an id from before that means nothing now.
  const bool resumes = query->follow && seen && *seen <= daemon_log().last_number();
  const auto lines = daemon_log().last(query->lines, resumes ? *seen : 0, level);
  if (query->follow)
    return follow(lines.empty() ? daemon_log().last_number() : lines.front().number - 1, level);
  boost::json::array array;
  for (const auto& line : lines) array.push_back(line_json(line));
  auto response =
      json_response(200, boost::json::object{{"lines", std::move(array)},
                                             {"dropped_bytes", daemon_log().dropped_bytes()}});
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

}  // namespace

void add_system_log_routes(Router& router, Services&) {
  router.add({Method::get,
              "/system/log",
              BodyKind::none,
              {"follow", "level", "lines"},
              [](const Call& call) { return read_log(call); },
              Role::admin});
}

}  // namespace rocd
