#include "rocctl/wait.hpp"

#include <functional>

#include "base/duration.hpp"
#include "rocctl/event_reader.hpp"
#include "rocctl/json_access.hpp"
#include "rocctl/render.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

using Judge = std::function<Verdict(const json::value&)>;

// Calls `judge` with each new state of the resource.
Waited follow(const Session& session, json::value resource, const std::string& path,
              rocd::Duration limit, const Judge& judge,
              const std::function<std::optional<Failure>(const json::value&)>& too_late) {
  auto verdict = Verdict::pending;
  bool is_there = false, is_gone = false;
  EventReader reader(
      session.client, {.uri = path},
      [&](const json::value& envelope) {
        const auto type = text_at(envelope, "/type");
        is_gone = type.ends_with(".deleted") || (type == "synced" && !is_there);
        if (is_gone) return false;
        if (type == "reset") is_there = false;
        if (text_at(envelope, "/uri") != path) return true;
        is_there = true;
        resource = apply_event(std::move(resource), envelope);
        verdict = judge(resource);
        return verdict == Verdict::pending;
      },
      [](const Failure&) {});  // told if it lasts
  const auto read = reader.read(std::chrono::steady_clock::now() + limit);
  if (!read) return {std::move(resource), read.error()};
  if (is_gone) return {std::move(resource), Failure{.message = path + " was removed meanwhile"}};
  if (verdict == Verdict::reached) return {std::move(resource)};
  auto failure = too_late(resource);
  return {std::move(resource), std::move(failure)};
}

std::string within(rocd::Duration limit) {
  return " within " + rocd::format_duration(limit);
}

}  // namespace

bool listens_in_vain(const json::value& stream) {
  return true_at(stream, "/enabled") && text_at(stream, "/status/state") == "running" &&
         text_at(stream, "/source/connection_type") == "external" &&
         number_at(stream, "/status/metrics/sessions").value_or(1) == 0;
}

Verdict judge_stream(const json::value& stream, const std::string& since) {
  // The restart policy gave up, or nobody wants it to run.
  if (!true_at(stream, "/enabled")) return Verdict::hopeless;
  // What pauses has nothing that could begin anew.
  if (text_at(stream, "/status/state") == "paused") return Verdict::reached;
  if (!since.empty() && text_at(stream, "/status/since") == since) return Verdict::pending;
  if (text_at(stream, "/status/state") == "failed") return Verdict::hopeless;
  if (is_well(stream)) return Verdict::reached;
  const bool told = text_at(stream, "/status/health/overall") == "unhealthy";
  return told && listens_in_vain(stream) ? Verdict::reached : Verdict::pending;
}

Waited wait_for_stream(const Session& session, json::value stream, rocd::Duration limit,
                       const std::string& since) {
  const auto path = text_at(stream, "/stream_uri");
  const auto too_late = [&](const json::value& last) -> std::optional<Failure> {
    const bool is_new = since.empty() || text_at(last, "/status/since") != since;
    // Its three seconds were not over: it listens all the same.
    if (is_new && listens_in_vain(last)) return std::nullopt;
    const auto what = judge_stream(last) == Verdict::hopeless ? " will not get healthy"
                                                              : " is not healthy" + within(limit);
    return Failure{.exit = Exit::unhealthy,
                   .message = "stream '" + name_of(last) + "'" + what + ": " + trouble_of(last),
                   .hint = "rocctl stream log " + text_at(last, "/stream_uid")};
  };
  auto waited = follow(
      session, std::move(stream), path, limit,
      [&](const json::value& now) { return judge_stream(now, since); }, too_late);
  if (!waited.failure && listens_in_vain(waited.last))
    session.note("stream '" + name_of(waited.last) + "' listens: " + trouble_of(waited.last));
  return waited;
}

Waited wait_for_endpoint(const Session& session, json::value endpoint, rocd::Duration limit) {
  const auto path = text_at(endpoint, "/endpoint_uri");
  const auto is_there = [](const json::value& now) {
    return text_at(now, "/status/state") == "present" ? Verdict::reached : Verdict::pending;
  };
  const auto too_late = [&](const json::value& last) -> std::optional<Failure> {
    const auto why = text_at(last, "/status/message");
    return Failure{.exit = Exit::unhealthy,
                   .message = "endpoint '" + text_at(last, "/display_name") + "' is not there" +
                              within(limit) + (why.empty() ? "" : ": " + why),
                   .hint = "rocctl doctor"};
  };
  return follow(session, std::move(endpoint), path, limit, is_there, too_late);
}

}  // namespace rocctl
