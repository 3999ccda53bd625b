#include "device/pipewire/socket_watch.hpp"

#include <sys/inotify.h>

#include <boost/asio/buffer.hpp>
#include <cstdlib>
#include <cstring>

namespace rocd::pw {

std::optional<std::filesystem::path> socket_path(const std::string& remote) {
  if (remote.starts_with('/')) return remote;
  for (const auto* variable : {"PIPEWIRE_RUNTIME_DIR", "XDG_RUNTIME_DIR"}) {
    const char* directory = std::getenv(variable);
    if (directory != nullptr && *directory != '\0')
      return std::filesystem::path(directory) / remote;
  }
  return std::nullopt;
}

SocketWatch::SocketWatch(const boost::asio::any_io_executor& executor,
                         std::function<void()> on_made)
    : inotify_(executor), on_made_(std::move(on_made)) {}

void SocketWatch::start(const std::filesystem::path& socket) {
  stop();
  name_ = socket.filename().string();
  const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor < 0) return;
  inotify_.assign(descriptor);
  if (::inotify_add_watch(descriptor, socket.parent_path().c_str(), IN_CREATE | IN_MOVED_TO) < 0)
    return stop();
  watching_ = std::make_shared<int>(0);
  read();
}

void SocketWatch::stop() {
  watching_.reset();
  boost::system::error_code ignored;
  inotify_.close(ignored);
}

void SocketWatch::read() {
  inotify_.async_read_some(boost::asio::buffer(buffer_),
                           [this, alive = std::weak_ptr(watching_)](
                               const boost::system::error_code& error, std::size_t size) {
                             if (error || alive.expired()) return;
                             bool made = false;
                             for (std::size_t at = 0; at + sizeof(inotify_event) <= size;) {
                               inotify_event event{};
                               std::memcpy(&event, buffer_.data() + at, sizeof event);
                               const char* name = buffer_.data() + at + sizeof event;
                               made |= event.len > 0 && name_ == name;
                               at += sizeof event + event.len;
                             }
                             read();
                             if (made) on_made_();
                           });
}

}  // namespace rocd::pw
