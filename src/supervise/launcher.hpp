// Starts a program in a process group of its own, with nothing inherited but three descriptors.
// Does not watch it. Replaces Boost.Process's default launcher, which leaks descriptors
// (boostorg/process#360), copies the page tables of a large parent, and leaves zombies.
#pragma once

#include <string>
#include <vector>

#include "supervise/spawner.hpp"

namespace rocd {

// Ownership of the pidfd passes to the caller, who must also reap the child.
struct LaunchedProcess {
  int pid = -1;
  int pidfd = -1;
};

struct LaunchDescriptors {
  int in = -1, out = -1, err = -1;  // become 0, 1 and 2 of the child; stay open in the parent
};

// program: an absolute path. The child gets: SIGKILL when the *thread* that calls this ends
// (prctl(2), PR_SET_PDEATHSIG), default signal handlers, an empty signal mask, its own process
// group, working directory "/". Returns once execve(2) has succeeded or failed; its error is the
// result. Errors: io, "cannot start '<program>': <reason>".
[[nodiscard]] SpawnResult<LaunchedProcess> launch(const std::string& program,
                                                  const std::vector<std::string>& argv,
                                                  const std::vector<std::string>& environment,
                                                  LaunchDescriptors descriptors);

}  // namespace rocd
