// The seam to what carries one stream: turns a spec into a child to run, and that child's output
// into facts. (pure) Implementations: RocCliEngine (tools 0.4), test/fake/fake_stream_engine.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "model/stream.hpp"
#include "supervise/spawner.hpp"

namespace rocd {

struct ToolInfo {
  std::string name;                  // "roc-send"
  std::string path;                  // absolute; empty if not found
  std::string version;               // "0.4.0"
  std::vector<std::string> schemes;  // URI schemes it listed
  std::vector<FecScheme> fec;        // proven by a trial start, not by its own list
  std::vector<FecScheme> untried;  // no trial came to an end: may work or not, will be tried again
  std::string problem;             // why it cannot be used, or only in part; empty if it can
  std::string hint;                // the remedy, if one is known
  bool usable = false;
};

struct EngineInfo {
  std::string id;  // "roc-cli/0.4.0"
  std::vector<ToolInfo> tools;
  bool probed = false;  // false: the tools are still being looked at
  bool usable = false;  // at least one tool is
};

// Everything that `auto` and "choose" became, before the child is built.
struct StreamPlan {
  SpawnRequest request;
  ResolvedStream resolved;
  // What the end-to-end latency that the tool tells leaves out of what a listener has.
  Duration untold_latency{};
};

struct StreamDevices {
  std::string capture_node;  // of a sending stream
  bool capture_is_monitor = false;
  std::string playback_node;  // of a receiving stream
  friend bool operator==(const StreamDevices&, const StreamDevices&) = default;
};

// Facts, from the child's log.
struct FactDeviceOpened {};  // asked for and, once the main loop runs, open
struct FactMainLoop {};      // the tool says that it works
struct FactBinding {         // about to bind; FactPortOpened or FactBindFailed follows
  Interface interface = Interface::media;
  MediaUri asked;  // port 0: the tool chooses
};
struct FactPortOpened {
  std::string host;
  std::uint16_t port = 0;
};
struct FactBindFailed {
  std::string host;
  std::uint16_t port = 0;
  bool in_use = false;  // else: not an address of this machine, or forbidden
  std::string text;
};
struct FactSessionUp {
  std::string from;
};
struct FactSessionDown {};
struct FactReceiver {  // of a sender with RTCP: does the other side report?
  bool heard = false;
};
struct FactLatency {
  std::optional<double> e2e_ms, network_ms, target_ms, jitter_ms;
};
struct FactIoLatency {
  double ms = 0;
};
struct FactRepair {  // packets of one block of error correction
  std::uint32_t repaired = 0;
};
struct FactPlayback {  // frames of about a millisecond; told only when some were not fine
  std::uint32_t fine = 0;
  std::uint32_t warming_up = 0;
  std::uint32_t missing = 0;  // silence, whole or in part, where there should be audio
};
struct FactProgress {};  // alive: a periodic line
struct FactSkipped {};   // it prints more than is looked at
struct FactTrouble {
  std::string text;  // a warning worth showing
};
struct FactError {
  std::string text;  // "roc_recv: can't bind …": the tool's own last word before it ends
};
using EngineFact =
    std::variant<FactDeviceOpened, FactMainLoop, FactBinding, FactPortOpened, FactBindFailed,
                 FactSessionUp, FactSessionDown, FactReceiver, FactLatency, FactIoLatency,
                 FactRepair, FactPlayback, FactProgress, FactSkipped, FactTrouble, FactError>;

class StreamEngine {
 public:
  virtual ~StreamEngine() = default;
  [[nodiscard]] virtual const EngineInfo& info() const = 0;
  // Called from the reactor each time info() has changed.
  virtual void set_on_changed(std::function<void()> on_changed) = 0;
  // Before one of its tools is wanted, and after one has failed: is it still what info() tells of?
  // If not, info() changes after a while.
  virtual void check_tools() = 0;

  // `spec` has every address and port chosen already (stream dispatcher).
  // Errors: unavailable (no tool, scheme not supported by the installed build), invalid_argument.
  [[nodiscard]] virtual Result<StreamPlan> plan(const StreamSpec& spec,
                                                const StreamDevices& devices) const = 0;

  // The Unix socket of the sound server that its tools play to and record from; empty: another way,
  // or not known.
  [[nodiscard]] virtual std::string sound_server() const = 0;

  // Stateless; nullopt for lines that say nothing.
  [[nodiscard]] virtual std::optional<EngineFact> parse(std::string_view line) const = 0;
};

}  // namespace rocd
