// What happens to one child: signals, a bug in it, a tool that is broken.
#include <signal.h>

#include "faults/fault.hpp"
#include "support/spin.hpp"

namespace rocd::test {
namespace {

// The child of a random stream; it may be between two lives because of another fault.
int child_of(House& house, const std::string& stream) {
  int pid = -1;
  eventually([&] { return (pid = house.rocd().child_of(stream)) > 0; }, 10s);
  return pid;
}

Fault send_signal(House& house, Random& random, int signal, const char* name) {
  const auto stream = pick(house.piped_streams(), random);
  const int pid = child_of(house, stream);
  if (pid > 0) ::kill(pid, signal);
  return {.what = std::string(name) + " of the child of " + stream,
          .causes = {name},
          .hits = {{stream}}};
}

Fault kill_child(House& house, Random& random) {
  return send_signal(house, random, SIGKILL, "SIGKILL");
}

Fault crash_child(House& house, Random& random) {
  return send_signal(house, random, SIGSEGV, "SIGSEGV");
}

Fault stop_child(House& house, Random& random) {
  const auto stream = pick(house.piped_streams(), random);
  const int pid = child_of(house, stream);
  if (pid > 0) ::kill(pid, SIGSTOP);
  return {.what = "SIGSTOP of the child of " + stream, .causes = {"SIGSTOP"}, .hits = {{stream}}};
}

Fault pause_child(House& house, Random& random) {
  const auto stream = pick(house.piped_streams(), random);
  const int pid = child_of(house, stream);
  if (pid > 0) ::kill(pid, SIGSTOP);
  return {.what = "SIGSTOP, then SIGCONT, of the child of " + stream,
          .end =
              [pid] {
                if (pid > 0 && process_runs(pid)) ::kill(pid, SIGCONT);
              },
          .lasts = between(100ms, 4s, random),
          .hits = {{stream}}};
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
  Fault fault{.what = "spinning child of " + stream, .hits = {{stream}}};
  // On a busy machine it gets so little that it looks as if it stood still.
  if (spins) fault.causes = {"uses a whole processor", "stands still"};
  return fault;
}

Fault break_tool(House& house, Random& random) {
  const auto tool = pick({"roc-send", "roc-recv"}, random);
  const bool sends = tool == "roc-send";
  house.set_tool(tool, false);
  for (const auto& stream : house.piped_streams()) {
    const int pid = stream.starts_with(sends ? "send" : "receive") ? child_of(house, stream) : -1;
    if (pid > 0) ::kill(pid, SIGKILL);
  }
  return {.what = tool + " is replaced by one that fails",
          .end = [&house, tool] { house.set_tool(tool, true); },
          .lasts = between(1s, 6s, random),
          .causes = {"exit status 3"}};
}

}  // namespace

void add_child_faults(std::vector<FaultKind>& kinds) {
  kinds.push_back({"child: SIGKILL", false, kill_child});
  kinds.push_back({"child: SIGSEGV", false, crash_child});
  kinds.push_back({"child: SIGSTOP", false, stop_child});
  kinds.push_back({"child: SIGSTOP and SIGCONT", false, pause_child});
  kinds.push_back({"child: spins", false, spin_child});
  kinds.push_back({"tool: broken, then restored", true, break_tool});
}

}  // namespace rocd::test
