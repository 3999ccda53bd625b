// Which daemon to talk to: --url or ROCCTL_URL, else the socket of this session, else the default
// TCP address.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rocctl/failure.hpp"

namespace rocctl {

inline constexpr std::uint16_t default_port = 4040;

struct Target {
  std::string unix_path;  // not empty: a Unix socket
  std::string host = "127.0.0.1";
  std::uint16_t port = default_port;

  [[nodiscard]] bool is_unix() const { return !unix_path.empty(); }
  [[nodiscard]] bool is_local() const;            // surely on this computer
  [[nodiscard]] std::string url() const;          // as it is given to --url
  [[nodiscard]] std::string host_header() const;  // HOST:PORT
};

// "http://HOST[:PORT]", "HOST:PORT", "unix:/path"; the port is 4040 if none is given.
[[nodiscard]] Outcome<Target> parse_target(std::string_view url);

// url: --url or ROCCTL_URL, may be empty. Then a socket counts only if somebody listens there.
[[nodiscard]] Outcome<Target> choose_target(const std::string& url, const char* runtime_directory);

// Does somebody accept connections on this Unix socket?
[[nodiscard]] bool socket_answers(const std::string& path);

}  // namespace rocctl
