#include "supervise/udp_backlog.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace rocd {
namespace {

// "  12: 0100007F:2711 00000000:0000 07 00000000:00000300 00:00000000 …": number, local address and
// port, remote ones, state, bytes to send and to be read.
std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const auto word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

// What stands behind the last colon.
template <class T>
std::optional<T> hexadecimal_after_colon(std::string_view word) {
  const auto colon = word.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  T number{};
  const auto* end = word.data() + word.size();
  const auto [at, failure] = std::from_chars(word.data() + colon + 1, end, number, 16);
  if (failure != std::errc() || at != end) return std::nullopt;
  return number;
}

// The bytes of an address in network order as 32-bit numbers of this machine, then the port.
std::string kernel_name(std::string_view host, std::uint16_t port) {
  const std::string text(host);
  std::array<std::uint32_t, 4> numbers{};
  std::size_t size = 1;
  if (::inet_pton(AF_INET, text.c_str(), numbers.data()) != 1) {
    if (::inet_pton(AF_INET6, text.c_str(), numbers.data()) != 1) return "";
    size = numbers.size();
  }
  std::string name;
  for (std::size_t i = 0; i < size; ++i) name += fmt::format("{:08X}", numbers[i]);
  return name + fmt::format(":{:04X}", port);
}

}  // namespace

UdpBacklog UdpBacklog::parse(std::string_view files) {
  UdpBacklog backlog;
  while (!files.empty()) {
    auto line = files.substr(0, files.find('\n'));
    files.remove_prefix(std::min(line.size() + 1, files.size()));
    next_word(line);
    const auto socket = next_word(line);
    const auto port = hexadecimal_after_colon<std::uint16_t>(socket);
    next_word(line);
    next_word(line);
    const auto bytes = hexadecimal_after_colon<std::uint64_t>(next_word(line));
    if (!port || !bytes) continue;
    const auto [at, is_new] = backlog.bytes_.try_emplace(std::string(socket), *bytes);
    if (!is_new) at->second = std::min(at->second, *bytes);
  }
  return backlog;
}

UdpBacklog UdpBacklog::read() {
  std::string files;
  for (const auto* name : {"/proc/net/udp", "/proc/net/udp6"}) {
    std::ifstream file(name);
    files.append(std::istreambuf_iterator<char>(file), {});
  }
  return parse(files);
}

std::uint64_t UdpBacklog::at(std::string_view host, std::uint16_t port) const {
  const auto found = bytes_.find(kernel_name(host, port));
  return found == bytes_.end() ? 0 : found->second;
}

}  // namespace rocd
