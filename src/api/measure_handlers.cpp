// /metrics, and /constraints: what each parameter of a stream or device may be on this host.
#include <boost/json/array.hpp>

#include "api/handlers.hpp"
#include "api/metrics.hpp"
#include "api/respond.hpp"
#include "model/validate.hpp"
#include "stream/stream_tuning.hpp"

namespace rocd {
namespace json = boost::json;

namespace {

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

json::object range(double min, double max) {
  return {{"min", min}, {"max", max}};
}

// What `auto` becomes; with error correction the sender's block, too.
json::object profile_json(Profile profile) {
  StreamSettings settings;
  settings.profile = profile;
  const auto tuning = resolve_tuning(settings);
  return {{"target_latency_ms", milliseconds(tuning.target_latency)},
          {"io_latency_ms", milliseconds(tuning.io_latency)},
          {"packet_length_ms", milliseconds(tuning.packet_length)},
          {"fec_block_packets", tuning.fec_block.source_packets},
          {"fec_block_repair_packets", tuning.fec_block.repair_packets}};
}

// Of one tool: what a stream in that direction can use. Empty if it cannot be used at all.
json::object direction_json(const EngineInfo& engine, std::string_view tool) {
  json::array fec, schemes;
  for (const auto& each : engine.tools) {
    if (each.name != tool || !each.usable) continue;
    fec.emplace_back("none");
    for (const auto scheme : each.fec) fec.emplace_back(to_string(scheme));
    for (const auto& scheme : each.schemes)  // of addresses; the tools list devices and files, too
      if (MediaUri::parse(scheme + "://localhost:1")) schemes.emplace_back(scheme);
  }
  return {{"usable", !fec.empty()}, {"fec", std::move(fec)}, {"schemes", std::move(schemes)}};
}

json::object constraints_json(const Services& services) {
  const auto& context = services.context;
  const auto& engine = context.engine.info();
  json::object profiles;
  for (const auto profile : {Profile::low, Profile::balanced, Profile::robust})
    profiles[to_string(profile)] = profile_json(profile);
  json::object streams{
      {"count", range(0, limits::max_streams)},
      {"profiles", std::move(profiles)},
      {"target_latency_ms",
       range(milliseconds(limits::min_latency), milliseconds(limits::max_latency))},
      {"io_latency_ms",
       range(milliseconds(limits::min_latency), milliseconds(limits::max_latency))},
      {"packet_length_ms",
       range(milliseconds(limits::min_packet), milliseconds(limits::max_packet))},
      {"resampler_profile", {"low", "medium", "high"}},
      {"restart", {"always", "on_failure", "never"}},
      {"on_idle", {"keep", "pause"}},
      {"idle_after_ms",
       range(milliseconds(limits::min_idle_after), milliseconds(limits::max_idle_after))},
      {"ports", range(context.config.ports.first, context.config.ports.last)},
      {"extra_args", context.config.tools.allow_extra_args},
      {"send", direction_json(engine, "roc-send")},
      {"receive", direction_json(engine, "roc-recv")}};
  json::object endpoints{{"count", range(0, limits::max_virtual_devices)},
                         {"stream_direction", {"output", "input"}},
                         {"channels", range(limits::min_channels, limits::max_channels)},
                         {"sample_rate", range(limits::min_sample_rate, limits::max_sample_rate)},
                         {"volume", range(0, limits::max_volume)}};
  return {{"streams", std::move(streams)}, {"endpoints", std::move(endpoints)}};
}

}  // namespace

void add_measure_routes(Router& router, Services& services) {
  router.add({Method::get, "/metrics", BodyKind::none, {}, [&services](const Call&) {
                HttpResponse response;
                response.content_type = "text/plain; version=0.0.4; charset=utf-8";
                response.headers.emplace_back("Cache-Control", "no-store");
                response.body = metrics_text(services);
                return response;
              }});
  router.add({Method::get, "/constraints", BodyKind::none, {}, [&services](const Call&) {
                return json_response(200, constraints_json(services));
              }});
}

}  // namespace rocd
