// What this process asks of the kernel once, before it opens anything: descriptors, signals,
// its parent.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace rocd {

// What whoever started rocd wants of it, by --ready-fd and --exit-with-parent.
struct Starter {
  std::optional<int> ready_fd;
  // A pidfd of its process, readable once that has ended, however it did. Not PR_SET_PDEATHSIG,
  // which is about the thread that started rocd: in programs with a window such threads come and
  // go. Belongs to who reads it.
  std::optional<int> process;
};

// Call first of all. Descriptors 0 to 2 that are closed become ones that nothing can be written to:
// else files of rocd's own had these numbers, and the log or an answer went to the state, say.
void reserve_standard_descriptors();

// Call before anything else is opened: a number that nobody passed on is later that of a file of
// rocd's own, such as its state; and a parent that ends before it was looked at shows only by
// nobody reading the ready_fd. Errors: those of claim_ready_fd(); unavailable if the parent has
// ended, or is in another PID namespace.
[[nodiscard]] Result<Starter> find_starter(std::optional<int> ready_fd, bool exit_with_parent);

// Refuses a descriptor that is not open or cannot be written, and keeps it from children.
// Errors: invalid_argument.
[[nodiscard]] Result<> claim_ready_fd(int descriptor);

// Raises the soft limit of descriptors to the hard one (each child costs three) and ignores SIGPIPE
// and SIGXFSZ (closed sockets and files at their limit are seen as errors).
[[nodiscard]] Result<> prepare_process();

// How many descriptors this process may have open.
[[nodiscard]] std::size_t descriptor_limit();

// Writes `url` and a newline to the claimed descriptor and closes it. Errors: io.
[[nodiscard]] Result<> announce_ready(int descriptor, const std::string& url);

}  // namespace rocd
