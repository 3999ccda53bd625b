// `rocctl endpoint …` on the command line.
#include "rocctl/cli_nouns.hpp"

namespace rocctl {
namespace {

struct Words {
  EndpointOptions options;
  std::string name;
  std::vector<std::string> names;
  bool mute = false, unmute = false, make_default = false, no_default = false;
};

void add_shared_options(CLI::App& command, Words& words) {
  command.add_option("--volume", words.options.volume, "a factor such as 0.25, or decibels: -12dB")
      ->option_text("VOLUME");
  auto* mute = command.add_flag("--mute", words.mute, "make it silent");
  command.add_flag("--unmute", words.unmute, "make it audible")->excludes(mute);
  auto* make_default =
      command.add_flag("--default", words.make_default, "make it the default device");
  command.add_flag("--no-default", words.no_default, "no longer ask for that")
      ->excludes(make_default);
}

EndpointOptions options_of(const Words& words) {
  auto options = words.options;
  if (words.mute || words.unmute) options.muted = words.mute;
  if (words.make_default || words.no_default) options.is_default = words.make_default;
  return options;
}

void add_add(CLI::App& noun, const std::shared_ptr<Words>& words, Command& chosen) {
  auto* command = add_command(noun, "add", "Make a virtual device", R"(
  rocctl endpoint add 'Kitchen speakers' --direction output
  rocctl endpoint add 'Studio microphone' --direction input --channels 1 --wait
An output is what applications play to, and a source of streams; an input is what they record from,
and a destination.)");
  command->add_option("NAME", words->name, "shown to people")->required();
  auto* direction = command->add_option("-d,--direction", words->options.direction,
                                        "what applications do: play to it, or record from it");
  direction->required();
  limit_to(*direction, {"output", "input"});
  command
      ->add_option("--system-name", words->options.system_name,
                   "PipeWire's node.name, 'rocd.' and a name")
      ->option_text("NAME");
  command->add_option("--channels", words->options.channels, "1 to 8 (default 2)")
      ->option_text("N");
  command->add_option("--rate", words->options.sample_rate, "samples per second (default 48000)")
      ->option_text("HZ");
  add_shared_options(*command, *words);
  add_wait(*command, words->options.wait, "until it is there");
  command->callback([words, &chosen] {
    chosen = [words](const Session& session) {
      auto options = options_of(*words);
      options.display_name = words->name;
      return add_endpoint(session, options);
    };
  });
}

void add_set(CLI::App& noun, const std::shared_ptr<Words>& words, Command& chosen) {
  auto* command = add_command(noun, "set", "Change volume, mute, name or default", R"(
  rocctl endpoint set kitchen --volume -12dB
  rocctl endpoint set kitchen --unmute --volume 1 --name 'Kitchen, loud')");
  command->add_option("ENDPOINT", words->options.endpoint, "its name or uid")->required();
  command->add_option("--name", words->options.display_name, "shown to people")
      ->option_text("NAME");
  add_shared_options(*command, *words);
  command->callback([words, &chosen] {
    chosen = [words](const Session& session) { return set_endpoint(session, options_of(*words)); };
  });
}

}  // namespace

void add_endpoint_commands(CLI::App& app, Command& chosen) {
  auto* noun = add_command(app, "endpoint", "Devices: list, make, change, remove", R"(
  rocctl endpoint ls
  rocctl endpoint add 'Kitchen speakers' --direction output
  rocctl endpoint set kitchen --volume -12dB
Where an endpoint is expected: its name, its system name with or without 'rocd.', or a uid, of which
the beginning is enough. What may mean several is an error that lists them.)");
  noun->require_subcommand(1);
  const auto words = std::make_shared<Words>();

  add_command(*noun, "ls", "List them", "\n  rocctl endpoint ls -o json")->callback([&chosen] {
    chosen = list_endpoints;
  });
  auto* show =
      add_command(*noun, "show", "Show everything about one", "\n  rocctl endpoint show kitchen");
  show->add_option("ENDPOINT", words->options.endpoint, "its name or uid")->required();
  show->callback([words, &chosen] {
    chosen = [words](const Session& session) {
      return show_endpoint(session, words->options.endpoint);
    };
  });
  add_add(*noun, words, chosen);
  add_set(*noun, words, chosen);
  auto* remove = add_command(*noun, "rm", "Remove virtual devices",
                             "\n  rocctl endpoint rm 'Kitchen speakers'");
  remove->add_option("ENDPOINT", words->names, "their names or uids")->required();
  remove->callback([words, &chosen] {
    chosen = [words](const Session& session) { return remove_endpoints(session, words->names); };
  });
}

}  // namespace rocctl
