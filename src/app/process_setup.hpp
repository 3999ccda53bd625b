// What this process asks of the kernel once, before it opens anything: descriptors, signals,
// its parent.
#pragma once

#include <string>

#include "base/result.hpp"

namespace rocd {

// Refuses a descriptor that is not open or cannot be written, and keeps it from children. Call
// before anything is opened: a number that nobody passed on is later that of a file of rocd's own,
// such as its state. Errors: invalid_argument.
[[nodiscard]] Result<> claim_ready_fd(int descriptor);

// Raises the soft limit of descriptors to the hard one (each child costs three), ignores SIGPIPE
// (closed sockets are seen as EPIPE), and, if asked, has SIGTERM sent when the parent ends.
[[nodiscard]] Result<> prepare_process(bool exit_with_parent);

// Writes `url` and a newline to the claimed descriptor and closes it. Errors: io.
[[nodiscard]] Result<> announce_ready(int descriptor, const std::string& url);

}  // namespace rocd
