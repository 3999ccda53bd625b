#include "supervise/launcher.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>

#include "supervise/pidfd.hpp"

namespace rocd {
namespace {

constexpr std::size_t stack_bytes = 65536;
constexpr std::size_t guard_bytes = 4096;

// A stack for the child, which shares our memory until execve(2). Below it a page that traps.
class ChildStack {
 public:
  ChildStack()
      : base_(::mmap(nullptr, stack_bytes + guard_bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {
    if (valid() && ::mprotect(base_, guard_bytes, PROT_NONE) != 0) release();
  }
  ~ChildStack() { release(); }
  ChildStack(const ChildStack&) = delete;
  ChildStack& operator=(const ChildStack&) = delete;

  [[nodiscard]] bool valid() const { return base_ != MAP_FAILED; }
  [[nodiscard]] void* top() const {
    return static_cast<std::byte*>(base_) + stack_bytes + guard_bytes;
  }

 private:
  void release() {
    if (valid()) ::munmap(base_, stack_bytes + guard_bytes);
    base_ = MAP_FAILED;
  }
  void* base_;
};

class BlockAllSignals {
 public:
  BlockAllSignals() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockAllSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockAllSignals(const BlockAllSignals&) = delete;
  BlockAllSignals& operator=(const BlockAllSignals&) = delete;

 private:
  sigset_t before_{};
};

struct ChildArguments {
  const char* program;
  char* const* argv;
  char* const* environment;
  int descriptors[3];
  pid_t parent;
  volatile int error_number;  // written by the child, in our memory
};

// The child runs on our memory while we are suspended (CLONE_VFORK): no allocation, no lock, no
// exception, and nothing that a sanitizer instruments (no lambda either: it would be).
#define ROCD_IN_CHILD __attribute__((no_sanitize("address", "undefined")))

[[noreturn]] ROCD_IN_CHILD void give_up(ChildArguments& arguments, int error_number) {
  arguments.error_number = error_number;
  ::_exit(127);
}

ROCD_IN_CHILD int child_main(void* pointer) {
  auto& arguments = *static_cast<ChildArguments*>(pointer);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(arguments, errno);
  // Our parent may have died before that call, then the signal never comes (prctl(2)).
  if (::getppid() != arguments.parent) give_up(arguments, ESRCH);
  if (::setpgid(0, 0) != 0) give_up(arguments, errno);
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < _NSIG; ++signal)
    if (signal != SIGKILL && signal != SIGSTOP) ::sigaction(signal, &standard, nullptr);
  // First out of the way of 0..2, so that no dup2() overwrites one that is still to be moved.
  for (auto& descriptor : arguments.descriptors) {
    descriptor = ::fcntl(descriptor, F_DUPFD, 3);
    if (descriptor < 0) give_up(arguments, errno);
  }
  for (int target = 0; target < 3; ++target)
    if (::dup2(arguments.descriptors[target], target) < 0) give_up(arguments, errno);
  // UNSHARE: the table is a copy already (no CLONE_FILES), it only makes large tables cheap.
  if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_UNSHARE) != 0) give_up(arguments, errno);
  if (::chdir("/") != 0) give_up(arguments, errno);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(arguments.program, arguments.argv, arguments.environment);
  give_up(arguments, errno);
}

#undef ROCD_IN_CHILD

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

SpawnError cannot_start(const std::string& program, int error_number) {
  SpawnError error{errno_error(fmt::format("cannot start '{}'", program), error_number),
                   error_number};
  error.where = program;
  return error;
}

}  // namespace

SpawnResult<LaunchedProcess> launch(const std::string& program,
                                    const std::vector<std::string>& argv,
                                    const std::vector<std::string>& environment,
                                    LaunchDescriptors descriptors) {
  const auto argv_pointers = pointers(argv);
  const auto environment_pointers = pointers(environment);
  const ChildStack stack;
  if (!stack.valid()) return cannot_start(program, ENOMEM);
  ChildArguments arguments{program.c_str(),
                           argv_pointers.data(),
                           environment_pointers.data(),
                           {descriptors.in, descriptors.out, descriptors.err},
                           ::getpid(),
                           0};
  LaunchedProcess launched;
  int failure = 0;
  {
    // A handler that ran in the child would change the parent's memory.
    const BlockAllSignals blocked;
    launched.pid = ::clone(child_main, stack.top(), CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD,
                           &arguments, &launched.pidfd);
    failure = launched.pid < 0 ? errno : arguments.error_number;
  }
  if (launched.pid < 0) return cannot_start(program, failure);
  if (failure != 0) {
    siginfo_t ignored{};
    while (::waitid(pidfd_idtype, static_cast<id_t>(launched.pidfd), &ignored, WEXITED) != 0 &&
           errno == EINTR) {
    }
    ::close(launched.pidfd);
    return cannot_start(program, failure);
  }
  return launched;
}

}  // namespace rocd
