// What waits in the receive queues of UDP sockets: packets that nobody has read yet. The kernel
// lists them in /proc/net/udp and udp6 (proc_pid_net(5)), of this network namespace.
#pragma once

#include <cstdint>
#include <map>
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

  // Bytes, with what the kernel itself needs for each packet. Where several sockets have this port
  // (on several addresses) the least of them: one that is read is enough. 0 if none has.
  [[nodiscard]] std::uint64_t at(std::uint16_t port) const;

 private:
  std::map<std::uint16_t, std::uint64_t> bytes_;  // by port
};

}  // namespace rocd
