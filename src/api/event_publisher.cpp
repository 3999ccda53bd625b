#include "api/event_publisher.hpp"

#include <sys/stat.h>
#include <zmq.h>

#include <cerrno>
#include <optional>
#include <string>

#include "api/unix_listener.hpp"

namespace rocd {
namespace {

constexpr int kept_per_subscriber = 4096;  // messages, as many as the bus keeps

struct TerminateContext {
  void operator()(void* context) const { zmq_ctx_term(context); }
};
struct CloseSocket {
  void operator()(void* socket) const { zmq_close(socket); }
};

// libzmq continues the system's error numbers with its own.
Error zmq_error(const std::string& what) {
  const int code = zmq_errno();
  auto error = errno_error(what, code);
  error.message = what + ": " + zmq_strerror(code);
  return error;
}

}  // namespace

struct EventPublisher::Impl {
  explicit Impl(EventBus& events) : bus(events) {}

  // Whatever is new since the last time.
  void publish() {
    while (const auto event = bus.find(++sent)) {
      const auto type = to_string(event->type);
      // Never waits: PUB drops what a subscriber has no room for.
      zmq_send(socket.get(), type.data(), type.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT);
      zmq_send(socket.get(), event->envelope.data(), event->envelope.size(), ZMQ_DONTWAIT);
    }
    --sent;
  }

  EventBus& bus;
  std::uint64_t sent = bus.last_seq();
  std::optional<UnixSocketFile> file;  // libzmq leaves it behind
  std::unique_ptr<void, TerminateContext> context;
  std::unique_ptr<void, CloseSocket> socket;
  EventBus::Subscription subscription;
};

Result<std::unique_ptr<EventPublisher>> EventPublisher::open(const std::filesystem::path& path,
                                                             EventBus& bus) {
  // libzmq would take the file away from another daemon.
  if (auto cleared = clear_unix_socket(path); !cleared) return cleared.error();
  auto impl = std::make_unique<Impl>(bus);
  impl->context.reset(zmq_ctx_new());
  if (!impl->context) return zmq_error("cannot use ZeroMQ");
  impl->socket.reset(zmq_socket(impl->context.get(), ZMQ_PUB));
  if (!impl->socket) return zmq_error("cannot make a ZeroMQ socket");
  const int linger = 0;  // ms, for what was not sent at the end
  for (const auto& [option, value] :
       {std::pair{ZMQ_LINGER, linger}, std::pair{ZMQ_SNDHWM, kept_per_subscriber}}) {
    if (zmq_setsockopt(impl->socket.get(), option, &value, sizeof value) != 0)
      return zmq_error("cannot set up a ZeroMQ socket");
  }
  const auto mask = ::umask(0177);
  const int bound = zmq_bind(impl->socket.get(), ("ipc://" + path.string()).c_str());
  ::umask(mask);
  if (bound != 0) return zmq_error("cannot publish events on " + path.string());
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0)
    return errno_error("cannot look at " + path.string(), errno);
  impl->file.emplace(path, status.st_dev, status.st_ino);
  impl->subscription = bus.subscribe([raw = impl.get()] { raw->publish(); });
  return std::unique_ptr<EventPublisher>(new EventPublisher(std::move(impl)));
}

EventPublisher::EventPublisher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventPublisher::~EventPublisher() = default;

}  // namespace rocd
