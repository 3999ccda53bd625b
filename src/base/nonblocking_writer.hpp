// Writes to a descriptor without ever waiting for whoever reads it, and without O_NONBLOCK on it:
// that is a flag of the open file description (open(2)), which other processes share, and a shell
// whose terminal had it would misbehave.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string_view>

#include "base/descriptor.hpp"

namespace rocd {

class NonblockingWriter {
 public:
  // Does not own `descriptor`, which may be closed or become another file at any time.
  explicit NonblockingWriter(int descriptor) : descriptor_(descriptor) {}

  struct Written {
    std::size_t bytes = 0;
    // 0: all of it. Else why the rest was not written (errno(3)); EAGAIN: nobody reads.
    int error = 0;
  };
  // As much of `text` as is taken at once. SIGPIPE should be ignored.
  Written write(std::string_view text);

 private:
  // How writing does not block; see the definition of find_way().
  enum class Way { closed, send, own, ask, file };

  void find_way();
  [[nodiscard]] ssize_t write_some(std::string_view text) const;  // as write(2)
  [[nodiscard]] ssize_t ask_and_write(std::string_view text) const;

  int descriptor_;
  Way way_ = Way::closed;
  std::size_t piece_ = 0;  // bytes of a write that is asked for
  dev_t device_{};         // of the file that own_ is for
  ino_t inode_{};
  Descriptor own_;
};

}  // namespace rocd
