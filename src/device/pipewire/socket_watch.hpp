// Tells when PipeWire's socket is made, so that a reconnect need not wait for a timer.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace rocd::pw {

// Where the client library will look: an absolute path as it is, else below $PIPEWIRE_RUNTIME_DIR
// or $XDG_RUNTIME_DIR. nullopt if neither is set.
[[nodiscard]] std::optional<std::filesystem::path> socket_path(const std::string& remote);

class SocketWatch {
 public:
  SocketWatch(const boost::asio::any_io_executor& executor, std::function<void()> on_made);

  // A directory that is not there (or no inotify) is no error: the timer is still there.
  void start(const std::filesystem::path& socket);
  void stop();

 private:
  void read();

  boost::asio::posix::stream_descriptor inotify_;
  std::function<void()> on_made_;
  std::string name_;
  alignas(8) std::array<char, 4096> buffer_{};
  std::shared_ptr<int> watching_;  // handlers hold it weakly; a new one at each start
};

}  // namespace rocd::pw
