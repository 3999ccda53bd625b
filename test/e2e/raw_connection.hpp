// A connection whose client sends exactly the bytes that it is told to, and hears what comes back:
// also over the Unix socket, and from another address of the loopback interface.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "e2e/wait.hpp"

namespace rocd::test {

struct RawAnswer {
  int status = 0;
  std::string head;  // with the empty line
  std::string body;  // empty if the head tells no length
};

class RawConnection {
 public:
  struct From {
    std::string address = "127.0.0.1";
    int receive_buffer = 0;  // bytes; 0: the system's own choice
  };
  // Throw if they cannot connect.
  [[nodiscard]] static RawConnection tcp(std::uint16_t port, const From& from);
  [[nodiscard]] static RawConnection tcp(std::uint16_t port) { return tcp(port, From{}); }
  [[nodiscard]] static RawConnection unix_socket(const std::filesystem::path& path);

  ~RawConnection() { close(); }
  RawConnection(RawConnection&& other) noexcept;
  RawConnection& operator=(RawConnection&&) = delete;

  // False if the other side takes nothing more: it has closed, or does not read for ten seconds.
  bool send(std::string_view bytes) const;
  bool send_now(std::string_view bytes) const;  // false if it cannot take all of it at once
  void shut_down_write() const;
  void close();
  void reset();  // close with RST

  // The next one; nullopt: the other side closed, or the time was over.
  [[nodiscard]] std::optional<RawAnswer> answer(Milliseconds limit = patience);
  // Reads until there are so many bytes; false: as above.
  bool read_bytes(std::size_t count, Milliseconds limit = patience);
  // Reads until the other side has closed (true) or the time is over.
  bool closes(Milliseconds limit = patience);
  [[nodiscard]] std::string& input() { return input_; }  // read, and not yet taken

 private:
  explicit RawConnection(int fd);
  bool read_some(std::chrono::steady_clock::time_point deadline);

  int fd_;
  bool ended_ = false;
  std::string input_;
};

}  // namespace rocd::test
