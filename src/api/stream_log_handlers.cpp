// /streams/{stream_uid}/log: the last lines of the stream's child as JSON, or as server-sent events
// that go on with each new line (?follow).
#include <boost/json/array.hpp>
#include <charconv>

#include "api/handlers.hpp"
#include "api/respond.hpp"
#include "model/json_text.hpp"

namespace rocd {
namespace {

constexpr std::size_t kMaxLines = 500;  // more than a LineRing holds, unless they are very short

boost::json::object line_json(const LogLine& line) {
  return {{"number", line.number},
          {"time", format_utc(line.at)},
          {"channel", line.channel == OutputChannel::out ? "stdout" : "stderr"},
          {"text", line.text}};
}

std::shared_ptr<const std::string> line_event(const LogLine& line) {
  return std::make_shared<const std::string>("id: " + std::to_string(line.number) +
                                             "\nevent: line\ndata: " + json_text(line_json(line)) +
                                             "\n\n");
}

struct LogQuery {
  std::size_t lines = kMaxLines;
  bool follow = false;
};

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<LogQuery> parse_query(const Call& call) {
  LogQuery query;
  Error error{ErrorCode::invalid_argument, "a query parameter is wrong", {}, {}, {}};
  if (const auto* text = call.query("lines")) {
    const auto value = parse_number(*text);
    if (value && *value <= kMaxLines)
      query.lines = *value;
    else
      error.fields.push_back({"?lines", "expected a whole number from 0 to 500"});
  }
  if (const auto* text = call.query("follow")) {
    query.follow = text->empty() || *text == "true" || *text == "1";
    if (!query.follow && *text != "false" && *text != "0") {
      error.fields.push_back({"?follow", "expected true or false"});
    }
  }
  if (!error.fields.empty()) return error;
  return query;
}

HttpResponse follow_log(const Uid& uid, std::vector<LogLine> lines, Services& services) {
  HttpResponse response;
  response.content_type = "text/event-stream";
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("X-Accel-Buffering", "no");  // nginx would hold events back
  response.stream = [uid, lines = std::move(lines), &services](
                        const std::shared_ptr<StreamWriter>& writer) -> std::shared_ptr<void> {
    for (const auto& line : lines) writer->write(line_event(line));
    auto subscription = services.context.streams.follow_log(
        uid, [writer](const LogLine& line) { writer->write(line_event(line)); },
        [writer] { writer->close(); });
    if (subscription) return *subscription;
    writer->close();
    return nullptr;
  };
  return response;
}

HttpResponse read_log(const Call& call, Services& services) {
  const auto& text = call.argument("stream_uid");
  const auto uid = Uid::parse(text);
  if (!uid || !services.context.streams.find(*uid)) {
    return error_response(no_such_stream(text), call.request);
  }
  auto log = services.context.streams.log(*uid);
  if (!log) return error_response(log.error(), call.request);
  const auto query = parse_query(call);
  if (!query) return error_response(query.error(), call.request);

  auto& lines = log->lines;
  const auto seen = parse_number(call.request.last_event_id);
  // Numbers start again with the daemon: an id from before that means nothing now.
  if (query->follow && seen && !lines.empty() && *seen <= lines.back().number) {
    std::erase_if(lines, [&](const LogLine& line) { return line.number <= *seen; });
  }
  if (lines.size() > query->lines) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(query->lines));
  }
  if (query->follow) return follow_log(*uid, std::move(lines), services);

  boost::json::array array;
  for (const auto& line : lines) array.push_back(line_json(line));
  return json_response(200, boost::json::object{{"stream_uri", stream_uri(*uid)},
                                                {"lines", std::move(array)},
                                                {"dropped_bytes", log->dropped_bytes}});
}

}  // namespace

void add_stream_log_routes(Router& router, Services& services) {
  router.add({Method::get,
              "/streams/{stream_uid}/log",
              BodyKind::none,
              {"follow", "lines"},
              [&services](const Call& call) { return read_log(call, services); }});
}

}  // namespace rocd
