// `rocctl token …` on the command line.
#include "rocctl/cli_nouns.hpp"
#include "rocctl/commands_token.hpp"

namespace rocctl {

void add_token_commands(CLI::App& app, Command& chosen) {
  auto* noun = add_command(app, "token", "Who may call the daemon over the network",
                           "\n  rocctl token new --name alice-phone --role operator");
  noun->require_subcommand(1);
  const auto options = std::make_shared<TokenOptions>();

  auto* create =
      add_command(*noun, "new", "Make an access token and its entry in the configuration",
                  R"(
  rocctl token new --name alice-phone --role operator
  rocctl token new -o json | jq -r .token
A viewer reads, an operator changes streams and endpoints, an admin may do everything. Needs no
daemon: the entry has to be put into its configuration, under http.tokens.)");
  create->add_option("--name", options->name, "whose token it is (default made of its hash)")
      ->check(token_name_validator())
      ->option_text("NAME");
  limit_to(*create->add_option("--role", options->role, "what it may do (default viewer)"),
           {"viewer", "operator", "admin"});
  create->callback([options, &chosen] {
    chosen = [options](const Session& session) { return new_token(session, *options); };
  });
}

}  // namespace rocctl
