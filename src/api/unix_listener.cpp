#include "api/unix_listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/descriptor.hpp"

namespace rocd {
namespace {

int make_socket() {
  return ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

// Makes way for a new socket, if what stands there is the socket of a process that is gone.
Result<> clear(const std::filesystem::path& path, const sockaddr_un& address) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return errno_error("cannot look at " + path.string(), errno);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return Error{ErrorCode::conflict,
                 path.string() + " exists and is not a socket",
                 {},
                 "remove it, or set another path in the configuration",
                 {}};
  }
  const Descriptor probe(make_socket());
  if (probe.get() < 0) return errno_error("socket", errno);
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno == EAGAIN || errno == EINPROGRESS) {  // EAGAIN: its backlog is full
    return Error{ErrorCode::conflict,
                 "another process listens on " + path.string(),
                 {},
                 "does another rocd run?",
                 {}};
  }
  if (errno == ENOENT) return {};
  if (errno != ECONNREFUSED) return errno_error("cannot probe " + path.string(), errno);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return errno_error("cannot remove the stale socket " + path.string(), errno);
  }
  return {};
}

Result<sockaddr_un> address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto text = path.string();
  if (text.empty() || text.size() >= sizeof address.sun_path) {
    return Error{ErrorCode::invalid_argument,
                 "'" + text + "' cannot be the path of a Unix socket",
                 {},
                 "at most 107 bytes (unix(7))",
                 {}};
  }
  std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
  return address;
}

}  // namespace

Result<> clear_unix_socket(const std::filesystem::path& path) {
  const auto address = address_of(path);
  if (!address) return address.error();
  return clear(path, *address);
}

void UnixSocketFile::remove() noexcept {
  struct stat status{};
  if (path_.empty() || ::lstat(path_.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
}

UnixSocketFile& UnixSocketFile::operator=(UnixSocketFile&& other) noexcept {
  if (this == &other) return *this;
  remove();
  path_ = std::exchange(other.path_, {});
  device_ = other.device_;
  inode_ = other.inode_;
  return *this;
}

UnixListener::~UnixListener() {
  if (fd >= 0) ::close(fd);
}

Result<UnixListener> make_unix_listener(const std::filesystem::path& path) {
  const auto address = address_of(path);
  if (!address) return address.error();
  if (const auto ok = clear(path, *address); !ok) return ok.error();
  const auto text = path.string();

  Descriptor listener(make_socket());
  if (listener.get() < 0) return errno_error("socket", errno);
  // The file gets its mode as it is made: there is no moment at which others could connect.
  const auto mask = ::umask(0177);
  const int bound =
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
  const int bind_error = errno;
  ::umask(mask);
  if (bound != 0) return errno_error("cannot make the socket " + text, bind_error);
  struct stat status{};
  if (::lstat(text.c_str(), &status) != 0) return errno_error("cannot look at " + text, errno);
  UnixSocketFile file(path, status.st_dev, status.st_ino);
  if (::listen(listener.get(), SOMAXCONN) != 0)
    return errno_error("cannot listen on " + text, errno);
  return UnixListener(listener.release(), std::move(file));
}

}  // namespace rocd
