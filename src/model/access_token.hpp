// Access tokens: who may do how much, and how a token is known again without being kept.
// Does not decide which request needs which role: the routes of api/ do.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rocd {

// Each may do what those before it may.
enum class Role {
  none,       // anybody, without a token
  viewer,     // reads
  operator_,  // streams, volume, mute
  admin,      // everything
};

[[nodiscard]] std::string_view to_string(Role role);
// "viewer", "operator" or "admin".
[[nodiscard]] std::optional<Role> parse_role(std::string_view text);

// "rocd_" and 32 random bytes as base64url without padding (43 characters). The prefix lets people
// and secret scanners tell what it is.
inline constexpr std::size_t kTokenBytes = 32;
[[nodiscard]] std::string token_text(const std::array<unsigned char, kTokenBytes>& random);
[[nodiscard]] bool is_token(std::string_view text);

// SHA-256 of a token's text. Neither salted nor slow, as the hash of a password must be: a token is
// 256 random bits, so no two are equal, and there is no list of likely ones to try.
class TokenHash {
 public:
  TokenHash() = default;  // of no token
  [[nodiscard]] static TokenHash of(std::string_view token);
  // 64 hexadecimal digits, of either case.
  [[nodiscard]] static std::optional<TokenHash> parse(std::string_view hex);
  [[nodiscard]] std::string hex() const;

  // In a time that does not depend on where they differ.
  friend bool operator==(const TokenHash& a, const TokenHash& b);

 private:
  std::array<unsigned char, 32> bytes_{};
};

struct AccessToken {
  std::string name;  // for people
  Role role = Role::viewer;
  TokenHash hash;
  friend bool operator==(const AccessToken&, const AccessToken&) = default;
};

// Of the token that was shown; none if it is not one of `tokens`. Looks at all of them, so that the
// time does not tell which one it was.
[[nodiscard]] Role role_of(std::string_view shown, const std::vector<AccessToken>& tokens);

}  // namespace rocd
