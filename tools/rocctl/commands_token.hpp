// Makes access tokens. The only place that ever has one and its hash together; it keeps neither.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "rocctl/commands.hpp"

namespace rocctl {

struct TokenOptions {
  std::string name{};  // empty: made of the hash
  std::string role = "viewer";
};

[[nodiscard]] CommandResult new_token(const Session& session, const TokenOptions& options);

// A name that the configuration accepts.
[[nodiscard]] CLI::Validator token_name_validator();

}  // namespace rocctl
