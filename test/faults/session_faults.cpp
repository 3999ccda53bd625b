// What happens to the session and its graph: daemons that die, nodes and links that others take
// away, a default device that changes.
#include <csignal>
#include <sstream>
#include <stdexcept>

#include "faults/fault.hpp"

namespace rocd::test {
namespace {

Fault restart_daemons(House& house, Random& random, const std::vector<std::string>& daemons) {
  const bool pipewire = daemons.front() == "pipewire";
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
  return {.what = "SIGKILL of " + names + ", started again",
          .end = [&house] { house.session.restart(); },
          .lasts = between(0ms, 2s, random),
          .causes = pipewire ? std::vector<std::string>{"PipeWire"} : std::vector<std::string>{},
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
Fault freeze_daemon(House& house, Random& random, const std::string& daemon) {
  const auto children = house.children();
  const auto lasts = between(3s, 8s, random);
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
          // It takes 1.5 to 3 s until a child is doubted, and 2 until that is certain.
          .causes =
              lasts > 6s ? std::vector<std::string>{"does not answer"} : std::vector<std::string>{},
          .limit = 10s};
}

Fault freeze_pipewire(House& house, Random& random) {
  return freeze_daemon(house, random, "pipewire");
}

Fault freeze_pulse(House& house, Random& random) {
  return freeze_daemon(house, random, "pipewire-pulse");
}

Fault destroy_device(House& house, Random& random) {
  std::vector<std::string> nodes;
  for (const auto& node : rocd_nodes(house.session))
    if (!node.starts_with("rocd.stream.")) nodes.push_back(node);
  const auto node = pick(nodes, random);
  destroy_node(house.session, node);
  return {.what = "another client destroys " + node, .hits = {{node}}};
}

Fault destroy_child_node(House& house, Random& random) {
  std::vector<std::string> nodes;
  for (const auto& node : rocd_nodes(house.session))
    if (node.starts_with("rocd.stream.")) nodes.push_back(node);
  if (nodes.empty()) return {.what = "no node of a child is there to be destroyed"};
  const auto node = pick(nodes, random);
  destroy_node(house.session, node);
  return {.what = "another client destroys " + node};
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
  for (const std::string channel : {"FL", "FR"})
    house.session.run("pw-link -d '" + from + channel + "' '" + to + channel + "' || true");
  return {.what = "another client unlinks " + from + " from " + to};
}

Fault change_default(House& house, Random& random) {
  const auto sink = pick({"test.sink", "rocd.speaker-a", "rocd.speaker-b"}, random);
  const auto source = pick({"test.source", "rocd.microphone-a", "rocd.microphone-c"}, random);
  const auto set = [&](const std::string& key, const std::string& name) {
    house.session.run("timeout 10 pw-metadata 0 default.configured.audio." + key +
                      " '{\"name\":\"" + name + "\"}' Spa:String:JSON >/dev/null");
  };
  set("sink", sink);
  set("source", source);
  return {.what = "the default devices become " + sink + " and " + source,
          .hits = std::vector<std::string>{}};
}

}  // namespace

void add_session_faults(std::vector<FaultKind>& kinds) {
  kinds.push_back({"session: pipewire restarts", true, restart_pipewire});
  kinds.push_back({"session: wireplumber restarts", true, restart_wireplumber});
  kinds.push_back({"session: pipewire-pulse restarts", true, restart_pulse});
  kinds.push_back({"session: all three restart", true, restart_all});
  kinds.push_back({"session: pipewire stands still", true, freeze_pipewire});
  kinds.push_back({"session: pipewire-pulse stands still", true, freeze_pulse});
  kinds.push_back({"graph: virtual node destroyed", false, destroy_device});
  kinds.push_back({"graph: child's node destroyed", false, destroy_child_node});
  kinds.push_back({"graph: link removed", false, remove_link});
  kinds.push_back({"graph: default devices change", false, change_default});
}

}  // namespace rocd::test
