// `rocctl doctor`: what works, what does not, and what to do about it. Asks the daemon; if it does
// not answer, looks itself.
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <csignal>
#include <ostream>

#include "rocctl/checks.hpp"
#include "rocctl/commands.hpp"
#include "rocctl/host_checks.hpp"
#include "rocctl/interruption.hpp"
#include "rocctl/json_access.hpp"
#include "rocctl/tone_trial.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

// 503 of /readyz is an answer: it says what is wrong.
Outcome<json::value> ask(const Session& session, const std::string& path) {
  const auto response = session.client.request("GET", path);
  if (!response) return response.error();
  const bool told = response->status == 200 || (response->status == 503 && path == "/readyz");
  boost::system::error_code error;
  auto value = json::parse(response->body, error);
  if (error || !value.is_structured() || !told)
    return failure_of(response->status, response->content_type, response->body);
  return value;
}

CommandResult look_locally(const Session& session, const Failure& failure) {
  const auto checks = local_checks(session.client.target());
  session.show(
      {checks_json(checks, false), render_checks(checks, session.style), names_of_bad(checks)});
  return Failure{.exit = Exit::unreachable, .message = failure.message};
}

Check not_looked_at(const std::string& name, const Failure& why) {
  return {name, Grade::doubtful, "not looked at: " + why.message, why.hint};
}

// Why the tone cannot be tried; empty if it can.
std::string obstacle(const Session& session, const json::value& system) {
  if (!session.client.target().is_local())
    return "not tried: " + session.client.target().url() + " is another computer";
  if (!true_at(system, "/pipewire/connected")) return "not tried: rocd has no PipeWire";
  for (const auto& tool : items_at(system, "/tools"))
    if (!true_at(tool, "/usable")) return "not tried: " + text_at(tool, "/name") + " does not work";
  return {};
}

// Adds a check; gives the numbers, or null.
json::value try_tone(const Session& session, const json::value& system, const std::string& profile,
                     Checks& checks) {
  if (const auto why = obstacle(session, system); !why.empty()) {
    checks.push_back({"tone", Grade::bad, why});
    return nullptr;
  }
  session.note("tone: through virtual devices that nobody hears, for about 15 s");
  const auto result = run_tone_trial(session, system, profile);
  if (!result) {
    checks.push_back({"tone", Grade::bad, result.error().message, result.error().hint});
    return nullptr;
  }
  checks.push_back(tone_check(*result));
  return to_json(*result);
}

}  // namespace

CommandResult run_doctor(const Session& session, const DoctorOptions& options) {
  const auto system = ask(session, "/system");
  if (!system && system.error().is_problem) return system.error();
  // Something that answers, but not as rocd does, is as good as nothing.
  if (!system) return look_locally(session, system.error());
  if (!system->is_object() || system->get_object().if_contains("peer_uid") == nullptr)
    return look_locally(session, {.message = session.client.target().url() + " is not rocd"});
  const auto ready = ask(session, "/readyz");
  if (!ready) return ready.error();
  const auto streams = session.client.get("/streams");
  if (!streams) return streams.error();
  auto checks = daemon_checks(*system, *ready, *streams);
  if (session.client.target().is_local()) {
    const auto config = session.client.get("/system/config");
    // Only admins read it: what it is needed for is left out.
    if (!config) checks.push_back(not_looked_at("port range", config.error()));
    for (auto& check : host_checks(config ? *config : json::value()))
      checks.push_back(std::move(check));
  }
  json::value tone;
  if (options.tone) {
    tone = try_tone(session, *system, options.profile, checks);
    // As if it had not been caught; all that was made is removed by now.
    if (const int signal = Interruption::signal(); signal != 0) (void)std::raise(signal);
  }
  auto json = checks_json(checks, true);
  if (options.tone) json.as_object()["tone"] = std::move(tone);
  session.show({json, render_checks(checks, session.style), names_of_bad(checks)});
  return all_good(checks) ? Exit::ok : Exit::unhealthy;
}

}  // namespace rocctl
