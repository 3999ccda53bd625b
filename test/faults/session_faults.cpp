// What happens to the session: daemons that die or stand still.
#include <csignal>
#include <stdexcept>

#include "faults/fault.hpp"

namespace rocd::test {
namespace {

std::vector<Cause> in_health_of(const std::vector<std::string>& streams, const std::string& word) {
  std::vector<Cause> causes;
  for (const auto& stream : streams) causes.push_back({{word}, {stream}, true});
  return causes;
}

// A child that has ended with the Pulse server, or lost its link with the session manager.
std::vector<Cause> if_replaced(const House& house) {
  std::vector<Cause> causes;
  for (const auto& [stream, child] : house.children()) {
    auto words = why_a_child_ended();
    // Or because of what another fault has done to it before.
    if (house.spared().contains(stream))
      words.insert(words.end(), {"SIG", "uses a whole processor", "waits for its"});
    causes.push_back({.words = std::move(words), .streams = {stream}, .unless_child = child.pid});
  }
  return causes;
}

Fault restart_daemons(House& house, Random& random, const std::vector<std::string>& daemons) {
  const bool pipewire = daemons.front() == "pipewire";
  const bool pulse = daemons.front() == "pipewire-pulse";
  const auto lasts = between(0ms, pulse ? 8s : 6s, random);
  std::vector<Cause> causes;
  if (!pipewire) causes = if_replaced(house);
  std::string names;
  std::map<std::string, int> killed;
  house.note_lull();
  for (const auto& daemon : daemons) {
    killed[daemon] = house.session.pid(daemon);
    // Not by a script, which needs a while: events until now are of the time before. One that has
    // ended with the one before it is gone.
    if (process_runs(killed[daemon])) house.session.signal(daemon, SIGKILL);
    require([pid = killed[daemon]] { return !process_runs(pid); }, daemon + " does not end");
    names += (names.empty() ? "" : " and ") + daemon;
  }
  if (pipewire && lasts > shows_in_health)
    causes = in_health_of(house.streams(), "waits for PipeWire");
  if (pipewire) causes.push_back({{"\"connected\":false"}, {}});
  if (pulse && lasts > shows_in_health) {
    const auto shown = in_health_of(house.piped_streams(), "Pulse server does not run");
    causes.insert(causes.end(), shown.begin(), shown.end());
  }
  if (!pipewire && !pulse) {
    const auto shown = in_health_of(house.piped_streams(), "no session manager");
    if (lasts > shows_in_health) causes.insert(causes.end(), shown.begin(), shown.end());
    causes.push_back({{"no session manager"}, {}});
  }
  auto reach = reach_of_all(house);
  if (pulse) reach = reach_of(house, house.piped_streams());
  return {.what = "SIGKILL of " + names + ", started again",
          .reach = reach,
          .end =
              [&house, killed] {
                house.session.restart();
                for (const auto& [daemon, pid] : killed)
                  if (house.session.pid(daemon) == pid)
                    throw std::runtime_error(daemon + " was not started again");
              },
          .lasts = lasts,
          .causes = causes,
          .limit = pipewire ? 10s : 5s,
          .new_sound = !pulse,
          .new_links = !pulse};
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
// waits for it stands still, too, and is not to be blamed for that; but those that another fault
// has hit before.
Fault freeze_daemon(House& house, const std::string& daemon, Milliseconds lasts,
                    std::vector<Cause> causes, Reach reach) {
  const auto children_of_others = [&house, hit = house.spared()] {
    auto children = house.children();
    for (const auto& stream : hit) children.erase(stream);
    return children;
  };
  const auto children = children_of_others();
  const int pid = house.session.pid(daemon);
  house.session.signal(daemon, SIGSTOP);
  if (daemon != "wireplumber") house.note_lull();
  require([pid] { return process_state(pid) == 'T'; }, daemon + " does not stand still");
  return {.what = daemon + " stands still for " + std::to_string(lasts.count()) + " ms",
          .reach = std::move(reach),
          .end =
              [&house, daemon, children, children_of_others] {
                const auto now = children_of_others();
                house.session.signal(daemon, SIGCONT);
                if (now != children)
                  throw std::runtime_error("children were ended because " + daemon +
                                           " stands still:\n" + house.rocd().log());
              },
          .lasts = lasts,
          .causes = std::move(causes),
          .hits_control = daemon == "pipewire"};
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
  return freeze_daemon(house, "pipewire", lasts, causes, reach_of_all(house));
}

Fault freeze_pulse(House& house, Random& random) {
  const auto lasts = between(3s, 8s, random);
  return freeze_daemon(house, "pipewire-pulse", lasts,
                       lasts > frozen_for_certain
                           ? in_health_of(house.piped_streams(), "does not answer")
                           : std::vector<Cause>{},
                       reach_of(house, house.piped_streams()));
}

// Who makes links; those that are there go on. Only a child that is new waits for it.
Fault freeze_wireplumber(House& house, Random& random) {
  const auto& hit = house.spared();
  return freeze_daemon(house, "wireplumber", between(3s, 6s, random), {},
                       reach_of(house, {hit.begin(), hit.end()}));
}

}  // namespace

void add_session_faults(std::vector<FaultKind>& kinds) {
  const auto add = [&](const char* name, Fault (*begin)(House&, Random&), bool in_health) {
    kinds.push_back(
        {.name = name, .company = Company::last, .begin = begin, .in_health = in_health});
  };
  add("session: pipewire restarts", restart_pipewire, true);
  add("session: wireplumber restarts", restart_wireplumber, true);
  add("session: pipewire-pulse restarts", restart_pulse, true);
  add("session: all three restart", restart_all, true);
  add("session: pipewire stands still", freeze_pipewire, true);
  add("session: pipewire-pulse stands still", freeze_pulse, true);
  add("session: wireplumber stands still", freeze_wireplumber, false);
}

}  // namespace rocd::test
