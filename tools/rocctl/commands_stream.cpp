// `rocctl stream …` and `rocctl connect`.
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <ostream>

#include "rocctl/addresses.hpp"
#include "rocctl/commands.hpp"
#include "rocctl/json_access.hpp"
#include "rocctl/render.hpp"
#include "rocctl/sse.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

using namespace std::chrono_literals;

// A comment comes every 5 s.
constexpr auto longest_silence = 20s;

Outcome<EndpointNames> names_of_endpoints(const Session& session) {
  if (session.format == Format::json) return EndpointNames();
  const auto endpoints = session.client.get("/peers/self/endpoints");
  if (!endpoints) return endpoints.error();
  return endpoint_names(items_of(*endpoints));
}

Outcome<json::object> connection(const Session& session, const std::string& word, Side side,
                                 const StreamOptions& options) {
  if (is_address(word)) {
    auto addresses = derive_addresses({word, options.repair, options.control}, side);
    if (!addresses) return addresses.error();
    for (const auto& chosen : addresses->chosen) session.note(chosen);
    return std::move(addresses->connection);
  }
  const auto endpoint = session.endpoint(word);
  if (!endpoint) return endpoint.error();
  return json::object{{"connection_type", "endpoint"},
                      {"endpoint_uri", text_at(*endpoint, "/endpoint_uri")}};
}

Outcome<json::object> body_from_options(const Session& session, const StreamOptions& options) {
  const bool from_address = is_address(options.source);
  const bool to_address = is_address(options.destination);
  if (from_address && to_address)
    return usage_failure(
        "SOURCE and DESTINATION are both addresses: rocd carries audio from or to "
        "a device",
        "'rocctl endpoint ls' lists the devices");
  if (!from_address && !to_address && (options.repair || options.control))
    return usage_failure(
        "--repair and --control go with an address, such as "
        "rtp+rs8m://192.168.1.20:10001");
  json::object body;
  if (options.display_name) body["display_name"] = *options.display_name;
  if (options.disabled) body["enabled"] = false;
  auto source = connection(session, options.source, Side::source, options);
  if (!source) return source;
  body["source"] = std::move(*source);
  auto destination = connection(session, options.destination, Side::destination, options);
  if (!destination) return destination;
  body["destination"] = std::move(*destination);
  json::object settings;
  for (const auto& [name, value] : options.settings) settings[name] = value;
  if (!settings.empty()) body["settings"] = std::move(settings);
  return body;
}

Outcome<json::value> body_from_file(const std::string& name) {
  std::ifstream file;
  if (name != "-") file.open(name);
  std::istream& in = name == "-" ? std::cin : file;
  if (!in) return Failure{.message = "cannot read '" + name + "'"};
  const std::string text(std::istreambuf_iterator<char>(in), {});
  boost::system::error_code error;
  auto body = json::parse(text, error);
  if (error) return Failure{.message = "'" + name + "' is not JSON: " + error.message()};
  // What `stream show` prints is another stream's: its names are its own.
  if (auto* stream = body.if_object())
    for (const auto* key : {"stream_uid", "stream_uri"}) stream->erase(key);
  return body;
}

// Shows the stream, after waiting for it if that was asked for.
CommandResult conclude(const Session& session, json::value stream, const Wait& wait,
                       const std::string& since = {}) {
  Outcome<json::value> waited = stream;
  const auto path = text_at(stream, "/stream_uri");
  if (wait) waited = wait_for_stream(session, path, *wait, since);
  if (waited) stream = *waited;
  const auto names = names_of_endpoints(session);
  if (!names) return names.error();
  session.show(stream, render_streams({stream}, *names, session.style));
  if (!waited) return waited.error();
  return Exit::ok;
}

}  // namespace

CommandResult list_streams(const Session& session) {
  const auto streams = session.client.get("/streams");
  if (!streams) return streams.error();
  const auto names = names_of_endpoints(session);
  if (!names) return names.error();
  session.show(*streams, render_streams(items_of(*streams), *names, session.style));
  return Exit::ok;
}

CommandResult show_stream(const Session& session, const std::string& word) {
  const auto stream = session.stream(word);
  if (!stream) return stream.error();
  const auto names = names_of_endpoints(session);
  if (!names) return names.error();
  session.show(*stream, render_stream(*stream, *names, session.style));
  return Exit::ok;
}

CommandResult add_stream(const Session& session, const StreamOptions& options) {
  json::value body;
  if (!options.file.empty()) {
    if (!options.settings.empty() || options.display_name || options.repair || options.control ||
        options.disabled)
      return usage_failure("--file holds the whole stream: change it there",
                           "only --dry-run and --wait go with it");
    auto read = body_from_file(options.file);
    if (!read) return read.error();
    body = std::move(*read);
  } else {
    auto made = body_from_options(session, options);
    if (!made) return made.error();
    body = std::move(*made);
  }
  if (options.dry_run) {
    session.note("not sent (--dry-run): POST /streams");
    session.out << pretty(body);
    return Exit::ok;
  }
  auto stream = session.client.send("POST", "/streams", body);
  if (!stream) return stream.error();
  return conclude(session, std::move(*stream), options.wait);
}

CommandResult enable_stream(const Session& session, const std::string& word, bool enabled,
                            const Wait& wait) {
  const auto stream = session.stream(word);
  if (!stream) return stream.error();
  auto changed = session.client.send("PATCH", text_at(*stream, "/stream_uri"),
                                     json::object{{"enabled", enabled}});
  if (!changed) return changed.error();
  return conclude(session, std::move(*changed), wait);
}

CommandResult restart_stream(const Session& session, const std::string& word, const Wait& wait) {
  const auto stream = session.stream(word);
  if (!stream) return stream.error();
  auto restarted = session.client.send("POST", text_at(*stream, "/stream_uri") + "/restart");
  if (!restarted) return restarted.error();
  return conclude(session, std::move(*restarted), wait, text_at(*stream, "/status/since"));
}

CommandResult remove_streams(const Session& session, const std::vector<std::string>& streams) {
  json::array removed;
  std::string text;
  for (const auto& word : streams) {
    const auto stream = session.stream(word);
    if (!stream) return stream.error();
    removed.push_back(*stream);
  }
  for (const auto& stream : removed) {
    const auto answer = session.client.send("DELETE", text_at(stream, "/stream_uri"));
    if (!answer) return answer.error();
    text += "removed " + printable(name_of(stream)) + " (" + text_at(stream, "/stream_uid") + ")\n";
  }
  session.show(removed, text);
  return Exit::ok;
}

CommandResult show_log(const Session& session, const std::string& word, int lines, bool follow) {
  const auto stream = session.stream(word);
  if (!stream) return stream.error();
  const auto path = text_at(*stream, "/stream_uri") + "/log?lines=" + std::to_string(lines);
  if (!follow) {
    const auto log = session.client.get(path);
    if (!log) return log.error();
    std::string text;
    for (const auto& line : items_at(*log, "/lines")) text += render_log_line(line, session.style);
    session.show(*log, text);
    if (text.empty() && lines > 0) session.note("it has said nothing yet");
    if (const auto lost = number_at(*log, "/dropped_bytes").value_or(0); lost > 0)
      session.note("older output is lost: " + format_bytes(lost));
    return Exit::ok;
  }
  EventParser events;
  const auto show = [&](const ServerEvent& event) {
    boost::system::error_code error;
    const auto line = json::parse(event.data, error);
    if (error || event.type != "line") return;
    // One line of JSON each, so that a reader can take them as they come.
    session.out << (session.format == Format::json ? json::serialize(line) + "\n"
                                                   : render_log_line(line, session.style))
                << std::flush;
  };
  const auto ended = session.client.follow(path + "&follow", longest_silence, [&](auto bytes) {
    events.feed(bytes, show);
    return session.out.good();
  });
  if (!ended) return ended.error();
  return Exit::ok;
}

}  // namespace rocctl
