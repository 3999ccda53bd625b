#include "rocctl/render.hpp"

#include <fmt/format.h>

#include <cmath>

#include "rocctl/json_access.hpp"
#include "rocctl/text.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

std::string or_dash(std::string text) {
  return text.empty() ? "-" : std::move(text);
}

std::string connection_text(const json::value& connection, const EndpointNames& names) {
  if (text_at(connection, "/connection_type") == "external")
    return text_at(connection, "/media_uri").empty() ? "any address"
                                                     : text_at(connection, "/media_uri");
  const auto uri = text_at(connection, "/endpoint_uri");
  const auto name = names.find(uri);
  return name == names.end() ? uri : name->second;
}

std::string side_text(const json::value& stream, std::string_view side,
                      const EndpointNames& names) {
  const auto* connection = find_at(stream, side);
  return connection == nullptr ? "-" : connection_text(*connection, names);
}

std::string latency_of(const json::value& stream) {
  if (const auto full = number_at(stream, "/status/metrics/e2e_latency_ms"))
    return format_milliseconds(full);
  return format_milliseconds(number_at(stream, "/status/metrics/network_latency_ms"));
}

std::string loss_of(const json::value& stream) {
  const auto loss = number_at(stream, "/status/metrics/loss_ratio");
  return loss ? fmt::format("{:.1f} %", *loss * 100) : "-";
}

void add_addresses(std::vector<Row>& rows, const json::value& of, const std::string& prefix) {
  for (const char* kind : {"media", "repair", "control"}) {
    const auto uri = text_at(of, std::string("/") + kind + "_uri");
    if (!uri.empty()) rows.push_back({prefix + kind, uri});
  }
}

void add_settings(std::vector<Row>& rows, const json::value& stream) {
  const auto setting = [&](const char* name) {
    return or_dash(text_at(stream, std::string("/settings/") + name));
  };
  const auto with_resolved = [&](const char* name) {
    const auto asked = setting(name);
    const auto is = number_at(stream, "/status/resolved/" + std::string(name) + "_ms");
    return is ? format_milliseconds(is) + (asked == "auto" ? " (auto)" : "") : asked;
  };
  rows.push_back({"profile", setting("profile")});
  rows.push_back({"target latency", with_resolved("target_latency")});
  rows.push_back({"io latency", with_resolved("io_latency")});
  rows.push_back({"packet length", with_resolved("packet_length")});
  const auto fec = text_at(stream, "/status/resolved/fec");
  rows.push_back({"fec", fec.empty() ? setting("fec") : fec});
  rows.push_back({"resampler", setting("resampler_profile")});
  rows.push_back({"restart", setting("restart")});
  const auto on_idle = setting("on_idle");
  const auto idle_after = setting("idle_after");
  rows.push_back({"when idle", on_idle == "pause" && idle_after != "auto"
                                   ? on_idle + " after " + idle_after
                                   : on_idle});
}

void add_metrics(std::vector<Row>& rows, const json::value& stream) {
  const auto metric = [&](const char* name) {
    return number_at(stream, std::string("/status/metrics/") + name);
  };
  rows.push_back({"latency, end to end", format_milliseconds(metric("e2e_latency_ms"))});
  rows.push_back({"latency, network", format_milliseconds(metric("network_latency_ms"))});
  rows.push_back({"jitter", format_milliseconds(metric("jitter_ms"))});
  rows.push_back({"loss", loss_of(stream)});
  rows.push_back({"sessions", fmt::format("{:.0f}", metric("sessions").value_or(0))});
  if (const auto cpu = metric("cpu_seconds"))
    rows.push_back({"processor time", fmt::format("{:.1f} s", *cpu)});
  if (const auto memory = metric("rss_bytes")) rows.push_back({"memory", format_bytes(*memory)});
}

void add_last_exit(std::vector<Row>& rows, const json::value& stream) {
  const auto at = text_at(stream, "/status/last_exit/at");
  if (at.empty()) return;
  auto text = text_at(stream, "/status/last_exit/text");
  if (text.empty()) text = text_at(stream, "/status/last_exit/kind");
  const auto reason = text_at(stream, "/status/last_exit/reason");
  rows.push_back(
      {"last exit", text + " at " + at +
                        (true_at(stream, "/status/last_exit/requested") ? ", as asked" : "") +
                        (reason.empty() ? "" : ", ended by rocd: " + reason)});
}

Row head_of_tool(const json::value& tool) {
  if (!true_at(tool, "/usable"))
    return {text_at(tool, "/name"), {"not usable: " + text_at(tool, "/problem"), Tone::bad}};
  std::string fec;
  for (const auto& scheme : items_at(tool, "/fec")) fec += " " + text_at(scheme, "");
  const bool all = text_at(tool, "/problem").empty();
  return {text_at(tool, "/name"),
          {text_at(tool, "/version") + ", FEC:" + (fec.empty() ? " none" : fec) +
               (all ? "" : " (" + text_at(tool, "/problem") + ")"),
           all ? Tone::good : Tone::doubtful}};
}

}  // namespace

Tone tone_of_state(std::string_view state) {
  if (state == "running" || state == "present") return Tone::good;
  if (state == "starting" || state == "waiting" || state == "stopping") return Tone::doubtful;
  if (state == "backoff" || state == "failed") return Tone::bad;
  return Tone::faint;
}

Tone tone_of_health(std::string_view health) {
  if (health == "healthy") return Tone::good;
  if (health == "partially_healthy") return Tone::doubtful;
  if (health == "unhealthy") return Tone::bad;
  return Tone::faint;
}

EndpointNames endpoint_names(const json::array& endpoints) {
  EndpointNames names;
  for (const auto& each : endpoints) {
    auto name = text_at(each, "/display_name");
    if (name.empty()) name = text_at(each, "/system_name");
    if (!name.empty()) names[text_at(each, "/endpoint_uri")] = name;
  }
  return names;
}

std::string format_milliseconds(std::optional<double> value) {
  return value ? fmt::format("{:.1f} ms", *value) : "-";
}

std::string format_volume(double linear) {
  if (linear <= 0) return fmt::format("-inf dB ({:.2f})", linear);
  const double decibel = 20 * std::log10(linear);
  return fmt::format("{:.1f} dB ({:.2f})", std::abs(decibel) < 0.05 ? 0.0 : decibel, linear);
}

std::string format_seconds(double seconds) {
  const auto whole = static_cast<long long>(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
  return fmt::format("{} d {} h", whole / 86400, whole / 3600 % 24);
}

std::string format_bytes(double bytes) {
  if (bytes < 1e6) return fmt::format("{:.0f} kB", bytes / 1e3);
  return bytes < 1e9 ? fmt::format("{:.1f} MB", bytes / 1e6)
                     : fmt::format("{:.1f} GB", bytes / 1e9);
}

std::string render_endpoints(const json::array& endpoints, const Style& style) {
  if (endpoints.empty()) return "no endpoints\n";
  const std::vector<Column> columns{{.head = "UID", .importance = 6, .narrowest = 7},
                                    {.head = "NAME", .importance = 10, .narrowest = 10},
                                    {.head = "SYSTEM NAME", .importance = 5, .narrowest = 10},
                                    {.head = "KIND", .importance = 4},
                                    {.head = "DIRECTION", .importance = 8},
                                    {.head = "CHANNELS", .importance = 2, .to_right = true},
                                    {.head = "RATE", .importance = 1, .to_right = true},
                                    {.head = "VOLUME", .importance = 7, .to_right = true},
                                    {.head = "STATE", .importance = 9},
                                    {.head = "STREAMS", .importance = 3, .to_right = true}};
  std::vector<Row> rows;
  for (const auto& each : endpoints) {
    const auto state = text_at(each, "/status/state");
    const bool is_virtual = text_at(each, "/endpoint_type") == "streaming_device";
    auto volume = format_volume(number_at(each, "/volume").value_or(0));
    if (true_at(each, "/muted")) volume += " muted";
    rows.push_back({text_at(each, "/endpoint_uid"),
                    or_dash(text_at(each, "/display_name")) +
                        (true_at(each, "/is_default") ? " (default)" : ""),
                    or_dash(text_at(each, "/system_name")),
                    is_virtual ? "virtual" : "system",
                    text_at(each, "/stream_direction"),
                    fmt::format("{:.0f}", number_at(each, "/channels").value_or(0)),
                    fmt::format("{:.0f} Hz", number_at(each, "/sample_rate").value_or(0)),
                    volume,
                    {state, tone_of_state(state)},
                    std::to_string(items_at(each, "/status/in_use_by").size())});
  }
  return table(columns, rows, style);
}

std::string render_endpoint(const json::value& endpoint, const Style& style) {
  const auto state = text_at(endpoint, "/status/state");
  const auto message = text_at(endpoint, "/status/message");
  std::vector<Row> rows{
      {"uid", text_at(endpoint, "/endpoint_uid")},
      {"name", or_dash(text_at(endpoint, "/display_name"))},
      {"system name", or_dash(text_at(endpoint, "/system_name"))},
      {"direction", text_at(endpoint, "/stream_direction")},
      {"format",
       fmt::format("{:.0f} channels, {:.0f} Hz", number_at(endpoint, "/channels").value_or(0),
                   number_at(endpoint, "/sample_rate").value_or(0))},
      {"volume", format_volume(number_at(endpoint, "/volume").value_or(0))},
      {"muted", true_at(endpoint, "/muted") ? "yes" : "no"},
      {"default", true_at(endpoint, "/is_default") ? "yes" : "no"},
      {"state", {state + (message.empty() ? "" : ": " + message), tone_of_state(state)}}};
  for (const auto& stream : items_at(endpoint, "/status/in_use_by"))
    rows.push_back({"in use by", text_at(stream, "")});
  return pairs(rows, style);
}

std::string render_streams(const json::array& streams, const EndpointNames& names,
                           const Style& style) {
  if (streams.empty()) return "no streams\n";
  const std::vector<Column> columns{{.head = "UID", .importance = 4, .narrowest = 7},
                                    {.head = "NAME", .importance = 9, .narrowest = 10},
                                    {.head = "SOURCE", .importance = 6, .narrowest = 12},
                                    {.head = "DESTINATION", .importance = 5, .narrowest = 12},
                                    {.head = "STATE", .importance = 8},
                                    {.head = "HEALTH", .importance = 7, .narrowest = 9},
                                    {.head = "LATENCY", .importance = 3, .to_right = true},
                                    {.head = "LOSS", .importance = 2, .to_right = true},
                                    {.head = "RESTARTS", .importance = 1, .to_right = true}};
  std::vector<Row> rows;
  for (const auto& each : streams) {
    const auto state = text_at(each, "/status/state");
    const auto health = text_at(each, "/status/health/overall");
    rows.push_back({text_at(each, "/stream_uid"),
                    or_dash(text_at(each, "/display_name")),
                    side_text(each, "/source", names),
                    side_text(each, "/destination", names),
                    {state, tone_of_state(state)},
                    {health, tone_of_health(health)},
                    latency_of(each),
                    loss_of(each),
                    fmt::format("{:.0f}", number_at(each, "/status/restarts").value_or(0))});
  }
  return table(columns, rows, style);
}

std::string render_stream(const json::value& stream, const EndpointNames& names,
                          const Style& style) {
  const auto state = text_at(stream, "/status/state");
  const auto health = text_at(stream, "/status/health/overall");
  std::vector<Row> rows{{"uid", text_at(stream, "/stream_uid")},
                        {"name", or_dash(text_at(stream, "/display_name"))},
                        {"enabled", true_at(stream, "/enabled") ? "yes" : "no"}};
  for (const char* side : {"source", "destination"}) {
    const auto* connection = find_at(stream, std::string("/") + side);
    if (connection == nullptr) continue;
    rows.push_back({side, connection_text(*connection, names)});
    if (text_at(*connection, "/connection_type") == "external")
      add_addresses(rows, *connection, std::string("  "));
  }
  const auto message = text_at(stream, "/status/message");
  rows.push_back(
      {"state", {state + (message.empty() ? "" : ": " + message), tone_of_state(state)}});
  rows.push_back({"since", or_dash(text_at(stream, "/status/since"))});
  const auto cause = text_at(stream, "/status/health/message");
  rows.push_back(
      {"health", {health + (cause.empty() ? "" : ": " + cause), tone_of_health(health)}});
  if (const auto hint = text_at(stream, "/status/health/hint"); !hint.empty())
    rows.push_back({"hint", hint});
  if (const auto* resolved = find_at(stream, "/status/resolved");
      resolved != nullptr && resolved->is_object()) {
    rows.push_back({"engine", text_at(*resolved, "/engine")});
    add_addresses(rows, *resolved, "  in use: ");
  }
  if (const auto pid = number_at(stream, "/status/pid"))
    rows.push_back({"process", fmt::format("{:.0f}", *pid)});
  rows.push_back(
      {"restarts",
       fmt::format("{:.0f}{}", number_at(stream, "/status/restarts").value_or(0),
                   true_at(stream, "/status/crash_looping") ? ", failing again and again" : "")});
  add_last_exit(rows, stream);
  add_settings(rows, stream);
  add_metrics(rows, stream);
  return pairs(rows, style);
}

std::string render_log_line(const json::value& line, const Style& style) {
  auto text = paint(text_at(line, "/time"), Tone::faint, style) + " ";
  // The daemon's own lines say more.
  if (const auto level = text_at(line, "/level"); !level.empty()) {
    const auto tone = level == "warning"                        ? Tone::doubtful
                      : level == "error" || level == "critical" ? Tone::bad
                                                                : Tone::faint;
    text += paint(fmt::format("{:<8}", level), tone, style) + " " +
            fmt::format("{:<9}", printable(text_at(line, "/logger"))) + " ";
  }
  return text + printable(text_at(line, "/text")) + "\n";
}

std::string render_status(const json::value& parts, const Style& style) {
  const bool connected = true_at(parts, "/system/pipewire/connected");
  const auto version = text_at(parts, "/system/pipewire/version");
  const auto silence = text_at(parts, "/system/pipewire/message");
  std::vector<Row> rows{
      {"peer",
       text_at(parts, "/peer/display_name") + " (" + text_at(parts, "/peer/peer_uid") + ")"},
      {"rocd", text_at(parts, "/system/version") + ", up " +
                   format_seconds(number_at(parts, "/system/uptime_seconds").value_or(0))},
      {"pipewire",
       {!silence.empty() ? silence
        : connected      ? "connected" + (version.empty() ? "" : ", " + version)
                         : "not connected",
        connected && silence.empty() ? Tone::good : Tone::bad}}};
  for (const auto& tool : items_at(parts, "/system/tools")) rows.push_back(head_of_tool(tool));
  std::map<std::string, int> states;
  const auto& streams = items_at(parts, "/streams");
  for (const auto& each : streams) ++states[text_at(each, "/status/state")];
  std::string summary = std::to_string(streams.size());
  const char* separator = ": ";
  for (const auto& [state, count] : states) {
    summary += fmt::format("{}{} {}", separator, count, state);
    separator = ", ";
  }
  rows.push_back({"endpoints", std::to_string(items_at(parts, "/endpoints").size())});
  rows.push_back({"streams", summary});
  auto out = pairs(rows, style);
  for (const auto& each : streams)
    if (!is_well(each))
      out +=
          paint("! " + printable(name_of(each) + ": " + trouble_of(each)), Tone::bad, style) + "\n";
  return out;
}

std::string name_of(const json::value& stream) {
  const auto name = text_at(stream, "/display_name");
  return name.empty() ? text_at(stream, "/stream_uid") : name;
}

bool is_well(const json::value& stream) {
  if (!true_at(stream, "/enabled")) return true;
  if (text_at(stream, "/status/state") == "paused") return true;
  const auto health = text_at(stream, "/status/health/overall");
  return text_at(stream, "/status/state") == "running" &&
         (health == "healthy" || health == "partially_healthy");
}

std::string trouble_of(const json::value& stream) {
  auto text = text_at(stream, "/status/state");
  const auto message = text_at(stream, "/status/message");
  const auto cause = text_at(stream, "/status/health/message");
  const auto hint = text_at(stream, "/status/health/hint");
  // The health often says the same, with more.
  if (!message.empty() && cause.find(message) == std::string::npos)
    text += ": " + message + (cause.empty() ? "" : ";");
  if (!cause.empty()) text += (text.ends_with(';') ? " " : ": ") + cause;
  if (!hint.empty()) text += " (" + hint + ")";
  return text;
}

}  // namespace rocctl
