#include "config/listen.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

#include "base/ip_address.hpp"

namespace rocd {
namespace {

Error bad(std::string message, std::string hint = {}) {
  Error error;
  error.code = ErrorCode::invalid_argument;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace

Result<ListenAddress> parse_listen(std::string_view text) {
  const auto form = [&] {
    return bad(fmt::format(
        "'{}' is not a listen address, expected HOST:PORT such as '127.0.0.1:4040' or '[::1]:0'",
        text));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return form();
  auto host = text.substr(0, colon);
  const auto port_text = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) return form();

  ListenAddress address{std::string(host), 0};
  const auto* end = port_text.data() + port_text.size();
  const auto [rest, failure] = std::from_chars(port_text.data(), end, address.port);
  if (failure != std::errc{} || rest != end) return form();
  if (address.host != "localhost" && !is_ip_address(address.host))
    return bad(fmt::format("'{}' is not an IP address or 'localhost'", address.host));
  return address;
}

Result<> check_exposure(const HttpConfig& http) {
  if (is_loopback(http.listen_host) || !http.tokens.empty()) return {};
  return bad(fmt::format("'{}' is not a loopback address, and there are no access tokens: anybody "
                         "on the network could command the daemon",
                         http.listen_host),
             "make a token with 'rocctl token new' and put it under http.tokens, or listen on "
             "127.0.0.1 or [::1]");
}

}  // namespace rocd
