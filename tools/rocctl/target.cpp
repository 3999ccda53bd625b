#include "rocctl/target.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <optional>

#include "base/descriptor.hpp"

namespace rocctl {
namespace {

constexpr const char* expected =
    "expected http://HOST:PORT or unix:/path, for example http://127.0.0.1:4040";

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

bool Target::is_local() const {
  return is_unix() || host == "localhost" || host.starts_with("127.") || host == "::1";
}

std::string Target::url() const {
  return is_unix() ? "unix:" + unix_path : "http://" + host_header();
}

std::string Target::host_header() const {
  if (is_unix()) return "localhost";
  const bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Outcome<Target> parse_target(std::string_view url) {
  const auto wrong = [&](std::string_view why) {
    return usage_failure("'" + std::string(url) +
                         "' is not the address of a daemon: " + std::string(why) + "; " + expected);
  };
  Target target;
  auto rest = url;
  if (rest.starts_with("unix:")) {
    rest.remove_prefix(5);
    if (rest.starts_with("//")) rest.remove_prefix(2);
    if (!rest.starts_with('/')) return wrong("the path of a socket starts with /");
    if (rest.size() >= sizeof(sockaddr_un::sun_path)) return wrong("the path is too long");
    target.unix_path = rest;
    return target;
  }
  if (rest.starts_with("http://"))
    rest.remove_prefix(7);
  else if (rest.find("://") != std::string_view::npos)
    return wrong("rocd speaks plain HTTP");
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#@ ") != std::string_view::npos)
    return wrong("there is more than a host and a port");

  const auto bracket = rest.rfind(']');
  auto colon = rest.rfind(':');
  if (bracket != std::string_view::npos && colon != std::string_view::npos && colon < bracket)
    colon = std::string_view::npos;
  auto host = rest.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  if (host.empty()) return wrong("the host is missing");
  target.host = host;
  if (colon != std::string_view::npos) {
    const auto port = parse_port(rest.substr(colon + 1));
    if (!port) return wrong("the port is no number from 1 to 65535");
    target.port = *port;
  }
  return target;
}

bool socket_answers(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof(address.sun_path)) return false;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const rocd::Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return probe &&
         ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

Outcome<Target> choose_target(const std::string& url, const char* runtime_directory) {
  if (!url.empty()) return parse_target(url);
  Target target;
  if (runtime_directory != nullptr && *runtime_directory == '/') {
    const auto path = std::string(runtime_directory) + "/rocd.sock";
    if (socket_answers(path)) target.unix_path = path;
  }
  return target;
}

}  // namespace rocctl
