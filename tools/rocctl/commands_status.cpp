// `rocctl status`: one look at the daemon, its tools and its streams.
#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <thread>

#include "base/duration.hpp"
#include "rocctl/commands.hpp"
#include "rocctl/json_access.hpp"
#include "rocctl/render.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

using namespace std::chrono_literals;

// Between two looks of --wait.
constexpr std::chrono::milliseconds first_pause = 50ms, longest_pause = 500ms;

Outcome<json::value> ask(const Session& session) {
  json::object parts;
  for (const auto& [name, path] : {std::pair{"peer", "/peers/self"},
                                   {"system", "/system"},
                                   {"ready", "/readyz"},
                                   {"endpoints", "/peers/self/endpoints"},
                                   {"streams", "/streams"}}) {
    auto response = session.client.request("GET", path);
    if (!response) return response.error();
    // 503 of /readyz is an answer: it says what is not ready.
    const bool told =
        response->status == 200 || (response->status == 503 && std::string_view(name) == "ready");
    if (!told) return failure_of(response->status, response->content_type, response->body);
    boost::system::error_code error;
    auto value = json::parse(response->body, error);
    if (error) return failure_of(response->status, "", "");
    parts[name] = std::move(value);
  }
  return parts;
}

// Empty: all is well.
std::string trouble(const json::value& parts) {
  if (!true_at(parts, "/ready/ready")) return text_at(parts, "/ready/detail");
  for (const auto& stream : items_at(parts, "/streams"))
    if (!is_well(stream)) return "stream '" + name_of(stream) + "' is not healthy";
  return {};
}

}  // namespace

CommandResult show_status(const Session& session, const Wait& wait) {
  const auto end = std::chrono::steady_clock::now() + wait.value_or(0s);
  auto parts = ask(session);
  auto pause = first_pause;
  while (wait && std::chrono::steady_clock::now() < end) {
    // A daemon that is only just starting does not answer yet.
    if (parts ? trouble(*parts).empty() : parts.error().exit != Exit::unreachable) break;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, longest_pause);
    parts = ask(session);
  }
  if (!parts) return parts.error();
  session.show(
      {*parts, render_status(*parts, session.style), text_at(*parts, "/peer/display_name") + "\n"});
  const auto why = trouble(*parts);
  if (why.empty()) return Exit::ok;
  if (wait)
    session.note("not healthy within " + rocd::format_duration(*wait) + ": " + why);
  else if (!true_at(*parts, "/ready/ready"))
    session.note(why);
  return Exit::unhealthy;
}

}  // namespace rocctl
