// What waits in the receive queues of UDP sockets: packets that nobody has read yet. The kernel
// lists them in /proc/net/udp and udp6 (proc_pid_net(5)), of this network namespace.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace rocd {

class UdpBacklog {
 public:
  UdpBacklog() = default;  // nothing waits anywhere
  // One of the two files, or both one after the other. A line that is not understood counts for
  // nothing. (pure)
  [[nodiscard]] static UdpBacklog parse(std::string_view files);
  // As of now. Empty if the kernel does not tell.
  [[nodiscard]] static UdpBacklog read();

  // Bytes, with what the kernel itself needs for each packet. host: the numeric address that the
  // socket is bound to, 0.0.0.0 and :: also as such, IPv6 without brackets. Where several sockets
  // have it (SO_REUSEPORT) the least of them: one that is read is enough. 0 if none has.
  [[nodiscard]] std::uint64_t at(std::string_view host, std::uint16_t port) const;

 private:
  // By address and port as the kernel writes them, "0100007F:2711".
  std::map<std::string, std::uint64_t, std::less<>> bytes_;
};

}  // namespace rocd
