#include "api/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "aio/loop_lag.hpp"
#include "base/log.hpp"
#include "base/version.hpp"
#include "supervise/process_info.hpp"

namespace rocd {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Families = std::vector<MetricFamily>;
using Labels = std::vector<ClientMetric::Label>;

MetricFamily family(const char* name, const char* help, MetricType type) {
  MetricFamily result;
  result.name = name;
  result.help = help;
  result.type = type;
  return result;
}

void add(MetricFamily& to, double value, Labels labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.gauge.value = metric.counter.value = value;
  to.metric.push_back(std::move(metric));
}

void add(MetricFamily& to, const DurationHistogram& histogram, Labels labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.histogram.sample_count = histogram.count();
  metric.histogram.sample_sum = histogram.sum_seconds();
  for (std::size_t i = 0; i < DurationHistogram::bounds.size(); ++i)
    metric.histogram.bucket.push_back({histogram.cumulative(i), DurationHistogram::bounds[i]});
  to.metric.push_back(std::move(metric));
}

MetricFamily single(const char* name, const char* help, MetricType type, double value,
                    Labels labels = {}) {
  auto result = family(name, help, type);
  add(result, value, std::move(labels));
  return result;
}

void add_streams(Families& families, const StreamDispatcher& dispatcher,
                 const std::vector<Stream>& streams) {
  auto up = family("rocd_stream_up", "1 while the stream is running.", MetricType::Gauge);
  auto health =
      family("rocd_stream_health", "0 inactive, 1 healthy, 2 partially healthy, 3 unhealthy.",
             MetricType::Gauge);
  auto restarts = family("rocd_stream_restarts_total", "Restarts of the stream's process.",
                         MetricType::Counter);
  auto latency = family("rocd_stream_latency_seconds",
                        "kind: e2e from sender to receiver (needs RTCP), network the buffer of the "
                        "receiver, io the sound device, target what was asked for.",
                        MetricType::Gauge);
  auto jitter = family("rocd_stream_jitter_seconds", "Of packets.", MetricType::Gauge);
  auto loss = family("rocd_stream_loss_ratio",
                     "Share of the audio of the last 10 s that was lost, after error correction.",
                     MetricType::Gauge);
  auto repaired = family("rocd_stream_repaired_packets_total",
                         "Packets brought back by error correction.", MetricType::Counter);
  auto sessions = family("rocd_stream_sessions", "Senders connected.", MetricType::Gauge);
  auto cpu = family("rocd_child_cpu_seconds_total", "Processor time of the stream's process.",
                    MetricType::Counter);
  auto rss = family("rocd_child_resident_memory_bytes", "Memory of the stream's process.",
                    MetricType::Gauge);
  auto skipped = family("rocd_child_output_skipped_bytes_total",
                        "Bytes that the stream's process printed faster than they are read.",
                        MetricType::Counter);
  for (const auto& [spec, status] : streams) {
    const Labels labels{{"stream", spec.uid.str()}, {"name", spec.display_name}};
    const auto& metrics = status.metrics;
    const auto add_if = [&](MetricFamily& to, const auto& value, double unit) {
      if (value) add(to, static_cast<double>(*value) * unit, labels);
    };
    const auto add_latency = [&](const char* kind, std::optional<double> milliseconds) {
      if (!milliseconds) return;
      auto with_kind = labels;
      with_kind.push_back({"kind", kind});
      add(latency, *milliseconds / 1000, std::move(with_kind));
    };
    add(up, status.state == StreamState::running ? 1 : 0, labels);
    add(health, static_cast<int>(status.health.overall), labels);
    add(restarts, status.restarts, labels);
    add_latency("e2e", metrics.e2e_latency_ms);
    add_latency("network", metrics.network_latency_ms);
    add_latency("io", metrics.io_latency_ms);
    if (status.resolved && status.resolved->target_latency) {
      using Milliseconds = std::chrono::duration<double, std::milli>;
      add_latency("target", Milliseconds(*status.resolved->target_latency).count());
    }
    add_if(jitter, metrics.jitter_ms, 0.001);
    add_if(loss, metrics.loss_ratio, 1);
    add(repaired, static_cast<double>(metrics.repaired_packets), labels);
    add(sessions, metrics.sessions, labels);
    add_if(cpu, metrics.cpu_seconds, 1);
    add_if(rss, metrics.rss_bytes, 1);
    add(skipped, static_cast<double>(dispatcher.skipped_output(spec.uid)), labels);
  }
  for (auto* each : {&up, &health, &restarts, &latency, &jitter, &loss, &repaired, &sessions, &cpu,
                     &rss, &skipped})
    families.push_back(std::move(*each));
}

// All states, so that none vanishes from a graph when the last stream leaves it.
MetricFamily stream_states(const std::vector<Stream>& streams) {
  auto result = family("rocd_streams", "Streams by state.", MetricType::Gauge);
  std::map<StreamState, int> counts;
  for (const auto& stream : streams) ++counts[stream.status.state];
  for (const auto state :
       {StreamState::stopped, StreamState::waiting, StreamState::starting, StreamState::running,
        StreamState::paused, StreamState::backoff, StreamState::stopping, StreamState::failed})
    add(result, counts[state], {{"state", std::string(to_string(state))}});
  return result;
}

void add_http(Families& families, const HttpStatistics& statistics) {
  auto requests = family("rocd_http_requests_total",
                         "Requests answered; route \"none\" has no handler. Connections beyond the "
                         "limits count too, as 429 or 503.",
                         MetricType::Counter);
  for (const auto& [key, count] : statistics.requests())
    add(requests, static_cast<double>(count),
        {{"method", key.first.method},
         {"route", key.first.route},
         {"code", std::to_string(key.second)}});
  auto durations =
      family("rocd_http_request_duration_seconds", "Time in the handler.", MetricType::Histogram);
  for (const auto& [key, histogram] : statistics.durations())
    add(durations, histogram, {{"method", key.method}, {"route", key.route}});
  families.push_back(std::move(requests));
  families.push_back(std::move(durations));
}

// Names and meaning are those of Prometheus' own client libraries.
void add_process(Families& families, double started) {
  const auto stat = read_process_stat(::getpid());
  if (!stat) return;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  families.push_back(single("process_cpu_seconds_total", "Processor time of rocd.",
                            MetricType::Counter, static_cast<double>(stat->cpu_ticks) / ticks));
  families.push_back(single("process_resident_memory_bytes", "Memory of rocd.", MetricType::Gauge,
                            static_cast<double>(stat->rss_bytes)));
  families.push_back(
      single("process_start_time_seconds", "Since the epoch.", MetricType::Gauge, started));
  std::error_code failure;
  const std::filesystem::directory_iterator open("/proc/self/fd", failure);
  if (!failure)
    families.push_back(single("process_open_fds", "Open descriptors.", MetricType::Gauge,
                              static_cast<double>(std::distance(begin(open), end(open)))));
}

double seconds_since_epoch(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

std::string metrics_text(const Services& services) {
  const auto& context = services.context;
  const auto streams = context.streams.list();
  const auto now = Now::read();
  Families families;
  families.push_back(
      single("rocd_build_info", "Always 1.", MetricType::Gauge, 1,
             {{"version", std::string(version())}, {"engine", context.engine.info().id}}));
  families.push_back(stream_states(streams));
  add_streams(families, context.streams, streams);
  const auto& driver = context.endpoints.driver();
  families.push_back(single("rocd_pipewire_connected", "1 while PipeWire is there and answers.",
                            MetricType::Gauge,
                            driver.connected() && driver.silence().empty() ? 1 : 0));
  families.push_back(single("rocd_pipewire_reconnects_total",
                            "How often PipeWire came back after it was lost.", MetricType::Counter,
                            static_cast<double>(context.endpoints.reconnects())));
  families.push_back(
      single("rocd_peers", "Peers by state.", MetricType::Gauge, 1, {{"state", "self"}}));
  families.push_back(single("rocd_events_total", "Events published.", MetricType::Counter,
                            static_cast<double>(context.events.last_seq())));
  families.push_back(single("rocd_events_dropped_total",
                            "Events that readers did not get, because they were too slow or away.",
                            MetricType::Counter, static_cast<double>(context.events.dropped())));
  families.push_back(single("rocd_log_lines_dropped_total",
                            "Lines of rocd's log that stderr did not take.", MetricType::Counter,
                            static_cast<double>(dropped_log_lines())));
  add_http(families, services.statistics);
  auto lag = family("rocd_loop_lag_seconds", "How late timers of the event loop fired.",
                    MetricType::Histogram);
  add(lag, loop_lag());
  families.push_back(std::move(lag));
  add_process(families, seconds_since_epoch(now.wall - (now.mono - context.started)));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace rocd
