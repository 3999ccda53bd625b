// /system, /healthz and /readyz: what this daemon is, whether it lives, whether it can work.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "api/handlers.hpp"
#include "api/respond.hpp"
#include "base/version.hpp"

namespace rocd {
namespace json = boost::json;

namespace {

// These change without a version and are asked for the moment: no ETag.
HttpResponse fresh(HttpResponse response) {
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

json::object tool_json(const ToolInfo& tool) {
  json::array schemes;
  for (const auto& scheme : tool.schemes) schemes.push_back(json::string(scheme));
  json::array fec;
  for (const auto scheme : tool.fec) fec.push_back(json::string(to_string(scheme)));
  json::object object{{"name", tool.name}, {"usable", tool.usable}};
  if (!tool.path.empty()) object["path"] = tool.path;
  if (!tool.version.empty()) object["version"] = tool.version;
  object["schemes"] = std::move(schemes);
  object["fec"] = std::move(fec);
  if (!tool.problem.empty()) object["problem"] = tool.problem;
  if (!tool.hint.empty()) object["hint"] = tool.hint;
  return object;
}

}  // namespace

json::object storage_json(const Result<>& written) {
  if (written) return {{"writable", true}};
  return {
      {"writable", false}, {"message", written.error().message}, {"hint", written.error().hint}};
}

json::object system_json(const Services& services) {
  const auto& context = services.context;
  const auto& engine = context.engine.info();
  const auto& driver = context.endpoints.driver();
  json::array tools;
  for (const auto& tool : engine.tools) tools.push_back(tool_json(tool));
  json::array unreadable;
  for (const auto& item : context.store.unreadable()) {
    unreadable.push_back(
        json::object{{"kind", item.kind}, {"uid", item.uid}, {"reason", item.reason}});
  }
  json::object pipewire{{"connected", driver.connected()}};
  pipewire["version"] =
      driver.version().empty() ? json::value(nullptr) : json::value(json::string(driver.version()));
  if (const auto silence = driver.silence(); !silence.empty()) {
    pipewire["message"] = silence;
    pipewire["hint"] = "if it lasts, restart it: systemctl --user restart pipewire";
  } else if (!driver.session_manager_runs()) {
    pipewire["message"] = no_session_manager;
    pipewire["hint"] = "start it: systemctl --user start wireplumber";
  }
  const auto now = Now::read();
  const auto uptime = now.mono - context.started;
  json::object body{
      {"version", version()},
      {"peer_uri", peer_uri(context.self.uid)},
      {"peer_uid", context.self.uid.str()},
      {"display_name", context.self.display_name},
      {"host_name", context.self.host_name},
      {"started_at", format_utc(now.wall - uptime)},
      {"uptime_seconds", std::chrono::duration_cast<std::chrono::seconds>(uptime).count()},
      {"config_file", context.config.file.empty() ? json::value(nullptr)
                                                  : json::value(context.config.file.string())}};
  body["state"] = storage_json(context.store.check_writable());
  body["pipewire"] = std::move(pipewire);
  body["engine"] =
      json::object{{"id", engine.id}, {"probed", engine.probed}, {"usable", engine.usable}};
  body["tools"] = std::move(tools);
  body["unreadable"] = std::move(unreadable);
  return body;
}

namespace {

json::object check(std::string_view name, bool ok, std::string_view message) {
  json::object object{{"name", name}, {"ok", ok}};
  if (!ok) object["message"] = message;
  return object;
}

// Empty: each of them is there and works. Names no path: strangers read it, too.
std::string trouble_with_tools(const EngineInfo& engine) {
  if (!engine.probed) return "the tools are still being looked at";
  std::string names;
  for (const auto& tool : engine.tools)
    if (!tool.usable) names += (names.empty() ? "" : " and ") + tool.name;
  if (names.empty()) return engine.usable ? "" : "there are no tools";
  return names + " cannot be used; GET /system says why";
}

// Empty: programs can play and record.
std::string_view trouble_with_pipewire(const DeviceDriver& driver) {
  if (!driver.connected()) return "PipeWire is not connected";
  if (!driver.silence().empty()) return "PipeWire does not answer";
  if (!driver.session_manager_runs()) return no_session_manager;
  return {};
}

HttpResponse read_ready(const Call& call, Services& services) {
  const auto& context = services.context;
  const bool readable = context.store.self_uid().has_value();
  const bool writable = context.store.check_writable().has_value();
  const auto tools = trouble_with_tools(context.engine.info());
  const auto trouble = trouble_with_pipewire(context.endpoints.driver());
  json::array checks;
  checks.push_back(check("state", readable && writable,
                         readable ? "the state directory cannot be written to"
                                  : "the state directory cannot be read"));
  checks.push_back(check("pipewire", trouble.empty(), trouble));
  checks.push_back(check("tools", tools.empty(), tools));
  if (readable && writable && trouble.empty() && tools.empty()) {
    return fresh(json_response(200, json::object{{"ready", true}, {"checks", std::move(checks)}}));
  }
  HttpProblem problem{.status = 503, .detail = "not ready"};
  for (const auto& each : checks) {
    const auto* message = each.as_object().if_contains("message");
    if (message != nullptr) problem.detail += "; " + std::string(message->as_string());
  }
  problem.extra = {{"ready", false}, {"checks", std::move(checks)}};
  return to_response(std::move(problem), call.request.path);
}

}  // namespace

void add_system_routes(Router& router, Services& services) {
  router.add({Method::get, "/system", BodyKind::none, {}, [&services](const Call&) {
                return fresh(json_response(200, system_json(services)));
              }});
  // Open to everybody: load balancers, systemd and container runtimes ask without a token. They
  // learn whether it works, and of what is missing no more than its kind.
  router.add({Method::get,
              "/healthz",
              BodyKind::none,
              {},
              [](const Call&) { return fresh(json_response(200, json::object{{"alive", true}})); },
              Role::none});
  router.add({Method::get,
              "/readyz",
              BodyKind::none,
              {},
              [&services](const Call& call) { return read_ready(call, services); },
              Role::none});
}

}  // namespace rocd
