#include "stream/roc_probe.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>

#include "base/descriptor.hpp"
#include "stream/roc_log_grammar.hpp"
#include "stream/tool_run.hpp"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

namespace rocd {
namespace {

namespace asio = boost::asio;
using Arguments = std::vector<std::string>;
using Environment = std::vector<std::string>;

constexpr std::string_view sox_hint =
    "some builds abort when SoX has more than 256 drivers: remove libsox-fmt-alsa and what else "
    "adds SoX formats";
constexpr std::string_view fec_hint =
    "install a build of Roc Toolkit with OpenFEC (Debian 13's roc-toolkit-tools has it), or use "
    "plain rtp://";

// A WAV file of silence for trial runs of roc-send: in memory and without a name, so that not even
// a rocd that is killed leaves it behind. Its end ends the run.
class SilentFile {
 public:
  SilentFile() : file_(make()) {
    const auto bytes = wav();
    if (::write(file_.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()))
      path_ = fmt::format("/proc/{}/fd/{}", ::getpid(), file_.get());
  }
  SilentFile(const SilentFile&) = delete;
  SilentFile& operator=(const SilentFile&) = delete;

  // As other processes of this user open it. Empty: there is none.
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  // MFD_NOEXEC_SEAL, which a system may demand, is of Linux 6.3; those before know it not.
  static Descriptor make() {
    constexpr const char* name = "rocd-probe";
    const int fd = ::memfd_create(name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    return Descriptor(fd < 0 && errno == EINVAL ? ::memfd_create(name, MFD_CLOEXEC) : fd);
  }

  // Long enough for a few packets and a repair block, so that the receiver makes its decoder.
  static std::string wav() {
    constexpr std::uint32_t rate = 44100, frames = rate / 5, data = frames * 4;
    std::string out;
    const auto u16 = [&out](std::uint32_t v) {
      out += static_cast<char>(v & 0xff);
      out += static_cast<char>(v >> 8 & 0xff);
    };
    const auto u32 = [&](std::uint32_t v) {
      u16(v & 0xffff);
      u16(v >> 16);
    };
    out += "RIFF";
    u32(36 + data);
    out += "WAVEfmt ";
    u32(16);
    u16(1);  // PCM
    u16(2);  // channels
    u32(rate);
    u32(rate * 4);
    u16(4);
    u16(16);
    out += "data";
    u32(data);
    out.resize(out.size() + data, '\0');
    return out;
  }

  Descriptor file_;
  std::string path_;
};

struct Probe {
  asio::any_io_executor executor;
  Spawner& spawner;
  Environment environment;
  Duration limit;
  std::string silent_file;

  [[nodiscard]] SpawnRequest request(Arguments argv) const {
    return {std::move(argv), environment};
  }
  [[nodiscard]] Instant deadline() const { return Now::read().mono + limit; }
};

std::string path_of(const Environment& environment) {
  for (const auto& entry : environment) {
    if (entry.starts_with("PATH=")) return entry.substr(5);
  }
  return "/usr/local/bin:/usr/bin:/bin";
}

// "roc-send 0.4.0" -> "0.4.0"
std::string version_in(const ToolRun& run) {
  for (const auto& line : run.lines) {
    const auto space = line.find(' ');
    if (line.starts_with("roc-") && space != std::string::npos) return line.substr(space + 1);
  }
  return {};
}

std::vector<std::string> schemes_in(const ToolRun& run) {
  std::vector<std::string> schemes;
  for (const auto& line : run.lines) {
    std::string_view rest = line;
    for (auto end = rest.find("://"); end != std::string_view::npos; end = rest.find("://")) {
      const auto start = rest.rfind(' ', end) + 1;  // npos + 1 is 0
      schemes.emplace_back(rest.substr(start, end - start));
      rest.remove_prefix(end + 3);
    }
  }
  return schemes;
}

std::string first_error(const ToolRun& run, std::string fallback) {
  std::string error;
  for (const auto& line : run.lines) {
    const auto fact = parse_roc_log_line(line);
    if (!fact) continue;
    if (const auto* last = std::get_if<FactError>(&*fact)) return last->text;
    if (const auto* trouble = std::get_if<FactTrouble>(&*fact)) error = trouble->text;
  }
  return error.empty() ? std::move(fallback) : error;
}

std::string how_it_ended(const ToolRun& run) {
  if (!run.problem.empty()) return run.problem;
  if (run.timed_out || !run.exit) return "it did not answer in time";
  if (run.exit->kind == ExitStatus::Kind::signaled) {
    return std::string("it ended by SIG") + ::sigabbrev_np(run.exit->value);
  }
  return first_error(run, "it ended with exit status " + std::to_string(run.exit->value));
}

// Version and schemes. Sets usable or problem.
asio::awaitable<void> identify(const Probe& probe, ToolInfo& tool) {
  // Requests are built outside of co_await: g++ 12 fails on an initializer list within one.
  auto version_request = probe.request({tool.path, "--version"});
  auto version = co_await run_tool(probe.executor, probe.spawner, std::move(version_request),
                                   probe.deadline());
  tool.version = version_in(version);
  if (!version.succeeded() || tool.version.empty()) {
    tool.problem = tool.name + " --version failed: " + how_it_ended(version);
    co_return;
  }
  auto list_request = probe.request({tool.path, "--list-supported"});
  auto list =
      co_await run_tool(probe.executor, probe.spawner, std::move(list_request), probe.deadline());
  if (!list.succeeded()) {
    tool.problem = tool.name + " --list-supported failed: " + how_it_ended(list);
    if (list.exit == ExitStatus{ExitStatus::Kind::signaled, SIGABRT}) tool.hint = sox_hint;
    co_return;
  }
  tool.schemes = schemes_in(list);
  if (!tool.version.starts_with("0.4.")) {
    tool.problem = tool.name + " " + tool.version + " is not supported";
    tool.hint = "install version 0.4 of Roc Toolkit";
    co_return;
  }
  if (std::find(tool.schemes.begin(), tool.schemes.end(), "pulse") == tool.schemes.end()) {
    tool.problem = tool.name + " was built without PulseAudio support";
    tool.hint = "install a build with PulseAudio support (Debian's has it)";
    co_return;
  }
  tool.usable = true;
}

struct FecUris {
  std::string source, repair;
};

FecUris fec_uris(FecScheme scheme, std::uint16_t source_port, std::uint16_t repair_port) {
  const std::string name(to_string(scheme));
  return {"rtp+" + name + "://127.0.0.1:" + std::to_string(source_port),
          name + "://127.0.0.1:" + std::to_string(repair_port)};
}

Arguments send_trial(const Probe& probe, const ToolInfo& tool, const FecUris& uris) {
  return {tool.path,  "-vv",       "--color=never", "--input",  "file:" + probe.silent_file,
          "--source", uris.source, "--repair",      uris.repair};
}

// unknown: it could not be started, crashed, was killed, or took too long, or it does not work
// without error correction, either. That says something of that moment (the machine boots, it has
// no descriptors left, lo is not up), nothing of the tool.
enum class Trial { works, refused, unknown };

// A build without OpenFEC says so and ends with exit status 1. One whose OpenFEC refuses the scheme
// aborts (roc_panic, docs/facts.md).
Trial outcome(const ToolRun& run, std::string_view sign) {
  if (run.has(sign)) return Trial::works;
  const bool refused = run.exit && (run.exit->kind == ExitStatus::Kind::exited ||
                                    *run.exit == ExitStatus{ExitStatus::Kind::signaled, SIGABRT});
  return refused ? Trial::refused : Trial::unknown;
}

constexpr std::string_view works_sign = "pump: starting main loop";

asio::awaitable<ToolRun> run_until_it_works(const Probe& probe, Arguments argv) {
  auto request = probe.request(std::move(argv));
  return run_tool(probe.executor, probe.spawner, std::move(request), probe.deadline(),
                  [](const std::string& line) { return line.ends_with(works_sign); });
}

// A refusal counts only if the same works without error correction, and if it comes again: no file
// will change that would have the tool tried once more.
template <class TryOnce>
asio::awaitable<Trial> believe(const Probe& probe, Arguments without, TryOnce try_once) {
  const auto trial = co_await try_once();
  if (trial != Trial::refused) co_return trial;
  const auto run = co_await run_until_it_works(probe, std::move(without));
  if (!run.has(works_sign)) co_return Trial::unknown;
  co_return co_await try_once();
}

// Port 9 is discard: nobody listens there.
asio::awaitable<Trial> try_to_send(const Probe& probe, const ToolInfo& tool, FecScheme scheme) {
  if (probe.silent_file.empty()) co_return Trial::unknown;
  const auto once = [&]() -> asio::awaitable<Trial> {
    auto run = co_await run_until_it_works(probe, send_trial(probe, tool, fec_uris(scheme, 9, 9)));
    co_return outcome(run, works_sign);
  };
  Arguments without{tool.path,
                    "-vv",
                    "--color=never",
                    "--input",
                    "file:" + probe.silent_file,
                    "--source",
                    "rtp://127.0.0.1:9"};
  co_return co_await believe(probe, std::move(without), once);
}

Arguments receive_to_nobody(const ToolInfo& tool) {
  return {tool.path,         "-vv", "--color=never", "--output", "file:/dev/null",
          "--output-format", "wav"};
}

// A receiver makes its decoder when the first packet arrives, so a sender is needed to see it.
// Without one, a receiver that starts is believed.
asio::awaitable<Trial> receive_once(const Probe& probe, const ToolInfo& tool,
                                    const ToolInfo* sender, FecScheme scheme) {
  const auto any = fec_uris(scheme, 0, 0);
  std::vector<std::uint16_t> ports;
  std::unique_ptr<SpawnedChild> sending;
  const auto enough = [&](const std::string& line) {
    if (line.find("openfec decoder: initializing") != std::string::npos) return true;
    const auto fact = parse_roc_log_line(line);
    if (!fact) return false;
    if (const auto* opened = std::get_if<FactPortOpened>(&*fact)) ports.push_back(opened->port);
    if (!std::holds_alternative<FactMainLoop>(*fact)) return false;
    if (sender == nullptr || ports.size() < 2) return sender == nullptr;
    auto child = probe.spawner.spawn(
        probe.request(send_trial(probe, *sender, fec_uris(scheme, ports[0], ports[1]))),
        {[](OutputChannel, std::string_view) {}, [](ExitStatus) {}});
    if (!child) return true;
    sending = std::move(*child);
    return false;
  };
  auto argv = receive_to_nobody(tool);
  argv.insert(argv.end(), {"--source", any.source, "--repair", any.repair});
  auto request = probe.request(std::move(argv));
  auto run = co_await run_tool(probe.executor, probe.spawner, std::move(request), probe.deadline(),
                               enough);
  co_return outcome(run, sender == nullptr ? works_sign : "openfec decoder: initializing");
}

asio::awaitable<Trial> try_to_receive(const Probe& probe, const ToolInfo& tool,
                                      const ToolInfo* sender, FecScheme scheme) {
  const auto once = [&] { return receive_once(probe, tool, sender, scheme); };
  auto without = receive_to_nobody(tool);
  without.insert(without.end(), {"--source", "rtp://127.0.0.1:0"});
  co_return co_await believe(probe, std::move(without), once);
}

void note(ToolInfo& tool, FecScheme scheme, Trial trial) {
  if (trial == Trial::works) tool.fec.push_back(scheme);
  if (trial == Trial::unknown) tool.untried.push_back(scheme);
}

void describe_missing_fec(ToolInfo& tool) {
  if (!tool.usable || tool.fec.size() == 2) return;
  if (!tool.untried.empty()) {
    tool.problem = "whether " + tool.name + " can correct errors could not be tried";
    tool.hint =
        "it is tried again until it can be told; is the machine overloaded, or does the tool "
        "crash?";
    return;
  }
  tool.problem = tool.name + (tool.fec.empty() ? " cannot correct errors: FEC does not start"
                                               : " can only do one of rs8m and ldpc");
  tool.hint = fec_hint;
}

}  // namespace

std::string find_executable(const std::string& name, const std::string& path_variable) {
  const auto usable = [](const std::string& file) {
    std::error_code error;
    return std::filesystem::is_regular_file(file, error) && ::access(file.c_str(), X_OK) == 0;
  };
  if (name.find('/') != std::string::npos) {
    std::error_code error;
    const auto file = std::filesystem::absolute(name, error).string();
    return !error && usable(file) ? file : std::string();
  }
  for (std::size_t start = 0; start <= path_variable.size();) {
    const auto end = std::min(path_variable.find(':', start), path_variable.size());
    auto file = path_variable.substr(start, end - start);
    file.append("/").append(name);
    if (file.front() == '/' && end > start && usable(file)) return file;
    start = end + 1;
  }
  return {};
}

std::string find_roc_tool(const std::string& name, const std::vector<std::string>& environment) {
  return find_executable(name, path_of(environment));
}

asio::awaitable<EngineInfo> probe_roc_tools(asio::any_io_executor executor, Spawner& spawner,
                                            RocToolNames names,
                                            std::vector<std::string> environment, Duration limit) {
  const auto path = path_of(environment);  // one that is not moved away
  const SilentFile silence;
  const Probe probe{std::move(executor), spawner, std::move(environment), limit, silence.path()};
  EngineInfo info;
  info.id = "roc-cli";
  info.probed = true;
  const std::array wanted{std::pair{"roc-send", names.roc_send},
                          std::pair{"roc-recv", names.roc_recv}};
  for (const auto& [name, program] : wanted) {
    ToolInfo tool;
    tool.name = name;
    tool.path = find_executable(program, path);
    if (tool.path.empty()) {
      tool.problem = "'" + program + "' was not found";
      tool.hint =
          "install Roc Toolkit's tools (scripts/setup.sh), or set tools in the configuration";
    }
    info.tools.push_back(std::move(tool));
  }
  auto& send = info.tools[0];
  auto& recv = info.tools[1];
  for (auto& found : info.tools) {
    if (!found.path.empty()) co_await identify(probe, found);
  }
  for (const FecScheme scheme : {FecScheme::rs8m, FecScheme::ldpc}) {
    Trial sent = Trial::works;
    if (send.usable) {
      sent = co_await try_to_send(probe, send, scheme);
      note(send, scheme, sent);
    }
    if (!recv.usable) continue;
    // The tools come from one build: where the sender cannot, neither can the receiver.
    Trial received = sent;
    if (sent == Trial::works)
      received = co_await try_to_receive(probe, recv, send.usable ? &send : nullptr, scheme);
    note(recv, scheme, received);
  }
  describe_missing_fec(send);
  describe_missing_fec(recv);
  info.usable = send.usable || recv.usable;
  const auto& version = send.usable ? send.version : recv.version;
  if (!version.empty()) info.id += "/" + version;
  co_return info;
}

}  // namespace rocd
