#include "stream/roc_log_grammar.hpp"

#include <charconv>
#include <cmath>
#include <string>
#include <type_traits>

namespace rocd {
namespace {

enum class Level { error, warning, info, debug };

// "HH:MM:SS.mmm [tid] [lvl] module: [file:line] text"
struct Line {
  Level level = Level::debug;
  std::string_view module;
  std::string_view text;
};

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Everything up to `end`, which is consumed too.
std::optional<std::string_view> take_until(std::string_view& text, std::string_view end) {
  const auto at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const auto part = text.substr(0, at);
  text.remove_prefix(at + end.size());
  return part;
}

bool is_time(std::string_view text) {
  constexpr std::string_view pattern = "00:00:00.000";
  if (text.size() != pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (pattern[i] == '0' ? !digit : text[i] != pattern[i]) return false;
  }
  return true;
}

std::optional<Level> level_of(std::string_view name) {
  if (name == "err") return Level::error;
  if (name == "wrn") return Level::warning;
  if (name == "inf") return Level::info;
  if (name == "dbg") return Level::debug;
  return std::nullopt;
}

std::optional<Line> split(std::string_view line) {
  const auto time = take_until(line, " [");
  if (!time || !is_time(*time)) return std::nullopt;
  if (!take_until(line, "] [")) return std::nullopt;
  const auto level_name = take_until(line, "] ");
  if (!level_name) return std::nullopt;
  const auto level = level_of(*level_name);
  const auto module = take_until(line, ": ");
  if (!level || !module) return std::nullopt;
  if (line.starts_with('[') && !take_until(line, "] ")) return std::nullopt;
  return Line{*level, *module, line};
}

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) return std::nullopt;  // "nan", "inf"
  }
  return value;
}

// "KEY=9776(203.667ms)" anywhere in the text; the value in milliseconds.
std::optional<double> milliseconds(std::string_view text, std::string_view key) {
  const auto at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + key.size());
  if (!take_until(text, "(")) return std::nullopt;
  const auto value = take_until(text, "ms)");
  return value ? number<double>(*value) : std::nullopt;
}

// The tools print 0 for what they do not know.
std::optional<double> nonzero(std::optional<double> value) {
  return value && *value != 0 ? value : std::nullopt;
}

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

// "127.0.0.1:10001" or "[::1]:10001"
std::optional<HostPort> host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = number<std::uint16_t>(text.substr(colon + 1));
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (!port || host.empty()) return std::nullopt;
  return HostPort{std::string(host), *port};
}

// "udp port: <udp 0x7FC2 bind=127.0.0.1:59854>: REST"
std::optional<EngineFact> udp_port(std::string_view text) {
  if (!take_until(text, " bind=")) return std::nullopt;
  const auto address = take_until(text, ">: ");
  const auto bound = address ? host_port(*address) : std::nullopt;
  if (!bound) return std::nullopt;
  if (text == "opened port") return FactPortOpened{bound->host, bound->port};
  if (text.starts_with("recv=")) return FactProgress{};
  if (take(text, "uv_udp_bind(): ")) {
    return FactBindFailed{bound->host, bound->port, text.starts_with("[EADDRINUSE]"),
                          std::string(text)};
  }
  return std::nullopt;
}

// "audiosrc interface of slot 0 to rtp+rs8m://127.0.0.1:10001"
std::optional<EngineFact> binding(std::string_view text) {
  const auto name = take_until(text, " interface of slot ");
  if (!name || !take_until(text, " to ")) return std::nullopt;
  auto uri = MediaUri::parse(text);
  if (!uri) return std::nullopt;
  if (*name == "audiosrc") return FactBinding{Interface::media, *uri};
  if (*name == "audiorpr") return FactBinding{Interface::repair, *uri};
  if (*name == "audioctl") return FactBinding{Interface::control, *uri};
  return std::nullopt;
}

// By the wall clocks of both ends. When one of them jumps the tools show months or, from then on,
// the least number that they have (-48695772.971ms): the latency is not known then. The longest
// that can be asked for is a minute.
std::optional<double> if_possible(std::optional<double> ms) {
  constexpr double longest = 120'000;
  return ms && *ms > 0 && *ms <= longest ? ms : std::nullopt;
}

std::optional<EngineFact> latency(std::string_view text) {
  if (text.starts_with("latency out of bounds")) return FactTrouble{std::string(text)};
  const auto network = milliseconds(text, "niq_latency=");
  if (!network) return std::nullopt;
  return FactLatency{if_possible(milliseconds(text, "e2e_latency=")), nonzero(network),
                     nonzero(milliseconds(text, "target_latency=")),
                     nonzero(milliseconds(text, "jitter="))};
}

// One letter a frame: w blank while warming up, b blank, i incomplete, '.' fine; upper case and D
// mean that packets were dropped meanwhile (roc_audio/watchdog.cpp, update_status_).
std::optional<EngineFact> playback(std::string_view letters) {
  FactPlayback fact;
  for (const char letter : letters) {
    switch (letter) {
      case 'w':
      case 'W':
        ++fact.warming_up;
        break;
      case 'b':
      case 'B':
      case 'i':
      case 'I':
        ++fact.missing;
        break;
      case '.':
      case 'D':
        ++fact.fine;
        break;
      default:
        return std::nullopt;
    }
  }
  return fact;
}

std::optional<EngineFact> sound_device(std::string_view text) {
  if (take(text, "opening stream: device=")) return FactDeviceOpened{};
  if (const auto ms = milliseconds(text, "io_latency=")) {
    if (*ms < 0) return FactProgress{};  // libpulse's estimate, just after the node was relinked
    return FactIoLatency{*ms};
  }
  if (text.starts_with("stream timeout expired") || text.starts_with("restarting stream") ||
      text.starts_with("stream is broken") || text.starts_with("failed to open")) {
    return FactTrouble{std::string(text)};
  }
  return std::nullopt;
}

// "1/2/255 .........r........ ....x....": one letter a packet of the block, first those with audio,
// after the space those for repair; 'r' was repaired, 'X' and 'x' are lost
// (roc_fec/openfec_decoder.cpp, report_). The numbers count both kinds.
std::optional<EngineFact> repair(std::string_view text) {
  if (!take_until(text, " ")) return std::nullopt;
  FactRepair fact;
  for (const char letter : text.substr(0, text.find(' '))) {
    if (letter == 'r') ++fact.repaired;
  }
  return fact;
}

std::optional<EngineFact> known_text(std::string_view text) {
  if (take(text, "udp port: ")) return udp_port(text);
  if (take(text, "watchdog: status: ")) return playback(text);
  if (take(text, "openfec decoder: repaired ")) return repair(text);
  if (take(text, "latency tuner: ")) return latency(text);
  if (take(text, "pulseaudio sink: ") || take(text, "pulseaudio source: ")) {
    return sound_device(text);
  }
  if (text == "pump: starting main loop") return FactMainLoop{};
  if (take(text, "receiver node: binding ")) return binding(text);
  if (take(text, "session group: ")) {
    if (text.starts_with("removing session")) return FactSessionDown{};
    if (!take(text, "creating session: src_addr=")) return std::nullopt;
    return FactSessionUp{std::string(text.substr(0, text.find(' ')))};
  }
  if (take(text, "feedback monitor: ")) {
    if (text.starts_with("got first report")) return FactReceiver{true};
    if (text.starts_with("no reports from receiver")) return FactReceiver{false};
    return std::nullopt;
  }
  // Its loss_ratio counts since the session began: one lost packet is told for a quarter of an
  // hour, an outage for days. What is lost now is in the letters of the watchdog.
  if (text.starts_with("depacketizer: ts=") && text.find(" loss_ratio=") != text.npos)
    return FactProgress{};
  if (text.starts_with("sndfile source: opened") || text.starts_with("wav sink: opened") ||
      text.starts_with("sndfile sink: opened")) {
    return FactDeviceOpened{};  // a file
  }
  return std::nullopt;
}

// What libraries and the dynamic linker print has no prefix.
std::optional<EngineFact> foreign_line(std::string_view line) {
  if (line.starts_with("roc-recv: ") || line.starts_with("roc-send: ") ||
      line.find("error while loading shared libraries") != std::string_view::npos) {
    return FactError{std::string(line)};
  }
  if (line.starts_with("Assertion ") || line.starts_with("ERROR: roc_")) {
    return FactTrouble{std::string(line)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<EngineFact> parse_roc_log_line(std::string_view line) {
  const auto parts = split(line);
  if (!parts) return foreign_line(line);
  if (auto fact = known_text(parts->text)) return fact;
  if (parts->level == Level::error &&
      (parts->module == "roc_recv" || parts->module == "roc_send")) {
    return FactError{std::string(parts->module) + ": " + std::string(parts->text)};
  }
  if (parts->level == Level::error || parts->level == Level::warning) {
    return FactTrouble{std::string(parts->text)};
  }
  return std::nullopt;
}

}  // namespace rocd
