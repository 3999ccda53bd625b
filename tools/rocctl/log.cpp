#include "rocctl/log.hpp"

#include <boost/json/parse.hpp>
#include <ostream>

#include "rocctl/json_access.hpp"
#include "rocctl/render.hpp"
#include "rocctl/sse.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

using namespace std::chrono_literals;

// A comment comes after 5 s of silence.
constexpr auto longest_silence = 20s;

}  // namespace

Outcome<Exit> show_log(const Session& session, const LogRequest& request) {
  auto path = request.path + "?lines=" + std::to_string(request.lines);
  if (!request.level.empty()) path += "&level=" + request.level;
  if (!request.follow) {
    const auto log = session.client.get(path);
    if (!log) return log.error();
    std::string text;
    for (const auto& line : items_at(*log, "/lines")) text += render_log_line(line, session.style);
    session.show({*log, text, ""});
    if (text.empty() && request.lines > 0) session.note("there is nothing in the log");
    if (const auto lost = number_at(*log, "/dropped_bytes").value_or(0); lost > 0)
      session.note("older output is lost: " + format_bytes(lost));
    return Exit::ok;
  }
  EventParser events;
  const auto show = [&](const ServerEvent& event) {
    boost::system::error_code error;
    const auto line = json::parse(event.data, error);
    if (error || event.type != "line") return;
    session.show_next(line, render_log_line(line, session.style));
  };
  const auto ended =
      session.client.follow({path + "&follow", longest_silence}, [&](std::string_view bytes) {
        events.feed(bytes, show);
        return session.out.good();
      });
  if (!ended) return ended.error();
  return Exit::ok;
}

}  // namespace rocctl
