// What happens to one child: signals, a bug in it, a tool that is broken.
#include <signal.h>

#include <memory>
#include <string_view>

#include "faults/fault.hpp"
#include "support/later_signal.hpp"
#include "support/network_thread.hpp"
#include "support/spin.hpp"

namespace rocd::test {
namespace {

struct Victim {
  std::string stream;
  int pid = -1;  // there is none: another fault has taken all of them
};

// Of any stream that is not spared; of the next one that has a child if that is between two lives.
// `tool`: of those that run this one only.
Victim pick_child(House& house, Random& random, std::string_view tool = "roc-") {
  const auto names = house.piped_streams();
  const auto first = pick_index(names.size(), random);
  Victim victim;
  eventually(
      [&] {
        const auto children = house.children();
        for (std::size_t i = 0; i < names.size() && victim.pid < 0; ++i) {
          const auto& name = names[(first + i) % names.size()];
          if (house.spared().contains(name)) continue;
          const int pid = children.at(name).pid;
          // A tool that is broken is a shell, and not there for long.
          const auto called =
              pid > 0 ? read_file("/proc/" + std::to_string(pid) + "/cmdline") : "/bin/sh";
          const bool works = !called.starts_with("/bin/sh");
          if (works && called.find(tool) != std::string::npos) victim = {name, pid};
        }
        return victim.pid > 0;
      },
      2s);
  return victim;
}

Fault none_found(const std::string& what) {
  return {.what = what + " of a child (there is none)", .found = false};
}

Fault send_signal(House& house, Random& random, int signal, const std::string& name,
                  const std::vector<std::string>& words) {
  const auto [stream, pid] = pick_child(house, random);
  if (pid < 0) return none_found(name);
  const auto at = std::chrono::steady_clock::now();
  ::kill(pid, signal);
  require(
      [pid = pid, signal] {
        const auto state = process_state(pid);
        return state == '\0' || state == 'Z' || (signal == SIGSTOP && state == 'T');
      },
      name + " does nothing to the child of " + stream);
  return {.what = name + " of the child of " + stream,
          .reach = reach_of(house, {stream}),
          .causes = {{.words = words, .streams = {stream}}},
          .at = at};
}

Fault kill_child(House& house, Random& random) {
  return send_signal(house, random, SIGKILL, "SIGKILL", {"SIGKILL"});
}

Fault crash_child(House& house, Random& random) {
  // Roc Toolkit writes down where it was, and aborts.
  return send_signal(house, random, SIGSEGV, "SIGSEGV", {"SIGSEGV", "SIGABRT"});
}

Fault stop_child(House& house, Random& random) {
  return send_signal(house, random, SIGSTOP, "SIGSTOP", {"SIGSTOP"});
}

// One that is stopped for less is not ended, for more is; in between it is told if it was.
constexpr Milliseconds borne_with = 1s, ended_for_certain = 3500ms;

// It goes on when it is due, however long another fault takes to begin or to end.
Fault pause_child(House& house, Random& random) {
  const auto lasts = between(100ms, 4s, random);
  auto fault = send_signal(house, random, SIGSTOP, "SIGSTOP, then SIGCONT,", {"SIGSTOP"});
  if (!fault.found) return fault;
  const auto stream = *fault.reach.children.begin();
  const int pid = house.children().at(stream).pid;
  if (lasts < borne_with) fault.reach.children.clear();
  if (lasts < ended_for_certain) {
    fault.causes.front().words.emplace_back("stands still");  // it goes on, and is seen a bit later
    fault.causes.front().unless_child = pid;
  }
  fault.lasts = lasts;
  fault.end = [later = std::make_shared<LaterSignal>(pid, SIGCONT, fault.at + lasts)] {
    later->wait();
  };
  return fault;
}

Fault spin_child(House& house, Random& random) {
  const auto [stream, pid] = pick_child(house, random);
  if (pid < 0) return none_found("spinning");
  make_it_spin(pid);
  // On a busy machine it gets so little that it looks as if it stood still.
  return {.what = "spinning of the child of " + stream,
          .reach = reach_of(house, {stream}),
          .causes = {{.words = {"uses a whole processor", "stands still"}, .streams = {stream}}}};
}

// Its other threads go on, so that it plays silence. No packets, nothing to notice.
Fault hang_network_thread(House& house, Random& random) {
  const auto [stream, pid] = pick_child(house, random, "roc-recv");
  if (pid < 0) return none_found("a hanging network thread");
  const auto held = std::make_shared<HeldNetworkThread>(pid);
  return {.what = "the network thread of the child of " + stream + " hangs",
          .reach = reach_of(house, {stream}),
          .causes = {{.words = {"its network thread does not go on"},
                      .streams = {stream},
                      .in_states_only = true}},  // its health has said before what is missing
          .check = [held] {}};                   // until then it is held
}

Fault break_tool(House& house, Random& random) {
  const auto tool = pick({"roc-send", "roc-recv"}, random);
  const std::string direction = tool == "roc-send" ? "send" : "receive";
  // A child that had failed before tries it after 4.2 s at the latest, if rocd has not found out by
  // then that the tool is another one. Now and then it lasts long.
  const bool lasting = std::bernoulli_distribution(0.25)(random);
  const auto lasts = lasting ? between(15s, 25s, random) : between(4500ms, 7s, random);
  house.set_tool(tool, false);
  std::vector<std::string> hit;
  std::vector<Cause> causes;
  for (const auto& [stream, child] : house.children()) {
    if (!stream.starts_with(direction)) continue;
    if (child.pid < 0) throw std::runtime_error(stream + " has no child to begin with");
    ::kill(child.pid, SIGKILL);
    hit.push_back(stream);
    causes.push_back({{"exit status 3"}, {stream}});
    causes.push_back({{"exit status 3"}, {stream}, true});
  }
  return {.what = tool + " is replaced by one that fails",
          .reach = reach_of(house, hit),
          .end = [&house, tool] { house.set_tool(tool, true); },
          .lasts = lasts,
          .causes = causes};
}

}  // namespace

void add_child_faults(std::vector<FaultKind>& kinds) {
  kinds.push_back({"child: SIGKILL", Company::any, kill_child});
  kinds.push_back({"child: SIGSEGV", Company::any, crash_child});
  kinds.push_back({"child: SIGSTOP", Company::any, stop_child});
  kinds.push_back({"child: SIGSTOP and SIGCONT", Company::any, pause_child});
  kinds.push_back({"child: spins", Company::any, spin_child});
  kinds.push_back({"child: network thread hangs", Company::any, hang_network_thread});
  kinds.push_back({.name = "tool: broken, then restored",
                   .company = Company::others,
                   .begin = break_tool,
                   .outlives_rocd = true,
                   .writes = false});
}

}  // namespace rocd::test
