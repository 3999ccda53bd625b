#include "rocctl/session.hpp"

#include <functional>
#include <ostream>
#include <thread>

#include "base/duration.hpp"
#include "model/json.hpp"
#include "rocctl/json_access.hpp"
#include "rocctl/render.hpp"
#include "rocctl/resolve.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

using namespace std::chrono_literals;

constexpr auto poll_interval = 100ms;

// A failure of `get` ends it, too: the resource or the daemon went away.
Outcome<json::value> poll(const Session& session, const std::string& path, rocd::Duration limit,
                          const std::function<bool(const json::value&)>& enough,
                          const std::function<bool(const json::value&)>& hopeless,
                          const std::function<Failure(const json::value&)>& too_late) {
  const auto end = std::chrono::steady_clock::now() + limit;
  for (;;) {
    auto value = session.client.get(path);
    if (!value) return value;
    if (enough(*value)) return value;
    if (std::chrono::steady_clock::now() >= end || hopeless(*value)) return too_late(*value);
    std::this_thread::sleep_for(poll_interval);
  }
}

}  // namespace

void Session::show(const json::value& value, const std::string& text) const {
  out << (format == Format::json ? pretty(value) : text) << std::flush;
}

void Session::note(const std::string& text) const {
  err << printable(text) << '\n';
}

Outcome<std::string> Session::peer_path(const std::string& word) const {
  if (word == "self") return std::string("/peers/self");
  const auto peers = client.get("/peers");
  if (!peers) return peers.error();
  const auto peer = resolve(word, items_of(*peers), "peer");
  if (!peer) return peer.error();
  return text_at(*peer, "/peer_uri");
}

Outcome<json::value> Session::endpoint(const std::string& word) const {
  if (rocd::parse_endpoint_uri(word, {})) return client.get(word);
  auto own = client.get("/peers/self/endpoints");
  if (!own) return own;
  auto found = resolve(word, items_of(*own), "endpoint");  // a name may contain '@'
  const auto name = split_endpoint_name(word);
  if (found || name.endpoint == word) return found;
  const auto peer = peer_path(name.peer);
  if (!peer) return peer.error();
  auto endpoints = client.get(*peer + "/endpoints");
  if (!endpoints) return endpoints;
  return resolve(name.endpoint, items_of(*endpoints), "endpoint");
}

Outcome<json::value> Session::stream(const std::string& word) const {
  auto streams = client.get("/streams");
  if (!streams) return streams;
  return resolve(word, items_of(*streams), "stream");
}

Outcome<json::value> wait_for_stream(const Session& session, const std::string& path,
                                     rocd::Duration limit, const std::string& since) {
  const auto is_new = [&](const json::value& stream) {
    return since.empty() || text_at(stream, "/status/since") != since;
  };
  const auto enough = [&](const json::value& stream) {
    return true_at(stream, "/enabled") && is_well(stream) && is_new(stream);
  };
  // Nothing will change any more: the restart policy gave up, or nobody wants it to run.
  const auto hopeless = [&](const json::value& stream) {
    return !true_at(stream, "/enabled") ||
           (text_at(stream, "/status/state") == "failed" && is_new(stream));
  };
  const auto too_late = [&](const json::value& stream) {
    return Failure{.exit = Exit::unhealthy,
                   .message = "stream '" + name_of(stream) + "' is not healthy within " +
                              rocd::format_duration(limit) + ": " + trouble_of(stream),
                   .hint = "rocctl stream log " + text_at(stream, "/stream_uid")};
  };
  return poll(session, path, limit, enough, hopeless, too_late);
}

Outcome<json::value> wait_for_endpoint(const Session& session, const std::string& path,
                                       rocd::Duration limit) {
  const auto enough = [](const json::value& endpoint) {
    return text_at(endpoint, "/status/state") == "present";
  };
  const auto too_late = [&](const json::value& endpoint) {
    const auto why = text_at(endpoint, "/status/message");
    return Failure{.exit = Exit::unhealthy,
                   .message = "endpoint '" + text_at(endpoint, "/display_name") +
                              "' is not there within " + rocd::format_duration(limit) +
                              (why.empty() ? "" : ": " + why),
                   .hint = "rocctl doctor"};
  };
  return poll(session, path, limit, enough, [](const auto&) { return false; }, too_late);
}

}  // namespace rocctl
