// The shapes that clients read, compared as a whole: an unexpected field is a failure, too.
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>

#include "model/samples.hpp"

using namespace rocd;
using namespace rocd::test;
using boost::json::parse;
using boost::json::value;

TEST_CASE("a running stream is shown with all that is known of it") {
  Stream stream{make_send(), {}};
  stream.spec.origin = Origin::config;
  stream.spec.version = 17;
  stream.spec.settings.target_latency = 200ms;
  stream.spec.settings.packet_length = 2500us;
  stream.spec.settings.fec = FecScheme::rs8m;
  stream.spec.settings.on_idle = OnIdle::pause;
  stream.spec.settings.idle_after = 30s;
  stream.spec.settings.extra_args = {"--profiling"};
  auto& status = stream.status;
  status.state = StreamState::running;
  status.since = noon;
  status.pid = 4242;
  status.restarts = 1;
  status.exits = {{ExitRecord::Kind::exit, 1, "exit status 1", false, {{}, noon}, 1500ms, {"a"}},
                  {ExitRecord::Kind::signal, 11, "SIGSEGV", true, {{}, noon + 1s}, 2s, {"b", "c"}}};
  status.resolved = ResolvedStream{"roc-cli/0.4.0",
                                   {"roc-send", "-vv"},
                                   uri("rtp+rs8m://192.168.1.20:10001"),
                                   uri("rs8m://192.168.1.20:10002"),
                                   uri("rtcp://192.168.1.20:10003"),
                                   200ms,
                                   20ms,
                                   2500us,
                                   FecScheme::rs8m};
  status.health = {Health::partially_healthy, "3.1 % of packets recovered by FEC", "use a cable"};
  status.metrics = {203.5, 172.25, 2.5, 0.5, 76.5, 1, 0, 1.5, 11400000};

  CHECK(value(to_json(stream)) == parse(R"({
    "stream_uri": "/streams/rx4sse-w0zas1-gf2s1o", "stream_uid": "rx4sse-w0zas1-gf2s1o",
    "display_name": "Music to kitchen", "enabled": true, "origin": "config", "version": 17,
    "source": {"connection_type": "endpoint",
               "endpoint_uri": "/peers/aaaaaa-bbbbbb-cccccc/endpoints/111111-222222-333333"},
    "destination": {"connection_type": "external", "media_uri": "rtp+rs8m://192.168.1.20:10001",
                    "repair_uri": "rs8m://192.168.1.20:10002",
                    "control_uri": "rtcp://192.168.1.20:10003"},
    "settings": {"profile": "balanced", "target_latency": "200ms", "io_latency": "auto",
                 "packet_length": "2.5ms", "fec": "rs8m", "resampler_profile": "medium",
                 "restart": "always", "on_idle": "pause", "idle_after": "30s",
                 "extra_args": ["--profiling"]},
    "status": {
      "state": "running", "since": "2026-11-20T12:00:00.000Z", "pid": 4242, "restarts": 1,
      "crash_looping": false, "retry_at": null,
      "last_exit": {"kind": "signal", "signal": "SIGSEGV", "text": "SIGSEGV", "requested": true,
                    "at": "2026-11-20T12:00:01.000Z", "ran_for_ms": 2000.0, "log": ["b", "c"]},
      "exits": [
        {"kind": "exit", "code": 1, "text": "exit status 1", "requested": false,
         "at": "2026-11-20T12:00:00.000Z", "ran_for_ms": 1500.0, "log": ["a"]},
        {"kind": "signal", "signal": "SIGSEGV", "text": "SIGSEGV", "requested": true,
         "at": "2026-11-20T12:00:01.000Z", "ran_for_ms": 2000.0, "log": ["b", "c"]}],
      "resolved": {"engine": "roc-cli/0.4.0", "argv": ["roc-send", "-vv"],
                   "media_uri": "rtp+rs8m://192.168.1.20:10001",
                   "repair_uri": "rs8m://192.168.1.20:10002",
                   "control_uri": "rtcp://192.168.1.20:10003", "target_latency_ms": 200.0,
                   "io_latency_ms": 20.0, "packet_length_ms": 2.5, "fec": "rs8m"},
      "health": {"overall": "partially_healthy", "message": "3.1 % of packets recovered by FEC",
                 "hint": "use a cable"},
      "metrics": {"e2e_latency_ms": 203.5, "network_latency_ms": 172.25, "io_latency_ms": 76.5,
                  "jitter_ms": 2.5, "loss_ratio": 0.5, "sessions": 1, "repaired_packets": 0, "cpu_seconds": 1.5,
                  "rss_bytes": 11400000}}})"));
}

TEST_CASE("what a stopped stream does not know is null, and 'auto' stands for what is not set") {
  Stream stream{make_receive(), {}};
  stream.spec.enabled = false;
  stream.spec.source = ExternalAddress{};
  stream.status.since = noon;
  stream.status.message = "the device is absent";
  stream.status.retry_at = noon + 1500ms;

  CHECK(value(to_json(stream)) == parse(R"({
    "stream_uri": "/streams/rx4sse-w0zas1-gf2s1o", "stream_uid": "rx4sse-w0zas1-gf2s1o",
    "display_name": "Music from kitchen", "enabled": false, "origin": "api", "version": 1,
    "source": {"connection_type": "external"},
    "destination": {"connection_type": "endpoint",
                    "endpoint_uri": "/peers/aaaaaa-bbbbbb-cccccc/endpoints/111111-222222-333333"},
    "settings": {"profile": "balanced", "target_latency": "auto", "io_latency": "auto",
                 "packet_length": "auto", "fec": "auto", "resampler_profile": "medium",
                 "restart": "always", "on_idle": "keep", "idle_after": "auto",
                 "extra_args": []},
    "status": {
      "state": "stopped", "message": "the device is absent", "since": "2026-11-20T12:00:00.000Z",
      "pid": null, "restarts": 0, "crash_looping": false, "retry_at": "2026-11-20T12:00:01.500Z",
      "last_exit": null, "exits": [], "resolved": null, "health": {"overall": "inactive"},
      "metrics": {"e2e_latency_ms": null, "network_latency_ms": null, "io_latency_ms": null,
                  "jitter_ms": null, "loss_ratio": null, "sessions": 0, "repaired_packets": 0, "cpu_seconds": null,
                  "rss_bytes": null}}})"));
}

TEST_CASE("a child that could not be spawned has neither a code nor a signal") {
  Stream stream{make_send(), {}};
  ExitRecord failure;
  failure.kind = ExitRecord::Kind::spawn_error;
  failure.code = 2;
  failure.text = "No such file or directory";
  stream.status.exits = {failure};
  const auto exit = to_json(stream).at("status").at("last_exit").as_object();
  CHECK(exit.at("kind") == "spawn_error");
  CHECK(exit.at("text") == "No such file or directory");
  CHECK_FALSE(exit.contains("code"));
  CHECK_FALSE(exit.contains("signal"));
}

TEST_CASE("an endpoint is shown with the streams that use it") {
  Endpoint endpoint{make_endpoint(), {EndpointState::present, 44, {stream_uid}, ""}};
  endpoint.spec.origin = Origin::config;
  endpoint.spec.version = 3;
  CHECK(value(to_json(endpoint, self)) == parse(R"({
    "endpoint_uri": "/peers/aaaaaa-bbbbbb-cccccc/endpoints/111111-222222-333333",
    "endpoint_uid": "111111-222222-333333", "endpoint_type": "streaming_device",
    "stream_direction": "output", "driver": "pipewire", "display_name": "Kitchen speakers",
    "system_name": "rocd.kitchen", "channels": 6, "sample_rate": 44100, "volume": 0.25,
    "muted": true, "is_default": true, "origin": "config", "version": 3,
    "status": {"state": "present", "node_serial": 44,
               "in_use_by": ["/streams/rx4sse-w0zas1-gf2s1o"]}})"));

  endpoint.status = {EndpointState::absent, std::nullopt, {}, "PipeWire is away"};
  CHECK(to_json(endpoint, self).at("status") == parse(R"({
    "state": "absent", "node_serial": null, "in_use_by": [], "message": "PipeWire is away"})"));
}

TEST_CASE("a peer is shown with its names") {
  CHECK(value(to_json(Peer{self, "Studio", "studio.local", true, 2})) == parse(R"({
    "peer_uri": "/peers/aaaaaa-bbbbbb-cccccc", "peer_uid": "aaaaaa-bbbbbb-cccccc",
    "display_name": "Studio", "host_name": "studio.local", "is_self": true, "version": 2})"));
}
