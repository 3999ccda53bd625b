#include "supervise/process_spawner.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/process/v2/environment.hpp>
#include <cerrno>
#include <csignal>
#include <filesystem>

#include "base/descriptor.hpp"
#include "base/descriptors_left.hpp"
#include "base/token_bucket.hpp"
#include "supervise/launcher.hpp"
#include "supervise/pidfd.hpp"
#include "supervise/process_info.hpp"

namespace rocd {
namespace asio = boost::asio;
namespace {

constexpr std::size_t read_bytes = 8192;  // even as empty lines only a few ms of work
constexpr auto drain_limit = 200ms;
// Of both pipes together. Who prints faster waits, as it would for a slow terminal: the reactor has
// others to look after.
constexpr double read_per_second = 8.0 * 1024 * 1024;
constexpr double read_reserve = 1024.0 * 1024;
constexpr const char* default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

SpawnError system_error(std::string_view what, int error_number) {
  return {errno_error(what, error_number), error_number};
}

struct Pipe {
  Descriptor read, write;
  static SpawnResult<Pipe> make() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("pipe2", errno);
    Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
    if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return system_error("fcntl", errno);
    return pipe;
  }
};

SpawnResult<std::string> find_program(const SpawnRequest& request) {
  const auto& name = request.argv.front();
  if (name.find('/') != std::string::npos) return std::filesystem::absolute(name).string();
  std::vector<boost::process::v2::environment::key_value_pair> environment;
  bool has_path = false;
  for (const auto& entry : request.environment) {
    has_path = has_path || entry.starts_with("PATH=");
    environment.emplace_back(entry);
  }
  if (!has_path) environment.emplace_back(std::string("PATH=") + default_path);
  const auto found = boost::process::v2::environment::find_executable(name, environment);
  if (!found.empty()) return std::filesystem::absolute(found.string()).string();
  SpawnError error;
  error.code = ErrorCode::not_found;
  error.message = fmt::format("cannot start '{}': not found in PATH", name);
  error.where = name;
  error.error_number = ENOENT;
  return error;
}

ExitStatus to_status(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {ExitStatus::Kind::exited, info.si_status};
  return {ExitStatus::Kind::signaled, info.si_status};
}

// One running child. Its owner may destroy it in any callback; handlers look whether it is there.
// Not a boost::process::v2::basic_process: in Boost 1.83 that one hides the pidfd (native_handle()
// is the pid), reaps before its group could be killed safely, and its destructor waits for, and
// kills, whatever has the number of a process that was reaped elsewhere.
class Running {
 public:
  explicit Running(const asio::any_io_executor& executor)
      : exit_(executor),
        outputs_{{{asio::posix::stream_descriptor(executor), asio::steady_timer(executor),
                   OutputChannel::out},
                  {asio::posix::stream_descriptor(executor), asio::steady_timer(executor),
                   OutputChannel::err}}},
        drain_timer_(executor) {}
  // No more callbacks, no process left behind.
  ~Running() {
    if (reaped_ || pid_ < 0) return;
    signal_group(SIGKILL);
    reap();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  SpawnResult<> adopt_pipes(Descriptor out, Descriptor err) {
    if (auto adopted = adopt(outputs_[0].pipe, std::move(out)); !adopted) return adopted;
    return adopt(outputs_[1].pipe, std::move(err));
  }

  // Takes over the process in any case; on error it is killed already.
  SpawnResult<> start(LaunchedProcess launched, SpawnCallbacks callbacks) {
    Descriptor pidfd(launched.pidfd);
    if (auto adopted = adopt(exit_, std::move(pidfd)); !adopted) {
      ::kill(-launched.pid, SIGKILL);
      while (::waitpid(launched.pid, nullptr, 0) < 0 && errno == EINTR) {
      }
      return adopted;
    }
    pid_ = launched.pid;
    callbacks_ = std::make_shared<SpawnCallbacks>(std::move(callbacks));
    for (auto& output : outputs_) wait_for_output(output);
    wait_for_exit();
    return {};
  }

  void signal_group(int signal) {
    if (!reaped_) ::kill(-pid_, signal);  // the leader is not reaped: the number is still ours
  }

 private:
  struct Output {
    asio::posix::stream_descriptor pipe;
    asio::steady_timer pause;
    OutputChannel channel;
  };

  static SpawnResult<> adopt(asio::posix::stream_descriptor& into, Descriptor from) {
    boost::system::error_code error;  // the limit of epoll watches, or memory
    into.assign(from.get(), error);
    if (error) return system_error("cannot watch a descriptor", error.value());
    (void)from.release();
    return {};
  }

  void wait_for_output(Output& output) {
    output.pipe.async_wait(asio::posix::stream_descriptor::wait_read,
                           [this, &output, alive = std::weak_ptr(alive_)](const auto& error) {
                             if (error || alive.expired() || !output.pipe.is_open()) return;
                             if (!read(output)) return;
                             if (output.pipe.is_open())
                               read_on(output);
                             else
                               finish_if_drained();
                           });
  }

  void read_on(Output& output) {
    if (may_read_at_ <= std::chrono::steady_clock::now()) return wait_for_output(output);
    output.pause.expires_at(may_read_at_);
    output.pause.async_wait([this, &output, alive = std::weak_ptr(alive_)](const auto& error) {
      if (!error && !alive.expired() && output.pipe.is_open()) wait_for_output(output);
    });
  }

  // Closes the pipe at its end. One read a turn: who prints without end must not starve others.
  // False: the callback has destroyed this.
  [[nodiscard]] bool read(Output& output) {
    std::array<char, read_bytes> buffer;
    const auto got = ::read(output.pipe.native_handle(), buffer.data(), buffer.size());
    if (got > 0) {
      may_read_at_ = rate_.spend(static_cast<double>(got), Now::read().mono);
      const auto told = callbacks_;  // lives on while it is called
      const std::weak_ptr alive(alive_);
      if (told && told->on_output)
        told->on_output(output.channel, {buffer.data(), static_cast<std::size_t>(got)});
      return !alive.expired();
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) close(output.pipe);
    return true;
  }

  void wait_for_exit() {
    exit_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [this, alive = std::weak_ptr(alive_)](const auto& error) {
                       if (!error && !alive.expired() && !reaped_) handle_exit();
                     });
  }

  void handle_exit() {
    siginfo_t info{};
    const int waited = ::waitid(pidfd_idtype, static_cast<id_t>(exit_.native_handle()), &info,
                                WEXITED | WNOHANG | WNOWAIT);
    if (waited != 0 && errno == ECHILD) {
      // Reaped by the kernel: rocd was started with SIGCHLD ignored. The status is lost.
      status_ = {ExitStatus::Kind::exited, 255};
      reaped_ = true;
    } else if (waited != 0 || info.si_pid == 0) {
      wait_for_exit();
      return;
    } else {
      status_ = to_status(info);
      signal_group(SIGKILL);  // what the leader left in its group
      reap();
    }
    for (auto& output : outputs_)
      if (output.pipe.is_open() && !read(output)) return;
    // A grandchild that left the group may hold a pipe open, and even print on.
    drain_timer_.expires_after(drain_limit);
    drain_timer_.async_wait([this, alive = std::weak_ptr(alive_)](const auto& error) {
      if (error || alive.expired()) return;
      for (auto& output : outputs_) close(output.pipe);
      finish_if_drained();
    });
    finish_if_drained();
  }

  // By number, which is ours until this returns: on a pidfd that Asio made non-blocking, waitid(2)
  // would not wait.
  void reap() {
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    reaped_ = true;
  }

  void finish_if_drained() {
    if (!reaped_) return;
    for (auto& output : outputs_)
      if (output.pipe.is_open()) return;
    close();
    if (const auto told = std::exchange(callbacks_, nullptr); told && told->on_exit)
      told->on_exit(status_);
  }

  static void close(asio::posix::stream_descriptor& descriptor) {
    boost::system::error_code ignored;  // nothing can be done, and the number is free either way
    descriptor.close(ignored);
  }

  void close() {
    drain_timer_.cancel();
    close(exit_);
    for (auto& output : outputs_) {
      close(output.pipe);
      output.pause.cancel();
    }
  }

  int pid_ = -1;
  asio::posix::stream_descriptor exit_;  // pidfd
  std::array<Output, 2> outputs_;
  asio::steady_timer drain_timer_;
  std::shared_ptr<SpawnCallbacks> callbacks_;
  TokenBucket rate_{read_per_second, read_reserve};
  Instant may_read_at_{};
  ExitStatus status_;
  bool reaped_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // handlers hold it weakly
};

class Child final : public SpawnedChild {
 public:
  Child(std::unique_ptr<Running> running, ProcessIdentity identity)
      : running_(std::move(running)), identity_(identity) {}

  [[nodiscard]] ProcessIdentity identity() const override { return identity_; }
  void signal_group(int signal) override { running_->signal_group(signal); }

 private:
  std::unique_ptr<Running> running_;
  ProcessIdentity identity_;
};

}  // namespace

SpawnResult<std::unique_ptr<SpawnedChild>> ProcessSpawner::spawn(const SpawnRequest& request,
                                                                 SpawnCallbacks callbacks) {
  if (request.argv.empty())
    return SpawnError{{ErrorCode::invalid_argument, "an empty command line", "", "", {}}};
  auto program = find_program(request);
  if (!program) return program.error();
  const Descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (null.get() < 0) return system_error("open '/dev/null'", errno);
  auto out = Pipe::make();
  if (!out) return out.error();
  auto err = Pipe::make();
  if (!err) return err.error();
  constexpr auto reserve = descriptors_for_itself + descriptors_for_requests;
  if (few_descriptors_left(err->write.get(), reserve))
    return system_error("too few descriptors are left", EMFILE);

  auto running = std::make_unique<Running>(executor_);
  if (auto ready = running->adopt_pipes(std::move(out->read), std::move(err->read)); !ready)
    return ready.error();

  const auto launched = launch(*program, request.argv, request.environment,
                               {null.get(), out->write.get(), err->write.get()});
  if (!launched) return launched.error();
  ProcessIdentity identity{launched->pid, 0};
  // Not reaped, so its entry in /proc is there even if it has ended already.
  if (const auto stat = read_process_stat(launched->pid)) identity.start_ticks = stat->start_ticks;
  if (auto started = running->start(*launched, std::move(callbacks)); !started)
    return started.error();
  return std::make_unique<Child>(std::move(running), identity);
}

}  // namespace rocd
