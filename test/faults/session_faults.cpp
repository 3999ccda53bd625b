// What happens to the session and its graph: daemons that die, nodes and links that others take
// away, a default device that changes.
#include <boost/json/array.hpp>
#include <csignal>
#include <sstream>
#include <stdexcept>

#include "faults/fault.hpp"

namespace rocd::test {
namespace {

std::vector<Cause> in_health_of(const std::vector<std::string>& streams, const std::string& word) {
  std::vector<Cause> causes;
  for (const auto& stream : streams) causes.push_back({{word}, {stream}, true});
  return causes;
}

Fault restart_daemons(House& house, Random& random, const std::vector<std::string>& daemons) {
  const bool pipewire = daemons.front() == "pipewire";
  const auto lasts = between(0ms, pipewire ? 6s : 2s, random);
  std::string names;
  for (const auto& daemon : daemons) {
    try {
      house.session.kill(daemon);
    } catch (const std::runtime_error&) {
      // It has ended with the one before it.
      if (process_runs(house.session.pid(daemon))) throw;
    }
    names += (names.empty() ? "" : " and ") + daemon;
  }
  std::vector<Cause> causes;
  if (pipewire && lasts > shows_in_health) causes = in_health_of(house.streams(), "PipeWire");
  if (pipewire) causes.push_back({{"\"connected\":false"}, {}});
  return {.what = "SIGKILL of " + names + ", started again",
          .end = [&house] { house.session.restart(); },
          .lasts = lasts,
          .causes = causes,
          .limit = 10s,
          .new_sound = true};
}

Fault restart_pipewire(House& house, Random& random) {
  return restart_daemons(house, random, {"pipewire"});
}

Fault restart_wireplumber(House& house, Random& random) {
  return restart_daemons(house, random, {"wireplumber"});
}

Fault restart_pulse(House& house, Random& random) {
  return restart_daemons(house, random, {"pipewire-pulse"});
}

Fault restart_all(House& house, Random& random) {
  return restart_daemons(house, random, {"pipewire", "wireplumber", "pipewire-pulse"});
}

// It stands still, and goes on: as when the machine has no time for it, or a debugger holds it. Who
// waits for it stands still, too, and is not to be blamed for that.
Fault freeze_daemon(House& house, const std::string& daemon, Milliseconds lasts,
                    std::vector<Cause> causes) {
  const auto children = house.children();
  house.session.signal(daemon, SIGSTOP);
  return {.what = daemon + " stands still for " + std::to_string(lasts.count()) + " ms",
          .end =
              [&house, daemon, children] {
                const auto now = house.children();
                house.session.signal(daemon, SIGCONT);
                if (now != children)
                  throw std::runtime_error("children were ended because " + daemon +
                                           " stands still:\n" + house.rocd().log());
              },
          .lasts = lasts,
          .causes = std::move(causes),
          .limit = 10s};
}

// It takes 1.5 to 3 s until a child is doubted, and 2 until that is certain.
constexpr Milliseconds frozen_for_certain = 6s;

Fault freeze_pipewire(House& house, Random& random) {
  const auto lasts = between(3s, 8s, random);
  std::vector<Cause> causes;
  if (lasts > frozen_for_certain) {
    causes = in_health_of(house.streams(), "does not answer");
    causes.push_back({{"does not answer"}, {}});
  }
  return freeze_daemon(house, "pipewire", lasts, causes);
}

Fault freeze_pulse(House& house, Random& random) {
  const auto lasts = between(3s, 8s, random);
  return freeze_daemon(house, "pipewire-pulse", lasts,
                       lasts > frozen_for_certain
                           ? in_health_of(house.piped_streams(), "does not answer")
                           : std::vector<Cause>{});
}

// Who makes links; those that are there go on. Nobody waits for it.
Fault freeze_wireplumber(House& house, Random& random) {
  return freeze_daemon(house, "wireplumber", between(3s, 6s, random), {});
}

// " of send-a" for rocd.stream.UID, "" for others.
std::string owner_of(House& house, const std::string& node) {
  const auto listed = house.rocd().http().get("/streams");
  for (const auto& stream : listed.as_array())
    if (node.ends_with("." + std::string(stream.at("stream_uid").as_string())))
      return " of " + std::string(stream.at("display_name").as_string());
  return "";
}

// One of those whose names begin so; when it is just being replaced there is nothing to do.
Fault destroy_one(House& house, Random& random, bool of_child) {
  std::vector<GraphNode> nodes;
  for (const auto& node : graph_nodes(house.session))
    if (node.name.starts_with("rocd.") && node.name.starts_with("rocd.stream.") == of_child)
      nodes.push_back(node);
  if (nodes.empty()) return {.what = "no node is there to be destroyed"};
  const auto node = nodes[std::uniform_int_distribution<std::size_t>(0, nodes.size() - 1)(random)];
  const auto at = std::chrono::steady_clock::now();
  const auto said = house.session.run("timeout 10 pw-cli destroy " + std::to_string(node.id) +
                                      " </dev/null 2>&1 || true");
  const bool gone = said.find("Error") != std::string::npos;
  return {.what = "another client destroys " + node.name + owner_of(house, node.name) +
                  (gone ? " (it is gone already)" : ""),
          .at = at};
}

Fault destroy_device(House& house, Random& random) {
  return destroy_one(house, random, false);
}

Fault destroy_child_node(House& house, Random& random) {
  return destroy_one(house, random, true);
}

// Both channels of one cable.
Fault remove_link(House& house, Random& random) {
  std::vector<std::string> cables;  // "from:monitor_ to:input_"
  std::istringstream lines(house.session.run("pw-link --links"));
  std::string port;
  for (std::string line; std::getline(lines, line);) {
    const auto arrow = line.find("|-> ");
    const bool is_port = arrow == std::string::npos && line.find("|<- ") == std::string::npos;
    if (is_port) port = line;
    if (arrow == std::string::npos || !port.ends_with("_FL")) continue;
    const auto to = line.substr(arrow + 4);
    if ((port + to).find("rocd.") == std::string::npos) continue;
    if ((port + to).find("test.") != std::string::npos) continue;  // the players' own
    cables.push_back(port.substr(0, port.size() - 2) + " " + to.substr(0, to.size() - 2));
  }
  if (cables.empty()) return {.what = "no link is there to be removed"};
  const auto cable = pick(cables, random);
  const auto space = cable.find(' ');
  const auto from = cable.substr(0, space);
  const auto to = cable.substr(space + 1);
  const auto at = std::chrono::steady_clock::now();
  for (const std::string channel : {"FL", "FR"})
    house.session.run("pw-link -d '" + from + channel + "' '" + to + channel + "' || true");
  return {.what = "another client unlinks " + from + " from " + to, .at = at};
}

Fault change_default(House& house, Random& random) {
  const auto sink = pick({"test.sink", "rocd.speaker-a", "rocd.speaker-b"}, random);
  const auto source = pick({"test.source", "rocd.microphone-a", "rocd.microphone-c"}, random);
  const auto set = [&](const std::string& key, const std::string& name) {
    house.session.run("timeout 10 pw-metadata 0 default.configured.audio." + key +
                      " '{\"name\":\"" + name + "\"}' Spa:String:JSON >/dev/null");
  };
  const auto at = std::chrono::steady_clock::now();
  set("sink", sink);
  set("source", source);
  return {.what = "the default devices become " + sink + " and " + source, .at = at};
}

}  // namespace

void add_session_faults(std::vector<FaultKind>& kinds) {
  kinds.push_back({"session: pipewire restarts", Company::none, restart_pipewire});
  kinds.push_back({"session: wireplumber restarts", Company::none, restart_wireplumber});
  kinds.push_back({"session: pipewire-pulse restarts", Company::none, restart_pulse});
  kinds.push_back({"session: all three restart", Company::none, restart_all});
  kinds.push_back({"session: pipewire stands still", Company::none, freeze_pipewire});
  kinds.push_back({"session: pipewire-pulse stands still", Company::none, freeze_pulse});
  kinds.push_back({"session: wireplumber stands still", Company::none, freeze_wireplumber});
  kinds.push_back({"graph: virtual node destroyed", Company::any, destroy_device});
  kinds.push_back({"graph: child's node destroyed", Company::any, destroy_child_node});
  kinds.push_back({"graph: link removed", Company::any, remove_link});
  kinds.push_back({"graph: default devices change", Company::any, change_default});
}

}  // namespace rocd::test
