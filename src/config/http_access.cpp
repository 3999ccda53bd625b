#include "config/http_access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/ip_address.hpp"
#include "model/endpoint.hpp"

namespace rocd {
namespace {

constexpr std::size_t max_tokens = 64;
constexpr std::size_t max_names = 64;

// What stands where, to say of a second one where the first is.
using Lines = std::map<std::string, int>;

std::string read_token_name(MapReader& reader, Lines& lines) {
  const auto text = reader.text("name", "whose token this is");
  if (!text) {
    if (!reader.has("name")) reader.missing("name", "whose token this is");
    return {};
  }
  if (is_token(*text)) {
    reader.wrong("name", "'name' is a token itself, expected whose token this is");
    return {};
  }
  if (!is_endpoint_name(*text)) {
    reader.wrong("name", fmt::format("'{}' is not a name, expected 1 to 63 of a-z, 0-9, '_' and "
                                     "'-', beginning with a letter or digit",
                                     *text));
    return {};
  }
  const auto [first, added] = lines.try_emplace(*text, reader.place("name").line);
  if (!added)
    reader.wrong("name", fmt::format("the name '{}' is already that of the token in line {}", *text,
                                     first->second));
  return *text;
}

TokenHash read_hash(MapReader& reader, Lines& lines) {
  const std::string expected = "64 hexadecimal digits, as 'rocctl token new' prints them";
  if (reader.has("token")) {
    (void)reader.node("token");
    (void)reader.node("sha256");
    reader.wrong("token",
                 "a token itself has no place in this file, expected 'sha256', its hash; 'rocctl "
                 "token new' makes both");
    return {};
  }
  const auto text = reader.text("sha256", expected);
  if (!text) {
    if (!reader.has("sha256")) reader.missing("sha256", expected);
    return {};
  }
  const auto hash = TokenHash::parse(*text);
  if (text->starts_with("rocd_")) {
    reader.wrong("sha256",
                 "'sha256' is a token itself, expected its hash; make a new token with 'rocctl "
                 "token new', because this one has been written down");
  } else if (!hash) {
    reader.wrong("sha256", fmt::format("'sha256' is not a hash, expected {}", expected));
  } else {
    const auto [first, added] = lines.try_emplace(hash->hex(), reader.place("sha256").line);
    if (!added)
      reader.wrong("sha256", fmt::format("this is the token of line {} again", first->second));
  }
  return hash.value_or(TokenHash{});
}

void read_tokens(MapReader& http, HttpConfig& config, Mistakes& mistakes) {
  Lines names, hashes;
  for (const auto& node : http.mappings("tokens", max_tokens)) {
    MapReader reader(node, place_of(node), "a token", mistakes);
    AccessToken token;
    token.name = read_token_name(reader, names);
    const auto role = reader.choice<Role>(
        "role", {{"viewer", Role::viewer}, {"operator", Role::operator_}, {"admin", Role::admin}});
    if (!reader.has("role"))
      reader.missing("role", "viewer (reads), operator (streams, volume) or admin (everything)");
    token.role = role.value_or(Role::viewer);
    token.hash = read_hash(reader, hashes);
    reader.finish();
    config.tokens.push_back(std::move(token));
  }
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// Lower case; underscores occur in names that are not from the public DNS.
bool is_host_name(std::string_view text) {
  constexpr std::size_t longest_name = 253, longest_label = 63;
  if (text.empty() || text.size() > longest_name) return false;
  while (!text.empty()) {
    const auto label = text.substr(0, text.find('.'));
    text.remove_prefix(std::min(label.size() + 1, text.size()));
    const auto fits = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    if (label.empty() || label.size() > longest_label) return false;
    if (!std::all_of(label.begin(), label.end(), fits)) return false;
  }
  return true;
}

// ":8080" or nothing.
bool is_port(std::string_view text) {
  if (text.empty()) return true;
  text.remove_prefix(1);
  std::uint16_t port = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, port);
  return failure == std::errc{} && rest == end && port != 0 && text.front() != '0';
}

// What is wrong with an entry; empty: nothing.
std::string mistake_in_host(const std::string& text) {
  if (is_ip_address(text)) return "an address is always allowed, expected names only";
  if (is_host_name(lower(text))) return {};
  return fmt::format(
      "'{}' is not a host name, expected one without scheme and port such as "
      "'audio.example.org'",
      text);
}

// A browser sends an origin in one form only (RFC 6454, 6.2), and it is compared as it is.
std::string mistake_in_origin(const std::string& text) {
  auto form = fmt::format(
      "'{}' is not an origin, expected SCHEME://HOST or SCHEME://HOST:PORT such as "
      "'https://audio.example.org'",
      text);
  if (text == "*" || text == "null")
    return fmt::format("'{}' would let every web site in, expected origins one by one", text);
  const auto colon = text.find("://");
  if (colon == std::string::npos) return form;
  const auto scheme = text.substr(0, colon);
  const auto in_scheme = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  };
  auto host = text.substr(colon + 3);
  if (host.ends_with('/') && std::count(host.begin(), host.end(), '/') == 1)
    return fmt::format("'{}' ends with a slash, expected it without, as browsers send it", text);
  if (text != lower(text))
    return fmt::format("'{}' has capitals, expected '{}', as browsers send it", text, lower(text));
  const auto bracket = host.find(']');
  const auto port_at = host.find(':', bracket == std::string::npos ? 0 : bracket);
  const auto port = port_at == std::string::npos ? "" : host.substr(port_at);
  host.resize(host.size() - port.size());
  const bool is_v6 = host.starts_with('[') && host.ends_with(']') &&
                     is_ip_address(host.substr(1, host.size() - 2));
  if (scheme.empty() || !std::all_of(scheme.begin(), scheme.end(), in_scheme) || !is_port(port) ||
      (!is_v6 && !is_host_name(host)))
    return form;
  if ((scheme == "http" && port == ":80") || (scheme == "https" && port == ":443"))
    return fmt::format(
        "'{}' names the port that {} has anyway, expected it without, as browsers "
        "send it",
        text, scheme);
  return {};
}

template <class Check>
std::vector<std::string> read_list(MapReader& http, const std::string& key, Mistakes& mistakes,
                                   const Check& mistake_in) {
  std::vector<std::string> entries;
  const auto count = mistakes.count();
  auto texts = http.texts(key, max_names);
  if (mistakes.count() > count) return {};  // an entry may be missing: places would be wrong
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto mistake = mistake_in(texts[i]);
    const bool twice = std::find(entries.begin(), entries.end(), texts[i]) != entries.end();
    if (mistake.empty() && twice) mistake = fmt::format("'{}' stands here twice", texts[i]);
    if (!mistake.empty())
      mistakes.add(http.place_in(key, i), fmt::format("'{}': {}", key, mistake));
    entries.push_back(std::move(texts[i]));
  }
  return entries;
}

}  // namespace

void read_http_access(MapReader& http, Config& config, Mistakes& mistakes) {
  auto& access = config.http;
  read_tokens(http, access, mistakes);
  access.allowed_origins = read_list(http, "allowed_origins", mistakes, mistake_in_origin);
  access.allowed_hosts = read_list(http, "allowed_hosts", mistakes, mistake_in_host);
  for (auto& host : access.allowed_hosts) host = lower(host);
  for (const std::string key : {"tokens", "allowed_origins", "allowed_hosts"})
    if (http.has(key)) config.origins["http." + key] = http.origin(key);
}

}  // namespace rocd
