#include "stream/stream_problem.hpp"

#include <array>
#include <cerrno>

namespace rocd {
namespace {

struct Remedy {
  std::string_view part;  // of what the tool said
  std::string_view hint;
};

constexpr std::array remedies{
    Remedy{"can't resolve hostname", "check the host name, or write the address as numbers"},
    Remedy{"EADDRNOTAVAIL", "use an address of this machine, or 0.0.0.0 for all of them"},
    Remedy{"EACCES", "ports below 1024 need privileges: choose a higher one"},
    Remedy{
        "file or device",
        "the tools reach PipeWire through its PulseAudio server: check that pipewire-pulse runs"},
    Remedy{"stream is broken",
           "the device, or PipeWire's Pulse server, went away: check that pipewire-pulse runs"},
    // When nothing is taken or given any more. roc-recv opens its device again then.
    Remedy{"stream timeout expired",
           "its device stood still: PipeWire, or its Pulse server, was busy or went away"},
    // What roc-send says when it aborts because of that (docs/facts.md).
    Remedy{"heap arena", "its device, or its node in PipeWire, went away while it played"},
    Remedy{"loading shared libraries", "install Roc Toolkit's tools anew (scripts/setup.sh)"},
    Remedy{"unrecognized option",
           "the installed version is another one than was probed: rocd looks at it anew"},
};

}  // namespace

StreamProblem explain_tool_error(std::string text) {
  for (const auto& remedy : remedies) {
    if (text.find(remedy.part) != std::string::npos) {
      return {std::move(text), std::string(remedy.hint)};
    }
  }
  return {std::move(text), ""};
}

StreamProblem explain_bind_failure(const FactBindFailed& failure) {
  const auto port = std::to_string(failure.port);
  if (failure.in_use) {
    return {"UDP port " + port + " of " + failure.host + " is used by another program",
            "choose another port, or find the program with: ss -ulpn 'sport = :" + port + "'"};
  }
  auto problem = explain_tool_error(failure.text);
  problem.message =
      "cannot use UDP port " + port + " of " + failure.host + ": " + std::move(problem.message);
  return problem;
}

StreamProblem explain_spawn_failure(const std::string& text, int error_number) {
  StreamProblem problem{"the tool could not be started: " + text,
                        "if it was removed or moved, install it again"};
  if (error_number == EMFILE || error_number == ENFILE)
    problem.hint = "let rocd open more files (LimitNOFILE= of the service, ulimit -n)";
  if (error_number == EAGAIN)
    problem.hint = "let rocd have more processes (TasksMax= of the service, ulimit -u)";
  if (error_number == ENOMEM) problem.hint = "free memory, or have fewer streams";
  return problem;
}

}  // namespace rocd
