#include "rocctl/checks.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>

#include "model/media_uri.hpp"
#include "rocctl/json_access.hpp"
#include "rocctl/render.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

std::string_view to_string(Grade grade) {
  switch (grade) {
    case Grade::good:
      return "ok";
    case Grade::doubtful:
      return "warning";
    case Grade::bad:
      return "problem";
  }
  return "";
}

Check tool_check(const json::value& tool) {
  Check check{.name = text_at(tool, "/name")};
  std::string fec;
  for (const auto& scheme : items_at(tool, "/fec"))
    fec += (fec.empty() ? "" : " ") + text_at(scheme, "");
  const auto problem = text_at(tool, "/problem");
  check.hint = text_at(tool, "/hint");
  if (!true_at(tool, "/usable")) {
    check.grade = Grade::bad;
    check.text = problem.empty() ? "not usable" : problem;
    return check;
  }
  check.text = text_at(tool, "/version") + ", " + text_at(tool, "/path") +
               ", FEC by trial: " + (fec.empty() ? "none" : fec);
  if (!problem.empty()) {
    check.grade = Grade::doubtful;
    check.text += "; " + problem;
    if (check.hint.empty()) check.hint = fec_hint();
  }
  return check;
}

// Ports that streams of this computer listen on, and two that want the same one.
void add_port_checks(Checks& checks, const json::value& streams) {
  std::map<std::uint16_t, std::string> owners;
  std::string text;  // only what is bound
  for (const auto& stream : items_of(streams)) {
    if (text_at(stream, "/source/connection_type") != "external") continue;
    const auto name = name_of(stream);
    for (const char* kind : {"media", "repair", "control"}) {
      const auto uri =
          rocd::MediaUri::parse(text_at(stream, "/status/resolved/" + std::string(kind) + "_uri"));
      if (!uri || uri->port == 0) continue;
      const auto [owner, fresh] = owners.emplace(uri->port, name);
      if (fresh && text_at(stream, "/status/state") == "running")
        text += (text.empty() ? "UDP " : ", ") + std::to_string(uri->port) + " (" + name + ")";
      if (!fresh && owner->second != name)
        checks.push_back({"ports", Grade::bad,
                          "UDP " + std::to_string(uri->port) + " is wanted by '" + owner->second +
                              "' and '" + name + "'",
                          "give one of them another port, or port 0"});
    }
  }
  checks.push_back({"ports", Grade::good, text.empty() ? "no stream receives" : text});
}

}  // namespace

std::string fec_hint() {
  return "install a build of Roc Toolkit with OpenFEC (Debian 13's roc-toolkit-tools has it, "
         "Ubuntu "
         "24.04's has not), or use plain rtp:// addresses";
}

std::string abort_hint() {
  return "some builds abort when SoX has more than 256 drivers: remove libsox-fmt-alsa and other "
         "libsox-fmt packages";
}

Checks daemon_checks(const json::value& system, const json::value& ready,
                     const json::value& streams) {
  Checks checks;
  const auto config = text_at(system, "/config_file");
  checks.push_back({"rocd", Grade::good,
                    text_at(system, "/version") + " on " + text_at(system, "/host_name") + ", up " +
                        format_seconds(number_at(system, "/uptime_seconds").value_or(0)) + ", " +
                        (config.empty() ? "built-in defaults" : config)});
  const auto version = text_at(system, "/pipewire/version");
  if (const auto silence = text_at(system, "/pipewire/message"); !silence.empty())
    checks.push_back({"pipewire", Grade::bad, silence, text_at(system, "/pipewire/hint")});
  else if (true_at(system, "/pipewire/connected"))
    checks.push_back(
        {"pipewire", Grade::good, version.empty() ? "connected" : "connected, " + version});
  else
    checks.push_back({"pipewire", Grade::bad, "not connected",
                      "start it: systemctl --user start pipewire pipewire-pulse wireplumber"});
  bool tool_is_bad = false;
  for (const auto& tool : items_at(system, "/tools")) {
    checks.push_back(tool_check(tool));
    tool_is_bad |= checks.back().grade == Grade::bad;
  }
  for (const auto& each : items_at(ready, "/checks")) {
    const auto name = text_at(each, "/name");
    const bool told = name == "pipewire" || (name == "tools" && tool_is_bad);
    const auto hint = name == "state" ? text_at(system, "/state/hint") : std::string();
    if (!true_at(each, "/ok") && !told)
      checks.push_back({"ready: " + name, Grade::bad, text_at(each, "/message"), hint});
  }
  add_port_checks(checks, streams);
  std::size_t well = 0;
  const auto all = items_of(streams).size();
  for (const auto& stream : items_of(streams)) {
    if (is_well(stream))
      ++well;
    else
      checks.push_back({"stream", Grade::bad, name_of(stream) + ": " + trouble_of(stream),
                        "rocctl stream log " + text_at(stream, "/stream_uid")});
  }
  checks.push_back({"streams", well == all ? Grade::good : Grade::bad,
                    std::to_string(well) + " of " + std::to_string(all) + " as they should be"});
  return checks;
}

std::string render_checks(const Checks& checks, const Style& style) {
  std::vector<Row> rows;
  for (const auto& check : checks) {
    const auto tone = check.grade == Grade::good       ? Tone::good
                      : check.grade == Grade::doubtful ? Tone::doubtful
                                                       : Tone::bad;
    rows.push_back({{std::string(to_string(check.grade)), tone}, check.name, check.text});
    if (!check.hint.empty() && check.grade != Grade::good)
      rows.push_back({"", "", {"-> " + check.hint, Tone::faint}});
  }
  return pairs(rows, style);
}

json::value checks_json(const Checks& checks, bool reachable) {
  json::array array;
  for (const auto& check : checks) {
    json::object object{
        {"name", check.name}, {"grade", to_string(check.grade)}, {"text", check.text}};
    if (!check.hint.empty()) object["hint"] = check.hint;
    array.push_back(std::move(object));
  }
  return json::object{{"reachable", reachable},
                      {"ok", reachable && all_good(checks)},
                      {"checks", std::move(array)}};
}

std::string names_of_bad(const Checks& checks) {
  std::string names;
  for (const auto& check : checks)
    if (check.grade == Grade::bad) names += check.name + "\n";
  return names;
}

bool all_good(const Checks& checks) {
  for (const auto& check : checks)
    if (check.grade == Grade::bad) return false;
  return true;
}

}  // namespace rocctl
