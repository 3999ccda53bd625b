// A listening Unix socket in the file system, for its owner alone (mode 0600). Decides whose file
// may be replaced: that of a daemon that is gone, nothing else.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <utility>

#include "base/result.hpp"

namespace rocd {

// Removes the file when destroyed, if it is still the one that was made.
class UnixSocketFile {
 public:
  UnixSocketFile(std::filesystem::path path, dev_t device, ino_t inode)
      : path_(std::move(path)), device_(device), inode_(inode) {}
  ~UnixSocketFile() { remove(); }
  UnixSocketFile(UnixSocketFile&& other) noexcept
      : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}
  UnixSocketFile& operator=(UnixSocketFile&& other) noexcept;

 private:
  void remove() noexcept;

  std::filesystem::path path_;  // empty: moved away
  dev_t device_;
  ino_t inode_;
};

struct UnixListener {
  UnixListener(int listening, UnixSocketFile made) : file(std::move(made)), fd(listening) {}
  ~UnixListener();
  UnixListener(UnixListener&& other) noexcept
      : file(std::move(other.file)), fd(std::exchange(other.fd, -1)) {}
  UnixListener& operator=(UnixListener&&) = delete;

  [[nodiscard]] int release() { return std::exchange(fd, -1); }

  UnixSocketFile file;
  int fd;
};

// Makes way for a socket that somebody else makes: removes the file of a process that is gone.
// Errors: as make_unix_listener().
[[nodiscard]] Result<> clear_unix_socket(const std::filesystem::path& path);

// Errors: conflict (a daemon listens there, or it is not a socket), invalid_argument, io.
[[nodiscard]] Result<UnixListener> make_unix_listener(const std::filesystem::path& path);

}  // namespace rocd
