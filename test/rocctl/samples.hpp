// Resources as the daemon shows them.
#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <utility>
#include <vector>

namespace rocctl::test {

inline boost::json::value endpoint(const std::string& uid, const std::string& name,
                                   const std::string& system_name) {
  auto value = boost::json::parse(R"({
    "endpoint_type": "streaming_device", "stream_direction": "output", "driver": "pipewire",
    "channels": 2, "sample_rate": 48000, "volume": 0.25, "muted": false, "is_default": false,
    "origin": "api", "version": 3,
    "status": {"state": "present", "node_serial": 44, "in_use_by": ["/streams/x"]}})");
  auto& object = value.as_object();
  object["endpoint_uid"] = uid;
  object["endpoint_uri"] = "/peers/pppppp-pppppp-pppppp/endpoints/" + uid;
  object["display_name"] = name;
  object["system_name"] = system_name;
  return value;
}

// A sending stream that runs and is healthy.
inline boost::json::value stream(const std::string& uid, const std::string& name) {
  auto value = boost::json::parse(R"({
    "enabled": true, "origin": "api", "version": 17,
    "source": {"connection_type": "endpoint",
               "endpoint_uri": "/peers/pppppp-pppppp-pppppp/endpoints/aaaaaa-aaaaaa-aaaaaa"},
    "destination": {"connection_type": "external", "media_uri": "rtp+rs8m://192.168.1.20:10001",
                    "repair_uri": "rs8m://192.168.1.20:10002",
                    "control_uri": "rtcp://192.168.1.20:10003"},
    "settings": {"profile": "balanced", "target_latency": "auto", "io_latency": "auto",
                 "packet_length": "auto", "fec": "auto", "resampler_profile": "medium",
                 "restart": "always", "on_idle": "keep", "idle_after": "auto", "extra_args": []},
    "status": {
      "state": "running", "since": "2026-11-20T12:00:00.000Z", "pid": 4242, "restarts": 1,
      "crash_looping": false, "retry_at": null, "last_exit": null, "exits": [],
      "resolved": {"argv": ["roc-send"], "media_uri": "rtp+rs8m://192.168.1.20:10001",
                   "target_latency_ms": 200, "engine": "roc-cli/0.4.0"},
      "health": {"overall": "healthy"},
      "metrics": {"e2e_latency_ms": 203.6, "network_latency_ms": 172.3, "jitter_ms": 2.1,
                  "loss_ratio": 0.031, "sessions": 1, "cpu_seconds": 1.9, "rss_bytes": 11400000}}})");
  auto& object = value.as_object();
  object["stream_uid"] = uid;
  object["stream_uri"] = "/streams/" + uid;
  object["display_name"] = name;
  return value;
}

inline boost::json::value event(int seq, const std::string& type, const std::string& uri,
                                const boost::json::value& pre, const boost::json::value& post) {
  return {{"id", "k3j9x0-" + std::to_string(seq)},
          {"seq", seq},
          {"time", "2026-11-20T12:00:01.250Z"},
          {"type", type},
          {"uri", uri},
          {"pre", pre},
          {"post", post}};
}

// What a new reader of /events gets first.
inline std::vector<boost::json::value> snapshot(
    const std::vector<std::pair<std::string, boost::json::value>>& resources) {
  std::vector<boost::json::value> envelopes;
  for (const auto& [uri, resource] : resources)
    envelopes.push_back(event(7, "sync", uri, nullptr, resource));
  envelopes.push_back(event(7, "synced", "/events", nullptr, nullptr));
  return envelopes;
}

inline boost::json::value system() {
  return boost::json::parse(R"({
    "version": "0.1.0", "peer_uri": "/peers/pppppp-pppppp-pppppp",
    "peer_uid": "pppppp-pppppp-pppppp", "display_name": "studio", "host_name": "studio.local",
    "started_at": "2026-11-20T11:00:00.000Z", "uptime_seconds": 3700, "config_file": null,
    "pipewire": {"connected": true, "version": "1.4.2"},
    "engine": {"id": "roc-cli/0.4.0", "probed": true, "usable": true},
    "tools": [
      {"name": "roc-send", "usable": true, "path": "/usr/bin/roc-send", "version": "0.4.0",
       "schemes": ["rtp"], "fec": ["rs8m", "ldpc"]},
      {"name": "roc-recv", "usable": true, "path": "/usr/bin/roc-recv", "version": "0.4.0",
       "schemes": ["rtp"], "fec": [], "problem": "roc-recv cannot correct errors"}]})");
}

inline boost::json::value ready() {
  return boost::json::parse(R"({"ready": true, "checks": [{"name": "state", "ok": true},
    {"name": "pipewire", "ok": true}, {"name": "tools", "ok": true}]})");
}

inline boost::json::value peer() {
  return boost::json::parse(R"({"peer_uri": "/peers/pppppp-pppppp-pppppp",
    "peer_uid": "pppppp-pppppp-pppppp", "display_name": "studio", "host_name": "studio.local",
    "is_self": true, "version": 1})");
}

}  // namespace rocctl::test
