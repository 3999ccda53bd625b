// Streams: what was asked for (spec) and what is true (status). (pure)
// A status is never stored; `auto` may stand in a spec (nullopt here) and never in a status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/uid.hpp"
#include "model/endpoint.hpp"
#include "model/media_uri.hpp"

namespace rocd {

// Ports that rocd may choose from, both ends included.
struct PortRange {
  std::uint16_t first = 10000;
  std::uint16_t last = 10999;
};

struct EndpointRef {
  Uid peer;
  Uid endpoint;
  friend bool operator==(const EndpointRef&, const EndpointRef&) = default;
};

// As destination: where to send. As source: the local addresses to bind; a missing media or repair
// address, or port 0, means that rocd chooses. No control address means no RTCP.
struct ExternalAddress {
  std::optional<MediaUri> media;
  std::optional<MediaUri> repair;
  std::optional<MediaUri> control;
  friend bool operator==(const ExternalAddress&, const ExternalAddress&) = default;
};

using Connection = std::variant<EndpointRef, ExternalAddress>;

enum class Profile { low, balanced, robust };
enum class ResamplerProfile { low, medium, high };
enum class RestartPolicy { always, on_failure, never };
// Of a stream that sends from a virtual device: what it does while nothing plays into that.
enum class OnIdle {
  keep,   // goes on, and sends silence
  pause,  // its child is ended, and started when something plays
};

struct StreamSettings {
  Profile profile = Profile::balanced;
  std::optional<Duration> target_latency;
  std::optional<Duration> io_latency;
  std::optional<Duration> packet_length;
  std::optional<FecScheme> fec;
  ResamplerProfile resampler_profile = ResamplerProfile::medium;
  RestartPolicy restart = RestartPolicy::always;
  OnIdle on_idle = OnIdle::keep;
  std::optional<Duration> idle_after;  // nothing has played for so long: it is idle
  std::vector<std::string> extra_args;
  friend bool operator==(const StreamSettings&, const StreamSettings&) = default;
};

struct StreamSpec {
  Uid uid;
  std::string name;  // stable key of a YAML entry; empty for streams made over REST
  std::string display_name;
  bool enabled = true;
  Connection source;
  Connection destination;
  StreamSettings settings;
  Origin origin = Origin::api;
  SourceLocation location;
  std::uint64_t version = 1;
  friend bool operator==(const StreamSpec&, const StreamSpec&) = default;
};

enum class StreamKind {
  send,     // endpoint -> external: one roc-send
  receive,  // external -> endpoint: one roc-recv
  local,    // endpoint -> endpoint of this peer: links only
};

// nullopt: external -> external, which validation refuses (as it does endpoints of other peers).
[[nodiscard]] std::optional<StreamKind> kind_of(const StreamSpec& spec);

enum class StreamState {
  stopped,   // not enabled
  waiting,   // enabled, but something it needs is not there: a device, PipeWire, a tool
  starting,  // a child was spawned, or links were asked for; not proven to work yet
  running,   // the child reported its devices and addresses, its node is linked to its device
  paused,    // nothing plays into its source, and on_idle says that it rests meanwhile
  backoff,   // failed, will be tried again at retry_at
  stopping,
  failed,  // ended, and the restart policy says that it stays so
};

struct ExitRecord {
  enum class Kind { exit, signal, spawn_error };
  Kind kind = Kind::exit;
  int code = 0;            // exit status, signal number, or errno
  std::string text;        // "SIGSEGV", "exit status 1", "No such file or directory"
  bool requested = false;  // rocd asked for it
  Now at{};
  Duration ran_for{};
  std::vector<std::string> log;  // its last lines
  std::string reason = {};       // why rocd ended it: it did not work; else empty
};

enum class Health { inactive, healthy, partially_healthy, unhealthy };

struct HealthReport {
  Health overall = Health::inactive;
  std::string message;  // the cause, when not healthy
  std::string hint;     // the remedy
  friend bool operator==(const HealthReport&, const HealthReport&) = default;
};

struct StreamMetrics {
  std::optional<double> e2e_latency_ms;  // what a listener has; needs rtcp and synchronised clocks
  std::optional<double> network_latency_ms;  // Roc Toolkit's niq_latency
  std::optional<double> jitter_ms;
  std::optional<double> loss_ratio;  // of the audio of the last 10 s, after error correction
  std::optional<double> io_latency_ms;
  std::uint32_t sessions = 0;
  std::uint64_t repaired_packets = 0;  // by error correction, since the child was started
  std::optional<double> cpu_seconds;   // of the child
  std::optional<std::uint64_t> rss_bytes;
  friend bool operator==(const StreamMetrics&, const StreamMetrics&) = default;
};

// What `auto` and "choose" became.
struct ResolvedStream {
  std::string engine;  // "roc-cli/0.4.0", or "pipewire-links"
  std::vector<std::string> argv;
  std::optional<MediaUri> media;
  std::optional<MediaUri> repair;
  std::optional<MediaUri> control;
  std::optional<Duration> target_latency;
  std::optional<Duration> io_latency;
  std::optional<Duration> packet_length;
  std::optional<FecScheme> fec;
  friend bool operator==(const ResolvedStream&, const ResolvedStream&) = default;
};

struct StreamStatus {
  StreamState state = StreamState::stopped;
  std::string message;  // what it waits for, or why it failed; empty when all is well
  WallTime since{};
  std::optional<int> pid;
  std::uint32_t restarts = 0;
  bool crash_looping = false;
  std::optional<WallTime> retry_at;
  std::vector<ExitRecord> exits;  // the last few, newest last
  std::optional<ResolvedStream> resolved;
  HealthReport health;
  StreamMetrics metrics;
};

struct Stream {
  StreamSpec spec;
  StreamStatus status;
};

[[nodiscard]] std::string_view to_string(Profile profile);
[[nodiscard]] std::string_view to_string(ResamplerProfile profile);
[[nodiscard]] std::string_view to_string(RestartPolicy policy);
[[nodiscard]] std::string_view to_string(OnIdle on_idle);
[[nodiscard]] std::string_view to_string(StreamState state);
[[nodiscard]] std::string_view to_string(StreamKind kind);
[[nodiscard]] std::string_view to_string(Health health);
[[nodiscard]] std::string_view to_string(ExitRecord::Kind kind);

[[nodiscard]] std::string stream_uri(const Uid& stream);

}  // namespace rocd
