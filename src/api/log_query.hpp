// What the logs of streams and of the daemon share in their requests and answers. (pure)
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/router.hpp"

namespace rocd {

struct LogQuery {
  static constexpr std::size_t max_lines = 500;
  std::size_t lines = max_lines;
  bool follow = false;
};

// Of "?lines=…&follow". Errors: invalid_argument, with each parameter that is wrong.
[[nodiscard]] Result<LogQuery> parse_log_query(const Call& call);

[[nodiscard]] std::optional<std::uint64_t> parse_line_number(std::string_view text);

// A line as a server-sent event.
[[nodiscard]] std::shared_ptr<const std::string> line_event(std::uint64_t number,
                                                            const boost::json::object& line);

// A 200 of server-sent events, without its source.
[[nodiscard]] HttpResponse event_stream_response();

}  // namespace rocd
