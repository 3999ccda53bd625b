#include "app/process_setup.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
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

Error no_starter(std::string message, std::string where) {
  return {ErrorCode::unavailable, std::move(message), std::move(where), {}, {}};
}

Result<int> open_parent() {
  const std::string option = "--exit-with-parent";
  const std::string ended = "the process that started rocd has ended already";
  const auto parent = ::getppid();
  if (parent == 0)  // pid_namespaces(7)
    return no_starter("the process that started rocd is in another PID namespace", option);
  // glibc has a function for it since 2.36 only.
  const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, parent, 0));
  if (pidfd < 0 && errno == ESRCH) return no_starter(ended, option);
  if (pidfd < 0) return errno_error("pidfd_open of the process that started rocd", errno);
  // Had it ended before that call, its number might be another process's by now; but rocd would
  // have been given another parent, too.
  if (::getppid() == parent) return pidfd;
  ::close(pidfd);
  return no_starter(ended, option);
}

Result<> check_reader(int descriptor) {
  pollfd reader{descriptor, 0, 0};
  if (::poll(&reader, 1, 0) != 1 || (reader.revents & (POLLERR | POLLHUP)) == 0) return {};
  return no_starter(
      fmt::format("nobody reads descriptor {} any more, has the process that started rocd ended?",
                  descriptor),
      "--ready-fd");
}

}  // namespace

void reserve_standard_descriptors() {
  // open(2) takes the lowest number that is free.
  for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number)
    if (::fcntl(number, F_GETFD) < 0) (void)::open("/dev/null", O_RDONLY);
}

Result<Starter> find_starter(std::optional<int> ready_fd, bool exit_with_parent) {
  Starter starter{ready_fd, {}};
  if (ready_fd)
    if (const auto claimed = claim_ready_fd(*ready_fd); !claimed) return claimed.error();
  if (exit_with_parent) {
    const auto parent = open_parent();
    if (!parent) return parent.error();
    starter.process = *parent;
  }
  // After the parent: one that ends from here on is noticed by its pidfd.
  if (ready_fd)
    if (const auto read = check_reader(*ready_fd); !read) return read.error();
  return starter;
}

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

Result<> prepare_process() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit is a write that fails, not the end
  return raise_descriptor_limit();
}

std::size_t descriptor_limit() {
  rlimit limit{};
  // Fails with a wrong number or address only (getrlimit(2)).
  (void)::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, enough_descriptors));
}

Result<> announce_ready(int descriptor, const std::string& url) {
  if (auto written = write_all(descriptor, url + "\n", "write to --ready-fd"); !written)
    return written;
  // 0 to 2 stay open: a log that goes to a closed stderr would go to the next socket.
  if (descriptor > 2) ::close(descriptor);
  return {};
}

}  // namespace rocd
