#include "rocctl/commands_token.hpp"

#include <sodium.h>

#include <boost/json/object.hpp>

#include "model/access_token.hpp"
#include "model/endpoint.hpp"

namespace rocctl {

CommandResult new_token(const Session& session, const TokenOptions& options) {
  if (auto shown = refuse_names(session, "token new"); !shown) return shown.error();
  if (sodium_init() < 0)
    return Failure{.message = "there is no source of randomness",
                   .hint = "libsodium could not open the kernel's (getrandom, /dev/urandom)"};
  std::array<unsigned char, rocd::kTokenBytes> random{};
  randombytes_buf(random.data(), random.size());
  const auto token = rocd::token_text(random);
  const auto hash = rocd::TokenHash::of(token).hex();
  const auto name = options.name.empty() ? "token-" + hash.substr(0, 6) : options.name;
  const boost::json::value value = boost::json::object{
      {"token", token}, {"name", name}, {"role", options.role}, {"sha256", hash}};
  const auto text =
      token +
      "\n\nIt is shown this once and kept nowhere. Its entry in the configuration of rocd:\n\n"
      "http:\n"
      "  tokens:\n"
      "    - { name: " +
      name + ", role: " + options.role + ", sha256: " + hash +
      " }\n\n"
      "Send it as 'Authorization: Bearer TOKEN'; rocctl takes it from ROCCTL_TOKEN.\n";
  session.show({value, text, {}});
  return Exit::ok;
}

CLI::Validator token_name_validator() {
  return CLI::Validator(
      [](const std::string& text) {
        return rocd::is_endpoint_name(text)
                   ? std::string()
                   : "expected 1 to 63 of a-z, 0-9, '_' and '-', beginning with a letter or digit";
      },
      "", "name");
}

}  // namespace rocctl
