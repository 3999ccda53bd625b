// What happens to one child: signals, a bug in it, a tool that is broken.
#include <signal.h>

#include "faults/fault.hpp"
#include "support/spin.hpp"

namespace rocd::test {
namespace {

// Of a stream; it may be between two lives because of another fault, -1 then.
int child_of(House& house, const std::string& stream) {
  int pid = -1;
  eventually([&] { return (pid = house.rocd().child_of(stream)) > 0; }, 2s);
  // A tool that is broken is a shell, and not there for long.
  const auto called = pid > 0 ? read_file("/proc/" + std::to_string(pid) + "/cmdline") : "/bin/sh";
  return called.empty() || called.starts_with("/bin/sh") ? -1 : pid;
}

std::string told_apart(int pid, const std::string& stream) {
  return " of the child of " + stream + (pid > 0 ? "" : " (it has none)");
}

// Nobody tells of what did not happen.
std::vector<Cause> told_if(bool happened, const std::string& stream,
                           std::vector<std::string> words) {
  if (!happened) return {};
  return {{.words = std::move(words), .streams = {stream}}};
}

Fault send_signal(House& house, Random& random, int signal, const std::string& name,
                  std::vector<std::string> words) {
  const auto stream = pick(house.piped_streams(), random);
  const int pid = child_of(house, stream);
  const bool happens = pid > 0 && ::kill(pid, signal) == 0;
  return {.what = name + told_apart(pid, stream),
          .causes = told_if(happens, stream, std::move(words))};
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

Fault pause_child(House& house, Random& random) {
  const auto stream = pick(house.piped_streams(), random);
  const int pid = child_of(house, stream);
  if (pid > 0) ::kill(pid, SIGSTOP);
  return {.what = "SIGSTOP, then SIGCONT," + told_apart(pid, stream),
          .end =
              [pid] {
                if (pid > 0 && process_runs(pid)) ::kill(pid, SIGCONT);
              },
          .lasts = between(100ms, 4s, random)};
}

Fault spin_child(House& house, Random& random) {
  const auto stream = pick(house.piped_streams(), random);
  const int pid = child_of(house, stream);
  bool spins = false;
  try {
    if (pid > 0) make_it_spin(pid);
    spins = pid > 0;
  } catch (const std::system_error&) {
    // It has ended meanwhile, by another fault.
  }
  // On a busy machine it gets so little that it looks as if it stood still.
  return {.what = "spinning" + told_apart(pid, stream),
          .causes = told_if(spins, stream, {"uses a whole processor", "stands still"})};
}

Fault break_tool(House& house, Random& random) {
  const auto tool = pick({"roc-send", "roc-recv"}, random);
  const bool sends = tool == "roc-send";
  // A child that had failed before tries it after 4.2 s at the latest.
  const auto lasts = between(4500ms, 7s, random);
  house.set_tool(tool, false);
  std::vector<Cause> causes;
  for (const auto& stream : house.piped_streams()) {
    const int pid = stream.starts_with(sends ? "send" : "receive") ? child_of(house, stream) : -1;
    if (pid > 0) ::kill(pid, SIGKILL);
    if (pid > 0) causes.push_back({{"exit status 3"}, {stream}});
    if (pid > 0 && lasts > shows_in_health) causes.push_back({{"exit status 3"}, {stream}, true});
  }
  return {.what = tool + " is replaced by one that fails",
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
  kinds.push_back({"tool: broken, then restored", Company::others, break_tool});
}

}  // namespace rocd::test
