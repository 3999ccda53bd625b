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

#include "supervise/launcher.hpp"
#include "supervise/pidfd.hpp"
#include "supervise/process_info.hpp"

namespace rocd {
namespace asio = boost::asio;
namespace {

constexpr std::size_t read_bytes = 16 * 1024;
constexpr int reads_per_turn = 4;    // then others have their turn
constexpr auto drain_limit = 200ms;  // a grandchild that left the group may hold a pipe open
constexpr const char* default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

struct Pipe {
  Descriptor read, write;
  static Result<Pipe> make() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return errno_error("pipe2", errno);
    Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
    if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return errno_error("fcntl", errno);
    return pipe;
  }
};

Result<std::string> find_program(const SpawnRequest& request) {
  const auto& name = request.argv.front();
  if (name.find('/') != std::string::npos) return name;
  std::vector<boost::process::v2::environment::key_value_pair> environment;
  bool has_path = false;
  for (const auto& entry : request.environment) {
    has_path = has_path || entry.starts_with("PATH=");
    environment.emplace_back(entry);
  }
  if (!has_path) environment.emplace_back(std::string("PATH=") + default_path);
  const auto found = boost::process::v2::environment::find_executable(name, environment);
  if (!found.empty()) return found.string();
  return Error{ErrorCode::not_found,
               fmt::format("cannot start '{}': not found in PATH", name),
               name,
               "",
               {}};
}

ExitStatus to_status(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {ExitStatus::Kind::exited, info.si_status};
  return {ExitStatus::Kind::signaled, info.si_status};
}

// One running child. Handlers hold it; it is let go of when the exit was told or the owner left.
class Running : public std::enable_shared_from_this<Running> {
 public:
  Running(const asio::any_io_executor& executor, LaunchedProcess launched, Pipe out, Pipe err,
          SpawnCallbacks callbacks)
      : pid_(launched.pid),
        exit_(executor, launched.pidfd),
        outputs_{
            {{asio::posix::stream_descriptor(executor, out.read.release()), OutputChannel::out},
             {asio::posix::stream_descriptor(executor, err.read.release()), OutputChannel::err}}},
        drain_timer_(executor),
        callbacks_(std::move(callbacks)) {}

  void start() {
    for (auto& output : outputs_) wait_for_output(output);
    exit_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       if (!error) self->handle_exit();
                     });
  }

  [[nodiscard]] int pid() const { return pid_; }

  void signal_group(int signal) {
    if (!reaped_) ::kill(-pid_, signal);  // the leader is not reaped: the number is still ours
  }

  // The owner is gone: no more callbacks, no process left behind.
  void abandon() {
    callbacks_ = {};
    if (!reaped_) {
      signal_group(SIGKILL);
      reap();
    }
    close();
  }

 private:
  struct Output {
    asio::posix::stream_descriptor pipe;
    OutputChannel channel;
  };

  void wait_for_output(Output& output) {
    output.pipe.async_wait(asio::posix::stream_descriptor::wait_read,
                           [self = shared_from_this(), &output](boost::system::error_code error) {
                             if (error || !output.pipe.is_open()) return;
                             self->read(output, reads_per_turn);
                             if (output.pipe.is_open())
                               self->wait_for_output(output);
                             else
                               self->finish_if_drained();
                           });
  }

  // Closes the pipe at its end.
  void read(Output& output, int budget) {
    std::array<char, read_bytes> buffer;
    while (budget-- > 0 && output.pipe.is_open()) {
      const auto got = ::read(output.pipe.native_handle(), buffer.data(), buffer.size());
      if (got > 0) {
        if (callbacks_.on_output)
          callbacks_.on_output(output.channel, {buffer.data(), static_cast<std::size_t>(got)});
        continue;
      }
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      close(output.pipe);
    }
  }

  void handle_exit() {
    if (reaped_) return;
    siginfo_t info{};
    if (::waitid(pidfd_idtype, static_cast<id_t>(exit_.native_handle()), &info,
                 WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == 0) {
      start_exit_wait_again();
      return;
    }
    status_ = to_status(info);
    ::kill(-pid_, SIGKILL);  // what the leader left in its group; safe, it is not reaped yet
    reap();
    for (auto& output : outputs_) read(output, reads_per_turn);
    drain_timer_.expires_after(drain_limit);
    drain_timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (error) return;
      for (auto& output : self->outputs_) self->close(output.pipe);
      self->finish_if_drained();
    });
    finish_if_drained();
  }

  void start_exit_wait_again() {
    exit_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       if (!error) self->handle_exit();
                     });
  }

  void reap() {
    siginfo_t ignored{};
    while (::waitid(pidfd_idtype, static_cast<id_t>(exit_.native_handle()), &ignored, WEXITED) !=
               0 &&
           errno == EINTR) {
    }
    reaped_ = true;
  }

  void finish_if_drained() {
    if (!reaped_) return;
    for (auto& output : outputs_)
      if (output.pipe.is_open()) return;
    close();
    if (auto told = std::exchange(callbacks_, {}); told.on_exit) told.on_exit(status_);
  }

  static void close(asio::posix::stream_descriptor& descriptor) {
    boost::system::error_code ignored;  // nothing can be done, and the number is free either way
    descriptor.close(ignored);
  }

  void close() {
    drain_timer_.cancel();
    close(exit_);
    for (auto& output : outputs_) close(output.pipe);
  }

  int pid_;
  asio::posix::stream_descriptor exit_;  // pidfd
  std::array<Output, 2> outputs_;
  asio::steady_timer drain_timer_;
  SpawnCallbacks callbacks_;
  ExitStatus status_;
  bool reaped_ = false;
};

class Child final : public SpawnedChild {
 public:
  Child(std::shared_ptr<Running> running, ProcessIdentity identity)
      : running_(std::move(running)), identity_(identity) {}
  ~Child() override { running_->abandon(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] ProcessIdentity identity() const override { return identity_; }
  void signal_group(int signal) override { running_->signal_group(signal); }

 private:
  std::shared_ptr<Running> running_;
  ProcessIdentity identity_;
};

}  // namespace

Result<std::unique_ptr<SpawnedChild>> ProcessSpawner::spawn(const SpawnRequest& request,
                                                            SpawnCallbacks callbacks) {
  if (request.argv.empty())
    return Error{ErrorCode::invalid_argument, "an empty command line", "", "", {}};
  auto program = find_program(request);
  if (!program) return program.error();
  const Descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (null.get() < 0) return errno_error("open '/dev/null'", errno);
  auto out = Pipe::make();
  if (!out) return out.error();
  auto err = Pipe::make();
  if (!err) return err.error();

  auto launched = launch(*program, request.argv, request.environment,
                         {null.get(), out->write.get(), err->write.get()});
  if (!launched) return launched.error();
  ProcessIdentity identity{launched->pid, 0};
  // Not reaped, so its entry in /proc is there even if it has ended already.
  if (const auto stat = read_process_stat(launched->pid)) identity.start_ticks = stat->start_ticks;
  const auto running = std::make_shared<Running>(executor_, *launched, std::move(*out),
                                                 std::move(*err), std::move(callbacks));
  running->start();
  return std::make_unique<Child>(running, identity);
}

}  // namespace rocd
