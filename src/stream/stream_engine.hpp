// The seam to what carries one stream: turns a spec into a child to run, and that child's output
// into facts. (pure) Implementations: RocCliEngine (tools 0.4), test/fake/fake_stream_engine.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/stream.hpp"
#include "supervise/spawner.hpp"

namespace rocd {

struct ToolInfo {
  std::string name;     // "roc-send"
  std::string path;     // absolute; empty if not found
  std::string version;  // "0.4.0"
  std::vector<std::string> schemes;     // URI schemes it listed
  std::vector<FecScheme> fec;           // proven by a trial start, not by its own list
  std::string problem;                  // why it cannot be used; empty if it can
};

struct EngineInfo {
  std::string id;  // "roc-cli/0.4.0"
  std::vector<ToolInfo> tools;
  bool usable = false;
};

// Everything that `auto` and "choose" became, before the child is built.
struct StreamPlan {
  SpawnRequest request;
  ResolvedStream resolved;
};

struct StreamDevices {
  std::string capture_node;  // of a sending stream
  bool capture_is_monitor = false;
  std::string playback_node;  // of a receiving stream
};

// Facts, from the child's log.
struct FactDeviceOpened {};
struct FactMainLoop {};  // the tool says that it works
struct FactBound {
  MediaUri uri;  // with the real port
};
struct FactSessionUp {
  std::string from;
};
struct FactSessionDown {};
struct FactLatency {
  std::optional<double> e2e_ms, network_ms, target_ms, jitter_ms;
};
struct FactIoLatency {
  double ms = 0;
};
struct FactLoss {
  double ratio = 0;
};
struct FactProgress {};  // alive: a periodic line
struct FactTrouble {
  std::string text;  // a warning worth showing
};
struct FactError {
  std::string text;  // "[err] roc_recv: can't bind …"
};
using EngineFact = std::variant<FactDeviceOpened, FactMainLoop, FactBound, FactSessionUp,
                                FactSessionDown, FactLatency, FactIoLatency, FactLoss,
                                FactProgress, FactTrouble, FactError>;

class StreamEngine {
 public:
  virtual ~StreamEngine() = default;
  [[nodiscard]] virtual const EngineInfo& info() const = 0;

  // `spec` has every address and port chosen already (stream dispatcher).
  // Errors: unavailable (no tool, scheme not supported by the installed build), invalid_argument.
  [[nodiscard]] virtual Result<StreamPlan> plan(const StreamSpec& spec,
                                                const StreamDevices& devices) const = 0;

  // Stateless; nullopt for lines that say nothing.
  [[nodiscard]] virtual std::optional<EngineFact> parse(std::string_view line) const = 0;
};

}  // namespace rocd
