// `rocctl status|events|log|config|reload|doctor` on the command line: the daemon itself.
#include "rocctl/cli_nouns.hpp"
#include "rocctl/log.hpp"

namespace rocctl {
namespace {

void add_events_command(CLI::App& app, Command& chosen) {
  auto* command = add_command(app, "events", "Show what changes, as it happens", R"(
  rocctl events
  rocctl events --types 'stream.*,daemon.pipewire'
  rocctl events --uri /streams -o json | jq -r 'select(.type == "stream.state").uri'
First comes all there is (sync), then what changes. With -o json each event is a line. When the
connection is lost, it is made again, and goes on where it was.)");
  const auto query = std::make_shared<EventQuery>();
  command
      ->add_option("--types", query->types, "only these, with commas; 'stream.*' is all of a kind")
      ->option_text("TYPES");
  command->add_option("--uri", query->uri, "only of this resource or collection, such as /streams")
      ->option_text("PATH");
  command->callback([query, &chosen] {
    chosen = [query](const Session& session) { return follow_events(session, *query); };
  });
}

void add_log_command(CLI::App& app, Command& chosen) {
  auto* command = add_command(app, "log", "Show what rocd itself says", R"(
  rocctl log -n 20
  rocctl log --level warning --follow
What roc-send and roc-recv say: rocctl stream log STREAM.)");
  const auto request = std::make_shared<LogRequest>();
  request->path = "/system/log";
  add_log_options(*command, *request);
  limit_to(*command->add_option("--level", request->level, "this and worse (default all there is)"),
           {"trace", "debug", "info", "warning", "error", "critical"});
  command->callback([request, &chosen] {
    chosen = [request](const Session& session) { return show_daemon_log(session, *request); };
  });
}

void add_config_commands(CLI::App& app, Command& chosen) {
  auto* noun =
      add_command(app, "config", "The configuration: check a file, show what is in force", R"(
  rocctl config check ~/.config/rocd/rocd.yaml
  rocctl config show --changed)");
  noun->require_subcommand(1);

  auto* check = add_command(*noun, "check", "Find the mistakes of a configuration file", R"(
  rocctl config check rocd.yaml
  rocctl config check && rocctl reload
Without FILE: the one that rocd would read. Needs no daemon: the rocd beside rocctl reads it, and ends.
Exit codes: 0 it is right, 1 it has mistakes or cannot be read, 2 wrong command line.)");
  const auto file = std::make_shared<std::string>();
  takes(*check->add_option("FILE", *file, "what to check"), "FILE");
  check->callback([file, &chosen] {
    chosen = [file](const Session& session) { return check_config(session, *file); };
  });

  auto* show = add_command(*noun, "show", "Show each value in force, and where it comes from", R"(
  rocctl config show
  rocctl config show --changed -o json)");
  const auto changed_only = std::make_shared<bool>(false);
  show->add_flag("--changed", *changed_only, "leave out what is the default (not with json, yaml)");
  show->callback([changed_only, &chosen] {
    chosen = [changed_only](const Session& session) { return show_config(session, *changed_only); };
  });
}

void add_reload_command(CLI::App& app, Command& chosen) {
  add_command(app, "reload", "Let rocd read its configuration file again", R"(
  rocctl reload
All is checked before anything changes: with a mistake everything stays as it was. Streams that did
not change go on untouched.)")
      ->callback([&chosen] { chosen = reload_config; });
}

void add_doctor_command(CLI::App& app, Command& chosen) {
  auto* command =
      add_command(app, "doctor", "Find out what does not work, and what to do about it", R"(
  rocctl doctor
  rocctl doctor --tone
Asks the daemon about its tools (error correction is tried out), PipeWire, ports and streams; without
a daemon it looks itself.
--tone makes a virtual speaker, a virtual microphone and two streams between them over loopback, plays
into one, records from the other, and tells latency, level and gaps. Nobody hears it, and all of it
is removed in the end.)");
  const auto options = std::make_shared<DoctorOptions>();
  command->add_flag("--tone", options->tone, "send a sound all the way, and measure it");
  limit_to(*command->add_option("--profile", options->profile, "of --tone (default balanced)"),
           {"low", "balanced", "robust"});
  command->callback([options, &chosen] {
    chosen = [options](const Session& session) { return run_doctor(session, *options); };
  });
}

}  // namespace

void add_log_options(CLI::App& command, LogRequest& request) {
  command.add_option("-n,--lines", request.lines, "how many lines at most (default 100)")
      ->check(CLI::Range(0, 500))
      ->option_text("LINES");
  command.add_flag("-f,--follow", request.follow, "go on with new lines");
}

void add_status_command(CLI::App& app, Command& chosen) {
  auto* command = add_command(app, "status", "The daemon, PipeWire, tools and streams at a glance",
                              "\n  rocctl status\n  rocctl status --wait=30s");
  const auto wait = std::make_shared<Wait>();
  add_wait(*command, *wait, "until everything is healthy");
  command->callback([wait, &chosen] {
    chosen = [wait](const Session& session) { return show_status(session, *wait); };
  });
}

void add_daemon_commands(CLI::App& app, Command& chosen) {
  add_events_command(app, chosen);
  add_log_command(app, chosen);
  add_config_commands(app, chosen);
  add_reload_command(app, chosen);
  add_doctor_command(app, chosen);
}

}  // namespace rocctl
