// A rocd without a sound system that is attacked, and a well-behaved client that must be served all
// the while over a connection that it has had from the beginning.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "e2e/raw_connection.hpp"
#include "e2e/rocd.hpp"
#include "support/temp_directory.hpp"

namespace rocd::test {

// One attack, and what must come of it.
struct Hostile {
  enum class After { stays, closes };  // stays: the next request of this connection is answered

  std::string name;
  std::vector<std::string> pieces;  // sent one after the other
  int status = 0;                   // 0: closed without an answer
  After after = After::closes;
  std::string says = {};  // a part of the answer's body
};

[[nodiscard]] Hostile closes(std::string name, std::string bytes, int status,
                             std::string says = {});
[[nodiscard]] Hostile stays(std::string name, std::string bytes, int status, std::string says = {});

// "GET /healthz" with more fields, each with its CRLF.
[[nodiscard]] std::string get(const std::string& target = "/healthz", const std::string& more = {});

// Of this process; skips the test if it may not have so many.
void allow_descriptors(std::size_t count);

class Besieged {
 public:
  // `http`: what stands in "http: { … }" besides the Unix socket; `launcher`: a command that ends
  // in running what follows it.
  explicit Besieged(const std::string& http = {}, const std::vector<std::string>& launcher = {});
  // Checks that rocd ends as it should.
  ~Besieged();
  Besieged(const Besieged&) = delete;
  Besieged& operator=(const Besieged&) = delete;

  [[nodiscard]] Rocd& rocd() { return *rocd_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::filesystem::path unix_socket() const { return directory_.path() / "sock"; }
  [[nodiscard]] RawConnection connect(const RawConnection::From& from = {}) const {
    return RawConnection::tcp(port_, from);
  }

  // Does each, and looks after the well-behaved client between them.
  void suffer(const std::vector<Hostile>& table);
  [[nodiscard]] bool serves_the_others();

  // Of rocd's /proc/PID/status: "VmRSS", "VmHWM".
  [[nodiscard]] std::size_t memory_bytes(const std::string& field = "VmRSS") const;
  // Lines of the log with this text.
  [[nodiscard]] std::size_t log_lines(const std::string& text) const;
  // The value of a line of /metrics, asked for over the Unix socket; 0 if there is none.
  [[nodiscard]] double metric(const std::string& series) const;

 private:
  TempDirectory directory_;
  std::optional<Rocd> rocd_;
  int pid_ = -1;
  std::uint16_t port_ = 0;
  std::optional<RawConnection> friend_;
};

}  // namespace rocd::test
