#include "base/nonblocking_writer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

namespace rocd {
namespace {

// What is taken without waiting by who is ready for a write (poll(2)): by a pipe PIPE_BUF bytes
// (pipe(7)); by a terminal what there is room for, which in pseudoterminals comes in steps of 256
// bytes, in others is more (the kernel's tty_buffer.c, n_tty_poll()), and a newline may need two.
constexpr std::size_t pipe_piece = PIPE_BUF;
constexpr std::size_t terminal_piece = 128;

}  // namespace

NonblockingWriter::Written NonblockingWriter::write(std::string_view text) {
  find_way();
  Written written;
  while (written.bytes < text.size()) {
    const auto size = write_some(text.substr(written.bytes));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) {
      written.error = size < 0 ? errno : EAGAIN;
      break;
    }
    written.bytes += static_cast<std::size_t>(size);
  }
  return written;
}

// A socket, such as the journal's, is told with each call not to wait (send(2)). A pipe, a FIFO and
// a terminal are opened once more, without waiting: poll(2) alone is not as good, because others
// may fill the pipe after it was asked, and a terminal may be ready for less than it is given.
// Where that is not allowed (another user's pipe) or not possible (no reader, no descriptor, no
// /proc) poll(2) has to do, until it is. A file takes what it is given, or fails.
void NonblockingWriter::find_way() {
  struct stat found{};
  if (::fstat(descriptor_, &found) != 0) {
    way_ = Way::closed;
    own_ = Descriptor();
    return;
  }
  if (way_ == Way::own && found.st_dev == device_ && found.st_ino == inode_) return;
  own_ = Descriptor();
  if (S_ISSOCK(found.st_mode)) {
    way_ = Way::send;
  } else if (S_ISREG(found.st_mode)) {
    way_ = Way::file;
  } else {
    way_ = Way::ask;
    const bool terminal = ::isatty(descriptor_) == 1;
    piece_ = terminal ? terminal_piece : pipe_piece;
    if (!terminal && !S_ISFIFO(found.st_mode)) return;
    const auto path = "/proc/self/fd/" + std::to_string(descriptor_);
    own_ = Descriptor(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!own_) return;
    way_ = Way::own;
    device_ = found.st_dev;
    inode_ = found.st_ino;
  }
}

ssize_t NonblockingWriter::write_some(std::string_view text) const {
  switch (way_) {
    case Way::closed:
      errno = EBADF;
      return -1;
    case Way::send:
      return ::send(descriptor_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    case Way::own:
      return ::write(own_.get(), text.data(), text.size());
    case Way::file:
      return ::write(descriptor_, text.data(), text.size());
    case Way::ask:
      break;
  }
  return ask_and_write(text);
}

ssize_t NonblockingWriter::ask_and_write(std::string_view text) const {
  pollfd asked{descriptor_, POLLOUT, 0};
  if (::poll(&asked, 1, 0) < 0) return -1;
  if ((asked.revents & POLLOUT) == 0) {
    errno = asked.revents == 0 ? EAGAIN : EPIPE;
    return -1;
  }
  return ::write(descriptor_, text.data(), std::min(text.size(), piece_));
}

}  // namespace rocd
