#include "model/access_token.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace rocd;

namespace {

std::string token(unsigned char fill) {
  std::array<unsigned char, kTokenBytes> bytes{};
  bytes.fill(fill);
  return token_text(bytes);
}

AccessToken entry(Role role, std::string_view text) {
  return {"name", role, TokenHash::of(text)};
}

}  // namespace

TEST_CASE("A token is a prefix and 256 bits as base64url") {
  CHECK(token(0) == "rocd_" + std::string(43, 'A'));
  CHECK(token(0xFF) == "rocd_" + std::string(42, '_') + "8");
  CHECK(is_token(token(0x5A)));
  const auto digits = std::string(43, 'x');
  for (const auto& wrong : {std::string(), std::string("rocd_"), digits, "rocd_" + digits + "x",
                            "ROCD_" + digits, "rocd_" + digits.substr(1), " rocd_" + digits,
                            "rocd_" + digits.substr(1) + "=", "rocd_" + digits.substr(1) + "+"}) {
    CAPTURE(wrong);
    CHECK(!is_token(wrong));
  }
}

TEST_CASE("A hash is SHA-256 in hexadecimal") {
  // FIPS 180-4, of "abc".
  const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(TokenHash::of("abc").hex() == abc);
  CHECK(TokenHash::parse(abc) == TokenHash::of("abc"));
  auto upper = abc;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  CHECK(TokenHash::parse(upper) == TokenHash::of("abc"));
  for (const auto& wrong : {std::string(), abc.substr(2), abc + "00", abc.substr(1), abc + "0",
                            abc.substr(1) + "g", "0x" + abc.substr(2), abc.substr(1) + " "}) {
    CAPTURE(wrong);
    CHECK(!TokenHash::parse(wrong));
  }
}

TEST_CASE("Hashes that differ in one bit, whichever, are not equal") {
  const auto hash = TokenHash::of("abc");
  for (std::size_t digit = 0; digit < 64; ++digit) {
    auto hex = hash.hex();
    hex[digit] = hex[digit] == '0' ? '1' : '0';
    CHECK(TokenHash::parse(hex).value() != hash);
  }
}

TEST_CASE("A token has the role of its entry, wherever it stands, and any other has none") {
  const std::vector<AccessToken> tokens{entry(Role::viewer, token(1)),
                                        entry(Role::operator_, token(2)),
                                        entry(Role::admin, token(3))};
  CHECK(role_of(token(1), tokens) == Role::viewer);
  CHECK(role_of(token(2), tokens) == Role::operator_);
  CHECK(role_of(token(3), tokens) == Role::admin);
  CHECK(role_of(token(4), tokens) == Role::none);
  CHECK(role_of("", tokens) == Role::none);
  CHECK(role_of(token(1), {}) == Role::none);
  CHECK(role_of(TokenHash::of(token(3)).hex(), tokens) == Role::none);  // the hash is no token
}

TEST_CASE("What is not a token opens nothing, even if its hash is configured") {
  CHECK(role_of("secret", {entry(Role::admin, "secret")}) == Role::none);
  CHECK(role_of("", {entry(Role::admin, "")}) == Role::none);
  CHECK(role_of(token(1), {AccessToken{}}) == Role::none);
}

TEST_CASE("Roles grow, and have names") {
  CHECK(Role::none < Role::viewer);
  CHECK(Role::viewer < Role::operator_);
  CHECK(Role::operator_ < Role::admin);
  for (const auto role : {Role::viewer, Role::operator_, Role::admin})
    CHECK(parse_role(to_string(role)) == role);
  for (const auto* wrong : {"", "none", "Admin", "operator_", "root"}) CHECK(!parse_role(wrong));
}
