#include "model/access_token.hpp"

#include <sodium.h>

#include <algorithm>

namespace rocd {
namespace {

constexpr std::string_view kPrefix = "rocd_";
constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
constexpr std::size_t kEncodedBytes = sodium_base64_ENCODED_LEN(kTokenBytes, kVariant) - 1;

static_assert(crypto_hash_sha256_BYTES == sizeof(TokenHash));

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::none:
      return "none";
    case Role::viewer:
      return "viewer";
    case Role::operator_:
      return "operator";
    case Role::admin:
      return "admin";
  }
  return "";
}

std::optional<Role> parse_role(std::string_view text) {
  for (const auto role : {Role::viewer, Role::operator_, Role::admin})
    if (to_string(role) == text) return role;
  return std::nullopt;
}

std::string token_text(const std::array<unsigned char, kTokenBytes>& random) {
  std::array<char, kEncodedBytes + 1> text{};  // and the zero at its end
  sodium_bin2base64(text.data(), text.size(), random.data(), random.size(), kVariant);
  return std::string(kPrefix) + text.data();
}

bool is_token(std::string_view text) {
  if (!text.starts_with(kPrefix)) return false;
  text.remove_prefix(kPrefix.size());
  return text.size() == kEncodedBytes && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

TokenHash TokenHash::of(std::string_view token) {
  TokenHash hash;
  crypto_hash_sha256(hash.bytes_.data(), reinterpret_cast<const unsigned char*>(token.data()),
                     token.size());
  return hash;
}

std::optional<TokenHash> TokenHash::parse(std::string_view hex) {
  TokenHash hash;
  const char* end = nullptr;
  std::size_t length = 0;
  const int failed = sodium_hex2bin(hash.bytes_.data(), hash.bytes_.size(), hex.data(), hex.size(),
                                    nullptr, &length, &end);
  if (failed != 0 || length != hash.bytes_.size() || end != hex.data() + hex.size())
    return std::nullopt;
  return hash;
}

std::string TokenHash::hex() const {
  std::string text(bytes_.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes_.data(), bytes_.size());
  text.pop_back();
  return text;
}

bool operator==(const TokenHash& a, const TokenHash& b) {
  return sodium_memcmp(a.bytes_.data(), b.bytes_.data(), a.bytes_.size()) == 0;
}

Role role_of(std::string_view shown, const std::vector<AccessToken>& tokens) {
  // Other texts are never compared: a hash of "secret", put into the file by hand, opens nothing.
  if (!is_token(shown)) return Role::none;
  const auto hash = TokenHash::of(shown);
  auto role = Role::none;
  for (const auto& token : tokens)
    if (token.hash == hash) role = token.role;
  return role;
}

}  // namespace rocd
