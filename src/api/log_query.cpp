#include "api/log_query.hpp"

#include <charconv>

#include "model/json_text.hpp"

namespace rocd {

std::optional<std::uint64_t> parse_line_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<LogQuery> parse_log_query(const Call& call) {
  LogQuery query;
  Error error{ErrorCode::invalid_argument, "a query parameter is wrong", {}, {}, {}};
  if (const auto* text = call.query("lines")) {
    const auto value = parse_line_number(*text);
    if (value && *value <= LogQuery::max_lines)
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

std::shared_ptr<const std::string> line_event(std::uint64_t number,
                                              const boost::json::object& line) {
  return std::make_shared<const std::string>("id: " + std::to_string(number) +
                                             "\nevent: line\ndata: " + json_text(line) + "\n\n");
}

HttpResponse event_stream_response() {
  HttpResponse response;
  response.content_type = "text/event-stream";
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("X-Accel-Buffering", "no");  // nginx would hold events back
  return response;
}

}  // namespace rocd
