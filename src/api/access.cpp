#include "api/access.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "api/cross_origin.hpp"

namespace rocd {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

struct Authority {
  std::string host;  // lower case, without brackets and trailing dot
  bool is_address = false;
  std::string port;
};

std::optional<Authority> parse_authority(std::string_view text) {
  Authority result;
  std::string_view host = text;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return std::nullopt;
    host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else if (const auto colon = text.find(':'); colon != text.npos) {
    host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (!rest.empty()) {
    if (rest.front() != ':') return std::nullopt;
    result.port = rest.substr(1);
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (!std::all_of(result.port.begin(), result.port.end(), digit)) return std::nullopt;
  }
  result.host = lower(host);
  unsigned char address[16];
  if (text.starts_with('[')) {
    // A zone ("fe80::1%eth0") never reaches a server, but costs nothing to accept.
    const auto plain = result.host.substr(0, result.host.find('%'));
    if (inet_pton(AF_INET6, plain.c_str(), address) != 1) return std::nullopt;
    result.is_address = true;
  } else {
    result.is_address = inet_pton(AF_INET, result.host.c_str(), address) == 1;
    if (result.host.ends_with('.')) result.host.pop_back();
  }
  if (result.host.empty()) return std::nullopt;
  return result;
}

bool is_ours(const Authority& authority, const AccessRules& rules, const HttpConfig& http) {
  if (authority.is_address) return true;
  const auto& host = authority.host;
  if (host == "localhost" || host.ends_with(".localhost")) return true;  // RFC 6761, 6.3
  const auto in = [&host](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), host) != names.end();
  };
  return in(rules.host_names) || in(http.allowed_hosts);
}

// "USER:PASSWORD@HOST" has no place in either header, and none in an answer or a log.
std::string without_user(const std::string& text) {
  const auto at = text.rfind('@');
  return at == text.npos ? text : "…" + text.substr(at);
}

}  // namespace

AccessRules access_rules(std::string_view listen_host, std::string_view host_name) {
  AccessRules rules;
  const auto add = [&](std::string name) {
    if (!name.empty()) rules.host_names.push_back(std::move(name));
  };
  add(lower(listen_host));
  add(lower(host_name));
  if (!host_name.empty()) {
    const auto name = lower(host_name);
    add(name + ".local");
    add(name.substr(0, name.find('.')));
  }
  return rules;
}

std::optional<HttpProblem> check_access(const HttpRequest& request, const AccessRules& rules,
                                        const HttpConfig& http) {
  const auto host = parse_authority(request.host);
  if (!request.local && !request.host.empty() && (!host || !is_ours(*host, rules, http))) {
    return HttpProblem{
        .status = 403,
        .detail = "the Host '" + without_user(request.host) + "' is not a name of this computer",
        .hint =
            "use localhost or the computer's address or name in the URL; http.allowed_hosts in "
            "the configuration allows more names"};
  }
  if (request.origin.empty() || is_allowed_origin(request.origin, http)) return std::nullopt;
  // A page of ours has the same authority as the request that it makes; a TLS proxy in front of us
  // changes the scheme only.
  std::string_view origin = request.origin;
  std::string default_port;
  if (origin.starts_with("http://")) default_port = "80";
  if (origin.starts_with("https://")) default_port = "443";
  if (!default_port.empty() && host) {
    origin.remove_prefix(origin.find("//") + 2);
    const auto from = parse_authority(origin);
    const auto port = [&](const Authority& a) { return a.port.empty() ? default_port : a.port; };
    if (from && from->host == host->host && port(*from) == port(*host)) return std::nullopt;
  }
  return HttpProblem{
      .status = 403,
      .detail = "a page of '" + without_user(request.origin) + "' may not use this daemon",
      .hint =
          "requests of other web sites are refused, unless http.allowed_origins "
          "in the configuration allows them"};
}

}  // namespace rocd
