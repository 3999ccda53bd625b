// Owns a file descriptor: closes it on every way out. (close(2); a failure of it is not told, so
// whoever must know that bytes are on disk calls fsync(2) before.)
#pragma once

#include <unistd.h>

#include <utility>

namespace rocd {

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}  // < 0: none
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }  // somebody else closes it

 private:
  int fd_;
};

}  // namespace rocd
