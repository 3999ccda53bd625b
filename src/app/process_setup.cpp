#include "app/process_setup.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>

#include "base/write_all.hpp"

namespace rocd {
namespace {

// Some systems have a hard limit of a billion, and programs that walk all descriptors then hang.
constexpr rlim_t enough_descriptors = 65536;

Result<> raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return errno_error("getrlimit", errno);
  const auto wanted = std::min(limit.rlim_max, enough_descriptors);
  if (limit.rlim_cur >= wanted) return {};
  limit.rlim_cur = wanted;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return errno_error("setrlimit", errno);
  return {};
}

Result<> follow_parent() {
  const auto parent = ::getppid();
  if (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) return errno_error("prctl", errno);
  // It may have ended before the call; then the signal never comes (prctl(2)).
  if (::getppid() == parent) return {};
  Error error;
  error.code = ErrorCode::unavailable;
  error.message = "the process that started rocd has ended already (--exit-with-parent)";
  return error;
}

}  // namespace

Result<> claim_ready_fd(int descriptor) {
  Error error{ErrorCode::invalid_argument, {}, "--ready-fd", {}, {}};
  const int access = ::fcntl(descriptor, F_GETFL);
  if (access < 0) {
    error.message = fmt::format(
        "descriptor {} is not open, expected one that was passed on to rocd", descriptor);
    return error;
  }
  if ((access & O_ACCMODE) == O_RDONLY) {
    error.message = fmt::format("descriptor {} is read-only, expected one to write to", descriptor);
    return error;
  }
  // A child that held it would keep a reader waiting; 0 to 2 are replaced in children anyway.
  if (descriptor > STDERR_FILENO && ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0)
    return errno_error("fcntl of --ready-fd", errno);
  return {};
}

Result<> prepare_process(bool exit_with_parent) {
  std::signal(SIGPIPE, SIG_IGN);
  if (auto raised = raise_descriptor_limit(); !raised) return raised;
  if (exit_with_parent) return follow_parent();
  return {};
}

Result<> announce_ready(int descriptor, const std::string& url) {
  if (auto written = write_all(descriptor, url + "\n", "write to --ready-fd"); !written)
    return written;
  // 0 to 2 stay open: a log that goes to a closed stderr would go to the next socket.
  if (descriptor > 2) ::close(descriptor);
  return {};
}

}  // namespace rocd
