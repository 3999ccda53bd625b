// Ends children that outlived the rocd that started them. Normally there are none, because a child
// gets SIGKILL with its parent; this is for what escaped that, such as a set-user-ID program.
#pragma once

#include <string>
#include <vector>

#include "base/process_identity.hpp"

namespace rocd {

struct OrphanRecord {
  std::string boot_id;  // of the boot in which it was started
  ProcessIdentity identity;
};

// Kills (SIGKILL, its whole process group) each process that is proven to be the recorded one: same
// boot, same pid, same start time. Waits up to a second for their end, so that their ports are
// free. Returns those that it killed. The program's name proves nothing: Roc's may run by a loader.
std::vector<ProcessIdentity> kill_orphans(const std::vector<OrphanRecord>& records);

}  // namespace rocd
