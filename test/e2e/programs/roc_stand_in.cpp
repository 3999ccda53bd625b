// Stands in for roc-send where many are needed that cost next to nothing, or one that misbehaves.
// Answers the questions that rocd asks a tool; as a stream it has PipeWire make a node that records
// from the wanted device, says what a tool says that works, and sends nothing.
//   scream   as the first argument: also prints 2 MB a second, in lines
//   endless  the same, without the end of a line
//   talkative  prints at its start as much as a real tool does in some ten minutes
#include <pipewire/impl-module.h>
#include <pipewire/pipewire.h>
#include <spa/utils/result.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

namespace {

void say(const std::string& text) {
  std::fprintf(stderr, "12:00:00.000 [1] [inf] roc_sndio: [stand_in.cpp:1] %s\n", text.c_str());
}

// What follows `option`; empty: not there.
std::string after(int argc, char** argv, const char* option) {
  for (int i = 1; i + 1 < argc; ++i)
    if (std::strcmp(argv[i], option) == 0) return argv[i + 1];
  return "";
}

// "node.name=x rocd.stream.uid=y …"
std::string property(const std::string& list, const std::string& key) {
  const auto at = (" " + list).find(" " + key + "=");
  if (at == std::string::npos) return "";
  const auto begin = at + key.size() + 1;
  return list.substr(begin, list.find(' ', begin) - begin);
}

bool answer_questions(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--version") == 0) return std::puts("roc-send 0.4.0"), true;
    if (std::strcmp(argv[i], "--list-supported") == 0)
      return std::puts("  rtp://  rtcp://  pulse://  file://"), true;
    if (std::strncmp(argv[i], "file:", 5) == 0) std::exit(1);  // a trial of FEC: not in this build
  }
  return false;
}

// Two megabytes a second; it does not care whether anybody can follow.
[[noreturn]] void print_without_end(bool lines) {
  using namespace std::chrono_literals;
  std::string part;
  while (part.size() < 20'000)
    part += std::string("12:00:00.000 [1] [dbg] roc_audio: [stand_in.cpp:1] screaming ") +
            std::string(40, '!') + (lines ? "\n" : " ");
  for (auto next = std::chrono::steady_clock::now();; next += 10ms) {
    std::this_thread::sleep_until(next);
    for (std::string_view rest = part; !rest.empty();) {
      const auto written = ::write(STDERR_FILENO, rest.data(), rest.size());
      if (written < 0) std::_Exit(1);
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }
}

void print_much() {
  for (int line = 0; line < 1000; ++line)
    std::fprintf(stderr,
                 "12:00:00.%03d [4711] [dbg] roc_audio: [stand_in.cpp:1] latency tuner: "
                 "e2e_latency=9776(203.667ms) niq_latency=8270(172.292ms) stale=0\n",
                 line);
}

void on_error(void*, std::uint32_t id, int, int result, const char* message) {
  if (id != PW_ID_CORE) return;
  std::fprintf(stderr, "roc-send: PipeWire: %s (%s)\n", message, spa_strerror(result));
  std::_Exit(1);
}

// The main thread of a tool is never still.
void on_tick(void*, std::uint64_t count) {
  static std::uint64_t ticks = 0;
  if ((ticks += count) % 16 == 0) say("udp port: <udp 0x1 bind=127.0.0.1:1>: recv=0 send=0");
}

int run(const std::string& device) {
  ::pw_init(nullptr, nullptr);
  auto* loop = ::pw_main_loop_new(nullptr);
  auto* context = ::pw_context_new(
      ::pw_main_loop_get_loop(loop),
      ::pw_properties_new("config.name", "null", "support.dbus", "false", nullptr), 0);
  ::pw_context_load_module(context, "libpipewire-module-protocol-native", nullptr, nullptr);
  auto* core = ::pw_context_connect(context, nullptr, 0);
  if (core == nullptr) {
    std::fprintf(stderr, "roc-send: cannot connect to PipeWire\n");
    return 1;
  }
  spa_hook hook{};
  pw_core_events events{};
  events.version = PW_VERSION_CORE_EVENTS;
  events.error = on_error;
  pw_core_add_listener(core, &hook, &events, nullptr);

  const char* given = std::getenv("PULSE_PROP");
  const std::string wanted = given == nullptr ? "" : given;
  auto* properties = ::pw_properties_new(
      "factory.name", "support.null-audio-sink", "node.name", property(wanted, "node.name").c_str(),
      "rocd.stream.uid", property(wanted, "rocd.stream.uid").c_str(), "application.process.id",
      std::to_string(::getpid()).c_str(), "media.class", "Stream/Input/Audio", "audio.position",
      "[ FL FR ]", "node.driver", "false", "node.autoconnect", "true", "node.dont-fallback", "true",
      "node.dont-move", "true", "stream.capture.sink", "true", "target.object", device.c_str(),
      "object.linger", "false", nullptr);
  pw_core_create_object(core, "adapter", PW_TYPE_INTERFACE_Node, PW_VERSION_NODE, &properties->dict,
                        0);
  auto* timer = pw_loop_add_timer(::pw_main_loop_get_loop(loop), on_tick, nullptr);
  timespec often{.tv_sec = 0, .tv_nsec = 300'000'000};
  pw_loop_update_timer(::pw_main_loop_get_loop(loop), timer, &often, &often, false);
  say("pulseaudio source: opening stream: device=" + device);
  say("pump: starting main loop");
  return ::pw_main_loop_run(loop);
}

}  // namespace

int main(int argc, char** argv) {
  if (answer_questions(argc, argv)) return 0;
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "scream" || mode == "endless")
    std::thread([lines = mode == "scream"] { print_without_end(lines); }).detach();
  if (mode == "talkative") print_much();
  auto device = after(argc, argv, "--input");
  const std::string scheme = "pulse://", suffix = ".monitor";
  if (device.starts_with(scheme)) device.erase(0, scheme.size());
  if (device.ends_with(suffix)) device.resize(device.size() - suffix.size());
  return run(device);
}
