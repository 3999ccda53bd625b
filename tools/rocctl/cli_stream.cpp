// `rocctl stream …` and `rocctl connect` on the command line.
#include <array>
#include <map>

#include "rocctl/cli_nouns.hpp"

namespace rocctl {
namespace {

struct Words {
  StreamOptions options;
  std::map<std::string, std::string> settings;
  std::string stream;
  std::vector<std::string> streams;
  Wait wait;
  LogRequest log{.path = ""};
};

constexpr const char* about_sides = R"(
SOURCE and DESTINATION are devices (see 'rocctl endpoint --help') or, one of them, an address such as
rtp+rs8m://192.168.1.20:10001. As DESTINATION it is where to send; as SOURCE, where to listen on this
computer: rtp+rs8m://0.0.0.0:10001, or port 0 for a free one. Without --repair and --control the two
ports after it are taken, at both ends alike.)";

void add_settings(CLI::App& command, Words& words) {
  const auto add = [&](const std::string& option, const std::string& name,
                       const std::string& what) -> CLI::Option& {
    return *command.add_option_function<std::string>(
        option, [&words, name](const std::string& text) { words.settings[name] = text; }, what);
  };
  const auto add_time = [&](const std::string& option, const std::string& name,
                            const std::string& what) {
    add(option, name, what).check(duration_validator(true))->option_text("TIME");
  };
  limit_to(add("--profile", "profile", "latencies that go together (default balanced)"),
           {"low", "balanced", "robust"});
  add_time("--target-latency", "target_latency", "how long a receiver keeps audio, such as 200ms");
  add_time("--io-latency", "io_latency", "buffer of the device, such as 20ms");
  add_time("--packet-length", "packet_length", "audio in one packet, such as 5ms");
  limit_to(add("--fec", "fec", "error correction (default auto)"),
           {"auto", "none", "rs8m", "ldpc"});
  limit_to(add("--resampler-profile", "resampler_profile", "quality (default medium)"),
           {"low", "medium", "high"});
  limit_to(add("--restart", "restart", "after a failure (default always)"),
           {"always", "on_failure", "never"});
  limit_to(
      add("--on-idle", "on_idle",
          "while nothing plays into its virtual device: send silence, or nothing (default keep)"),
      {"keep", "pause"});
  add_time("--idle-after", "idle_after", "for how long nothing has played then, such as 30s");
}

void add_names(CLI::App& command, StreamOptions& options) {
  command.add_option("--repair", options.repair, "repair address, rs8m:// or ldpc://HOST:PORT")
      ->option_text("URI");
  command
      .add_option("--control", options.control,
                  "control address, rtcp://HOST:PORT; 'none' for a stream without RTCP")
      ->option_text("URI");
  command.add_option("--name", options.display_name, "shown to people")->option_text("NAME");
}

void add_ending(CLI::App& command, StreamOptions& options) {
  command.add_flag("--dry-run", options.dry_run,
                   "print what would be sent to rocd, do not send it");
  add_wait(command, options.wait, "until it is healthy; see 'rocctl stream --help'");
}

StreamOptions options_of(const Words& words) {
  auto options = words.options;
  options.settings.assign(words.settings.begin(), words.settings.end());
  return options;
}

// `connect` and `stream add` are the same but for --file.
void add_stream_options(CLI::App& command, const std::shared_ptr<Words>& words, Command& chosen) {
  auto& options = words->options;
  add_names(command, options);
  add_settings(command, *words);
  command.add_flag("--disabled", options.disabled, "do not start it yet");
  add_ending(command, options);
  command.callback([words, &chosen] {
    const auto& given = words->options;
    if (given.file.empty() && (given.source.empty() || given.destination.empty()))
      throw CLI::RequiredError("SOURCE and DESTINATION");
    chosen = [words](const Session& session) { return add_stream(session, options_of(*words)); };
  });
}

void add_one(CLI::App& noun, const std::shared_ptr<Words>& words, const std::string& name,
             const std::string& what, bool can_wait, const Command& action, Command& chosen) {
  auto* command =
      add_command(noun, name, what,
                  "\n  rocctl stream " + name + " 'Music to kitchen'" +
                      (can_wait ? "\n  rocctl stream " + name + " rx4 --wait=20s" : ""));
  command->add_option("STREAM", words->stream, "its name or uid")->required();
  if (can_wait) add_wait(*command, words->wait, "until it is healthy");
  command->callback([action, &chosen] { chosen = action; });
}

void add_add(CLI::App& noun, const std::shared_ptr<Words>& words, Command& chosen) {
  auto* command = add_command(noun, "add", "Make a stream",
                              std::string(R"(
  rocctl stream add kitchen rtp+rs8m://192.168.1.20:10001 --name 'Music to kitchen'
  rocctl stream add rtp+rs8m://0.0.0.0:10001 'Studio microphone' --profile robust --wait
  rocctl stream show music -o json | rocctl stream add --file -)") +
                                  about_sides);
  auto& options = words->options;
  auto* source =
      command->add_option("SOURCE", options.source, "a device, or an address to listen at");
  auto* destination =
      command->add_option("DESTINATION", options.destination, "a device, or an address to send to");
  auto* file = command->add_option("--file", options.file,
                                   "instead: a stream as JSON or YAML, '-' for standard input");
  file->excludes(source)->excludes(destination);
  takes(*file, "FILE");
  add_stream_options(*command, words, chosen);
}

void add_set(CLI::App& noun, const std::shared_ptr<Words>& words, Command& chosen) {
  auto* command = add_command(noun, "set", "Change its name, addresses or settings", R"(
  rocctl stream set music --profile robust --wait
  rocctl stream set music --destination rtp+rs8m://192.168.1.21:10001
  rocctl stream set music --target-latency auto --name 'Music, late'
What is not named stays as it is. A change of addresses or settings restarts the stream.)");
  auto& options = words->options;
  command->add_option("STREAM", options.stream, "its name or uid")->required();
  takes(*command->add_option("--source", options.source, "a device, or an address to listen at"),
        "SOURCE");
  takes(*command->add_option("--destination", options.destination,
                             "a device, or an address to send to"),
        "DESTINATION");
  add_names(*command, options);
  add_settings(*command, *words);
  add_ending(*command, options);
  command->callback([words, &chosen] {
    chosen = [words](const Session& session) { return set_stream(session, options_of(*words)); };
  });
}

void add_log(CLI::App& noun, const std::shared_ptr<Words>& words, Command& chosen) {
  auto* command = add_command(noun, "log", "Show what the stream's roc-send or roc-recv says", R"(
  rocctl stream log music -n 20
  rocctl stream log music --follow)");
  command->add_option("STREAM", words->stream, "its name or uid")->required();
  add_log_options(*command, words->log);
  command->callback([words, &chosen] {
    chosen = [words](const Session& session) {
      return show_stream_log(session, words->stream, words->log);
    };
  });
}

}  // namespace

void add_stream_commands(CLI::App& app, Command& chosen) {
  auto* noun = add_command(app, "stream", "Streams: list, make, change, look at, remove", R"(
  rocctl stream ls
  rocctl stream add kitchen rtp+rs8m://192.168.1.20:10001
  rocctl stream log music --follow
Where a stream is expected: its name, or its uid, of which the beginning is enough. What may mean
several is an error that lists them.
--wait: until the stream runs and is healthy; else exit code 3, with the cause and what to do. A
stream that receives, and that nobody sends to yet, has only to listen: that is told, and no error.)");
  noun->require_subcommand(1);
  const auto words = std::make_shared<Words>();

  add_command(*noun, "ls", "List them", "\n  rocctl stream ls -o json")->callback([&chosen] {
    chosen = [](const Session& session) { return list_streams(session); };
  });
  const auto& name = words->stream;
  add_one(
      *noun, words, "show", "Show everything about one", false,
      [words, &name](const Session& session) { return show_stream(session, name); }, chosen);
  add_add(*noun, words, chosen);
  add_set(*noun, words, chosen);
  add_one(
      *noun, words, "enable", "Start it, and keep it running", true,
      [words, &name](const Session& session) {
        return enable_stream(session, name, true, words->wait);
      },
      chosen);
  add_one(
      *noun, words, "disable", "Stop it, and keep it stopped", false,
      [words, &name](const Session& session) { return enable_stream(session, name, false, {}); },
      chosen);
  add_one(
      *noun, words, "restart", "End its process and start it again", true,
      [words, &name](const Session& session) { return restart_stream(session, name, words->wait); },
      chosen);
  add_log(*noun, words, chosen);
  auto* remove =
      add_command(*noun, "rm", "Stop and forget them", "\n  rocctl stream rm 'Music to kitchen'");
  remove->add_option("STREAM", words->streams, "their names or uids")->required();
  remove->callback([words, &chosen] {
    chosen = [words](const Session& session) { return remove_streams(session, words->streams); };
  });
}

void add_connect_command(CLI::App& app, Command& chosen) {
  const auto words = std::make_shared<Words>();
  auto* command =
      add_command(app, "connect", "Carry audio from SOURCE to DESTINATION", std::string(R"(
  rocctl connect kitchen rtp+rs8m://192.168.1.20:10001 --wait
  rocctl connect rtp+rs8m://0.0.0.0:10001 'Studio microphone' --profile low
  rocctl connect rtp://0.0.0.0:0 microphone --dry-run)") + about_sides);
  auto& options = words->options;
  command->add_option("SOURCE", options.source, "a device, or an address to listen at")->required();
  command->add_option("DESTINATION", options.destination, "a device, or an address to send to")
      ->required();
  add_stream_options(*command, words, chosen);
}

}  // namespace rocctl
