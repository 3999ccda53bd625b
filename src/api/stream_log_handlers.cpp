// /streams/{stream_uid}/log: the last lines of the stream's child as JSON, or as server-sent events
// that go on with each new line (?follow).
#include <boost/json/array.hpp>

#include "api/handlers.hpp"
#include "api/log_query.hpp"
#include "api/respond.hpp"

namespace rocd {
namespace {

boost::json::object line_json(const LogLine& line) {
  return {{"number", line.number},
          {"time", format_utc(line.at)},
          {"channel", line.channel == OutputChannel::out ? "stdout" : "stderr"},
          {"text", line.text}};
}

HttpResponse follow_log(const Uid& uid, std::vector<LogLine> lines, Services& services) {
  auto response = event_stream_response();
  response.stream = [uid, lines = std::move(lines), &services](
                        const std::shared_ptr<StreamWriter>& writer) -> std::shared_ptr<void> {
    for (const auto& line : lines) writer->write(line_event(line.number, line_json(line)));
    auto subscription = services.context.streams.follow_log(
        uid,
        [writer](const LogLine& line) { writer->write(line_event(line.number, line_json(line))); },
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
  const auto query = parse_log_query(call);
  if (!query) return error_response(query.error(), call.request);

  auto& lines = log->lines;
  const auto seen = parse_line_number(call.request.last_event_id);
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
