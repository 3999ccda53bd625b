// `rocctl stream …` and `rocctl connect`.
#include <algorithm>
#include <boost/json/object.hpp>

#include "rocctl/commands.hpp"
#include "rocctl/json_access.hpp"
#include "rocctl/log.hpp"
#include "rocctl/render.hpp"
#include "rocctl/stream_body.hpp"
#include "rocctl/text.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

Outcome<EndpointNames> names_of_endpoints(const Session& session) {
  if (session.format != Format::table) return EndpointNames();
  const auto endpoints = session.client.get("/peers/self/endpoints");
  if (!endpoints) return endpoints.error();
  return endpoint_names(items_of(*endpoints));
}

CommandResult show(const Session& session, const json::value& stream) {
  const auto names = names_of_endpoints(session);
  if (!names) return names.error();
  const auto own = session.stream_names({stream});
  if (!own) return own.error();
  session.show({stream, render_streams({stream}, *names, session.style), *own});
  return Exit::ok;
}

// Shows the stream, after waiting for it if that was asked for.
CommandResult conclude(const Session& session, const json::value& stream, const Wait& wait,
                       const std::string& since = {}) {
  if (!wait) return show(session, stream);
  const auto waited = wait_for_stream(session, stream, *wait, since);
  auto shown = show(session, waited.last);
  if (waited.failure) return *waited.failure;
  return shown;
}

// `--dry-run`: what would be sent.
CommandResult show_request(const Session& session, const std::string& request,
                           const json::value& body) {
  session.note("not sent (--dry-run): " + request);
  if (session.format == Format::name)
    return usage_failure("what --dry-run shows has no name yet", "use -o json or yaml");
  session.show({body, pretty(body), ""});
  return Exit::ok;
}

}  // namespace

CommandResult list_streams(const Session& session) {
  const auto streams = session.client.get("/streams");
  if (!streams) return streams.error();
  const auto names = names_of_endpoints(session);
  if (!names) return names.error();
  const auto own = session.stream_names(items_of(*streams));
  if (!own) return own.error();
  session.show({*streams, render_streams(items_of(*streams), *names, session.style), *own});
  return Exit::ok;
}

CommandResult show_stream(const Session& session, const std::string& word) {
  const auto stream = session.stream(word);
  if (!stream) return stream.error();
  const auto names = names_of_endpoints(session);
  if (!names) return names.error();
  const auto own = session.stream_names({*stream});
  if (!own) return own.error();
  session.show({*stream, render_stream(*stream, *names, session.style), *own});
  return Exit::ok;
}

CommandResult add_stream(const Session& session, const StreamOptions& options) {
  json::value body;
  if (!options.file.empty()) {
    if (!options.settings.empty() || options.display_name || options.repair || options.control ||
        options.disabled)
      return usage_failure("--file holds the whole stream: change it there",
                           "only --dry-run and --wait go with it");
    auto read = stream_from_file(options.file);
    if (!read) return read.error();
    body = std::move(*read);
  } else {
    auto made = stream_from_options(session, options);
    if (!made) return made.error();
    body = std::move(*made);
  }
  if (options.dry_run) return show_request(session, "POST /streams", body);
  const auto stream = session.client.send("POST", "/streams", body);
  if (!stream) return stream.error();
  return conclude(session, *stream, options.wait);
}

CommandResult set_stream(const Session& session, const StreamOptions& options) {
  const auto stream = session.stream(options.stream);
  if (!stream) return stream.error();
  const auto body = change_from_options(session, options, *stream);
  if (!body) return body.error();
  const auto path = text_at(*stream, "/stream_uri");
  if (options.dry_run) return show_request(session, "PATCH " + path, *body);
  const auto changed = session.client.send("PATCH", path, *body);
  if (!changed) return changed.error();
  return conclude(session, *changed, options.wait);
}

CommandResult enable_stream(const Session& session, const std::string& word, bool enabled,
                            const Wait& wait) {
  const auto stream = session.stream(word);
  if (!stream) return stream.error();
  const auto changed = session.client.send("PATCH", text_at(*stream, "/stream_uri"),
                                           json::object{{"enabled", enabled}});
  if (!changed) return changed.error();
  return conclude(session, *changed, wait);
}

CommandResult restart_stream(const Session& session, const std::string& word, const Wait& wait) {
  const auto stream = session.stream(word);
  if (!stream) return stream.error();
  const auto restarted = session.client.send("POST", text_at(*stream, "/stream_uri") + "/restart");
  if (!restarted) return restarted.error();
  return conclude(session, *restarted, wait, text_at(*stream, "/status/since"));
}

CommandResult remove_streams(const Session& session, const std::vector<std::string>& streams) {
  json::array removed;
  std::string text;
  for (const auto& word : streams) {
    const auto stream = session.stream(word);
    if (!stream) return stream.error();
    if (std::find(removed.begin(), removed.end(), *stream) == removed.end())
      removed.push_back(*stream);
  }
  const auto names = session.stream_names(removed);
  if (!names) return names.error();
  for (const auto& stream : removed) {
    const auto answer = session.client.send("DELETE", text_at(stream, "/stream_uri"));
    if (!answer) return answer.error();
    text += "removed " + printable(name_of(stream)) + " (" + text_at(stream, "/stream_uid") + ")\n";
  }
  session.show({removed, text, *names});
  return Exit::ok;
}

CommandResult show_stream_log(const Session& session, const std::string& word, LogRequest request) {
  if (auto named = refuse_names(session, "stream log"); !named) return named.error();
  const auto stream = session.stream(word);
  if (!stream) return stream.error();
  request.path = text_at(*stream, "/stream_uri") + "/log";
  return show_log(session, request);
}

}  // namespace rocctl
