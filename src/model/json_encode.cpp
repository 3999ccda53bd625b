// The REST shapes of docs and openapi/rocd.yaml; see json.hpp.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/duration.hpp"
#include "model/json.hpp"

namespace rocd {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

value text_or_auto(const std::optional<Duration>& duration) {
  return duration ? value(format_duration(*duration)) : value("auto");
}

template <class T>
value or_null(const std::optional<T>& optional) {
  return optional ? value(*optional) : value(nullptr);
}

array to_array(const std::vector<std::string>& texts) {
  return array(texts.begin(), texts.end());
}

void put_uri(object& out, std::string_view key, const std::optional<MediaUri>& uri) {
  if (uri) out[key] = uri->str();
}

void put_text(object& out, std::string_view key, const std::string& text) {
  if (!text.empty()) out[key] = text;
}

object connection_json(const Connection& connection) {
  object out;
  if (const auto* ref = std::get_if<EndpointRef>(&connection)) {
    out["connection_type"] = "endpoint";
    out["endpoint_uri"] = endpoint_uri(ref->peer, ref->endpoint);
    return out;
  }
  const auto& address = std::get<ExternalAddress>(connection);
  out["connection_type"] = "external";
  put_uri(out, "media_uri", address.media);
  put_uri(out, "repair_uri", address.repair);
  put_uri(out, "control_uri", address.control);
  return out;
}

object settings_json(const StreamSettings& settings) {
  object out;
  out["profile"] = to_string(settings.profile);
  out["target_latency"] = text_or_auto(settings.target_latency);
  out["io_latency"] = text_or_auto(settings.io_latency);
  out["packet_length"] = text_or_auto(settings.packet_length);
  out["fec"] = settings.fec ? to_string(*settings.fec) : "auto";
  out["resampler_profile"] = to_string(settings.resampler_profile);
  out["restart"] = to_string(settings.restart);
  out["on_idle"] = to_string(settings.on_idle);
  out["idle_after"] = text_or_auto(settings.idle_after);
  out["extra_args"] = to_array(settings.extra_args);
  return out;
}

object exit_json(const ExitRecord& exit) {
  object out;
  out["kind"] = to_string(exit.kind);
  if (exit.kind == ExitRecord::Kind::signal)
    out["signal"] = exit.text;
  else if (exit.kind == ExitRecord::Kind::exit)
    out["code"] = exit.code;
  out["text"] = exit.text;
  out["requested"] = exit.requested;
  put_text(out, "reason", exit.reason);
  out["at"] = format_utc(exit.at.wall);
  out["ran_for_ms"] = milliseconds(exit.ran_for);
  out["log"] = to_array(exit.log);
  return out;
}

object resolved_json(const ResolvedStream& resolved) {
  object out;
  out["engine"] = resolved.engine;
  if (!resolved.argv.empty()) out["argv"] = to_array(resolved.argv);
  put_uri(out, "media_uri", resolved.media);
  put_uri(out, "repair_uri", resolved.repair);
  put_uri(out, "control_uri", resolved.control);
  if (resolved.target_latency) out["target_latency_ms"] = milliseconds(*resolved.target_latency);
  if (resolved.io_latency) out["io_latency_ms"] = milliseconds(*resolved.io_latency);
  if (resolved.packet_length) out["packet_length_ms"] = milliseconds(*resolved.packet_length);
  if (resolved.fec) out["fec"] = to_string(*resolved.fec);
  return out;
}

void append(object& out, object more) {
  for (auto& item : more) out[item.key()] = std::move(item.value());
}

}  // namespace

object state_json(const StreamStatus& status) {
  object out;
  out["state"] = to_string(status.state);
  put_text(out, "message", status.message);
  out["since"] = format_utc(status.since);
  out["pid"] = or_null(status.pid);
  out["restarts"] = status.restarts;
  out["crash_looping"] = status.crash_looping;
  out["retry_at"] = status.retry_at ? value(format_utc(*status.retry_at)) : value(nullptr);
  out["last_exit"] = status.exits.empty() ? value(nullptr) : value(exit_json(status.exits.back()));
  out["resolved"] = status.resolved ? value(resolved_json(*status.resolved)) : value(nullptr);
  return out;
}

object health_json(const HealthReport& health) {
  object out;
  out["overall"] = to_string(health.overall);
  put_text(out, "message", health.message);
  put_text(out, "hint", health.hint);
  return out;
}

object metrics_json(const StreamMetrics& metrics) {
  object out;
  out["e2e_latency_ms"] = or_null(metrics.e2e_latency_ms);
  out["network_latency_ms"] = or_null(metrics.network_latency_ms);
  out["io_latency_ms"] = or_null(metrics.io_latency_ms);
  out["jitter_ms"] = or_null(metrics.jitter_ms);
  out["loss_ratio"] = or_null(metrics.loss_ratio);
  out["sessions"] = metrics.sessions;
  out["repaired_packets"] = metrics.repaired_packets;
  out["cpu_seconds"] = or_null(metrics.cpu_seconds);
  out["rss_bytes"] = or_null(metrics.rss_bytes);
  return out;
}

object status_json(const EndpointStatus& status) {
  object out;
  out["state"] = to_string(status.state);
  out["node_serial"] = or_null(status.node_serial);
  array users;
  for (const auto& stream : status.in_use_by) users.emplace_back(stream_uri(stream));
  out["in_use_by"] = std::move(users);
  put_text(out, "message", status.message);
  return out;
}

object writable_json(const EndpointSpec& spec) {
  object out;
  out["endpoint_type"] = to_string(spec.type);
  out["stream_direction"] = to_string(spec.direction);
  out["display_name"] = spec.display_name;
  out["system_name"] = spec.system_name;
  out["channels"] = spec.channels;
  out["sample_rate"] = spec.sample_rate;
  out["volume"] = spec.volume;
  out["muted"] = spec.muted;
  out["is_default"] = spec.is_default;
  return out;
}

object writable_json(const StreamSpec& spec) {
  object out;
  out["display_name"] = spec.display_name;
  out["enabled"] = spec.enabled;
  out["source"] = connection_json(spec.source);
  out["destination"] = connection_json(spec.destination);
  out["settings"] = settings_json(spec.settings);
  return out;
}

object writable_json(const Peer& peer) {
  object out;
  out["display_name"] = peer.display_name;
  return out;
}

object to_json(const Endpoint& endpoint, const Uid& peer) {
  object out;
  out["endpoint_uri"] = endpoint_uri(peer, endpoint.spec.uid);
  out["endpoint_uid"] = endpoint.spec.uid.str();
  out["driver"] = "pipewire";
  append(out, writable_json(endpoint.spec));
  out["origin"] = to_string(endpoint.spec.origin);
  out["version"] = endpoint.spec.version;
  out["status"] = status_json(endpoint.status);
  return out;
}

namespace {

object status_json(const StreamStatus& status) {
  object out = state_json(status);
  array exits;
  for (const auto& exit : status.exits) exits.push_back(exit_json(exit));
  out["exits"] = std::move(exits);
  out["health"] = health_json(status.health);
  out["metrics"] = metrics_json(status.metrics);
  return out;
}

}  // namespace

object to_json(const Stream& stream) {
  object out;
  out["stream_uri"] = stream_uri(stream.spec.uid);
  out["stream_uid"] = stream.spec.uid.str();
  append(out, writable_json(stream.spec));
  out["origin"] = to_string(stream.spec.origin);
  out["version"] = stream.spec.version;
  out["status"] = status_json(stream.status);
  return out;
}

object to_json(const Peer& peer) {
  object out;
  out["peer_uri"] = peer_uri(peer.uid);
  out["peer_uid"] = peer.uid.str();
  out["display_name"] = peer.display_name;
  out["host_name"] = peer.host_name;
  out["is_self"] = peer.is_self;
  out["version"] = peer.version;
  return out;
}

}  // namespace rocd
