// Stands in for roc-send and roc-recv where many are needed that cost next to nothing, or one that
// misbehaves. Answers rocd's questions; as a stream it has a node that records from the wanted
// device, or plays silence to it, says what a tool says that works, and opens no port. First word:
//   scream, endless  also prints 2 MB a second, in lines or without the end of one
//   talkative  prints at its start as much as a real tool does in some ten minutes
// SIGUSR1: it ends with a last word and exit status 1.
#include <pipewire/impl-module.h>
#include <pipewire/pipewire.h>
#include <spa/param/audio/format-utils.h>
#include <spa/utils/result.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
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

void give_up(int) {
  constexpr std::string_view words =
      "12:00:00.000 [1] [err] roc_send: [stand_in.cpp:1] somebody wants it to give up\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, words.data(), words.size());
  std::_Exit(1);
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

struct Wanted {
  bool receives = false;
  std::string device;
};

// As the real tools' nodes have them, by way of the Pulse server.
pw_properties* node_properties(const Wanted& wanted) {
  const char* given = std::getenv("PULSE_PROP");
  const std::string told = given == nullptr ? "" : given;
  return ::pw_properties_new("node.name", property(told, "node.name").c_str(), "rocd.stream.uid",
                             property(told, "rocd.stream.uid").c_str(), "application.process.id",
                             std::to_string(::getpid()).c_str(), "media.class",
                             wanted.receives ? "Stream/Output/Audio" : "Stream/Input/Audio",
                             "node.autoconnect", "true", "node.dont-fallback", "true",
                             "node.dont-move", "true", "target.object", wanted.device.c_str(),
                             nullptr);
}

// PipeWire itself does all that there is to do for this one.
void make_recording_node(pw_core* core, const Wanted& wanted) {
  auto* properties = node_properties(wanted);
  ::pw_properties_set(properties, "factory.name", "support.null-audio-sink");
  ::pw_properties_set(properties, "audio.position", "[ FL FR ]");
  ::pw_properties_set(properties, "node.driver", "false");
  ::pw_properties_set(properties, "stream.capture.sink", "true");
  ::pw_properties_set(properties, "object.linger", "false");
  pw_core_create_object(core, "adapter", PW_TYPE_INTERFACE_Node, PW_VERSION_NODE, &properties->dict,
                        0);
}

void play_silence(void* data) {
  auto* stream = *static_cast<pw_stream**>(data);
  auto* buffer = ::pw_stream_dequeue_buffer(stream);
  if (buffer == nullptr) return;
  constexpr std::uint32_t frame = 2 * sizeof(float);
  auto& plane = buffer->buffer->datas[0];
  const auto room = plane.maxsize / frame;
  const auto frames =
      buffer->requested > 0 ? std::min<std::uint64_t>(buffer->requested, room) : room;
  const auto bytes = static_cast<std::uint32_t>(frames) * frame;
  std::memset(plane.data, 0, bytes);
  *plane.chunk = {.offset = 0, .size = bytes, .stride = frame, .flags = 0};
  ::pw_stream_queue_buffer(stream, buffer);
}

// A node of this process, which plays.
void make_playing_node(pw_core* core, const Wanted& wanted) {
  static pw_stream* stream = nullptr;
  static spa_hook hook{};
  static pw_stream_events events{};
  events.version = PW_VERSION_STREAM_EVENTS;
  events.process = play_silence;
  stream = ::pw_stream_new(core, "silence", node_properties(wanted));
  ::pw_stream_add_listener(stream, &hook, &events, &stream);
  std::array<std::uint8_t, 1024> memory{};
  spa_pod_builder builder{};
  spa_pod_builder_init(&builder, memory.data(), memory.size());
  spa_audio_info_raw format{};
  format.format = SPA_AUDIO_FORMAT_F32;
  format.rate = 48'000;
  format.channels = 2;
  format.position[0] = SPA_AUDIO_CHANNEL_FL;
  format.position[1] = SPA_AUDIO_CHANNEL_FR;
  const spa_pod* parameter = spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &format);
  constexpr auto flags = static_cast<pw_stream_flags>(
      PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS);
  ::pw_stream_connect(stream, PW_DIRECTION_OUTPUT, PW_ID_ANY, flags, &parameter, 1);
}

// One that plays needs what libpipewire's own configuration loads; the other one, only a socket.
pw_context* make_context(pw_loop* loop, bool whole) {
  if (whole)
    return ::pw_context_new(loop, ::pw_properties_new("support.dbus", "false", nullptr), 0);
  auto* context = ::pw_context_new(
      loop, ::pw_properties_new("config.name", "null", "support.dbus", "false", nullptr), 0);
  ::pw_context_load_module(context, "libpipewire-module-protocol-native", nullptr, nullptr);
  return context;
}

// "rtp+rs8m://127.0.0.1:10001": says that it listens there.
void say_bound(const char* what, const std::string& uri) {
  if (uri.empty()) return;
  say(std::string("receiver node: binding ") + what + " interface of slot 0 to " + uri);
  say("udp port: <udp 0x1 bind=" + uri.substr(uri.find("://") + 3) + ">: opened port");
}

int run(int argc, char** argv, const Wanted& wanted, const std::string& mode) {
  ::pw_init(nullptr, nullptr);
  auto* main_loop = ::pw_main_loop_new(nullptr);
  auto* loop = ::pw_main_loop_get_loop(main_loop);
  auto* core = ::pw_context_connect(make_context(loop, wanted.receives), nullptr, 0);
  if (core == nullptr) {
    std::fprintf(stderr, "roc-send: cannot connect to PipeWire\n");
    return 1;
  }
  spa_hook hook{};
  pw_core_events events{};
  events.version = PW_VERSION_CORE_EVENTS;
  events.error = on_error;
  pw_core_add_listener(core, &hook, &events, nullptr);
  (wanted.receives ? make_playing_node : make_recording_node)(core, wanted);
  auto* timer = pw_loop_add_timer(loop, on_tick, nullptr);
  timespec often{.tv_sec = 0, .tv_nsec = 300'000'000};
  pw_loop_update_timer(loop, timer, &often, &often, false);
  if (wanted.receives) {
    say_bound("audiosrc", after(argc, argv, "--source"));
    say_bound("audiorpr", after(argc, argv, "--repair"));
    say_bound("audioctl", after(argc, argv, "--control"));
  }
  say(std::string("pulseaudio ") + (wanted.receives ? "sink" : "source") +
      ": opening stream: device=" + wanted.device);
  say("pump: starting main loop");
  // Not before: words in an endless line are none.
  if (mode == "scream" || mode == "endless")
    std::thread([lines = mode == "scream"] { print_without_end(lines); }).detach();
  return ::pw_main_loop_run(main_loop);
}

}  // namespace

int main(int argc, char** argv) {
  if (answer_questions(argc, argv)) return 0;
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "talkative") print_much();
  std::signal(SIGUSR1, give_up);
  Wanted wanted{.receives = !after(argc, argv, "--output").empty(),
                .device = after(argc, argv, "--output") + after(argc, argv, "--input")};
  const std::string scheme = "pulse://", suffix = ".monitor";
  auto& device = wanted.device;
  if (device.starts_with(scheme)) device.erase(0, scheme.size());
  if (device.ends_with(suffix)) device.resize(device.size() - suffix.size());
  return run(argc, argv, wanted, mode);
}
