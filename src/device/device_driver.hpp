// The seam to the sound system. Callers state what should exist; the driver makes it so, keeps it
// so across restarts of the sound system, and reports what is. (pure: no PipeWire, no Asio here)
// Implementations: PipeWireDriver, test/fake/fake_device_driver.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/uid.hpp"
#include "model/endpoint.hpp"

namespace rocd {

// A virtual output is one sink. A virtual input is a hidden feed sink, a source, and links between
// them (design fact: a pulse stream cannot play into an Audio/Source/Virtual).
struct VirtualDevice {
  Uid uid;
  StreamDirection direction = StreamDirection::output;  // output or input
  std::string node_name;                                // "rocd.kitchen"; the feed adds ".feed"
  std::string description;
  std::uint32_t channels = 2;
  std::uint32_t sample_rate = 48000;
  double volume = 1.0;
  bool muted = false;
  friend bool operator==(const VirtualDevice&, const VirtualDevice&) = default;
};

// A device that applications see, ours or the system's; reported once its ports are complete.
struct DeviceInfo {
  std::string node_name;  // the key
  std::string description;
  std::optional<Uid> virtual_uid;  // set for our own devices
  StreamDirection direction = StreamDirection::output;
  std::uint64_t serial = 0;
  std::uint32_t channels = 0;
  std::uint32_t sample_rate = 0;
  double volume = 1.0;  // linear, the mean of the channels
  bool muted = false;
  bool is_default = false;         // applications use it unless told otherwise
  bool is_chosen_default = false;  // somebody chose that; else it is a fallback
  // Nodes to attach to: what a stream records from (a sink's monitor, a source's output) and what
  // it plays to. Empty where that is not possible. For a virtual input playback_node is the feed.
  std::string capture_node;
  bool capture_is_monitor = false;
  std::string playback_node;
  std::uint64_t capture_serial = 0, playback_serial = 0;
  // Somebody else's node has that name, too: whoever asks for it may get the other one.
  bool capture_name_is_shared = false, playback_name_is_shared = false;
  bool is_played_to = false;  // of our own: something plays into it now
  friend bool operator==(const DeviceInfo&, const DeviceInfo&) = default;
};

// The other end of a link. Names are not unique in PipeWire; serials are never reused.
struct LinkedNode {
  std::string name;
  std::uint64_t serial = 0;
  friend auto operator<=>(const LinkedNode&, const LinkedNode&) = default;
};

// The node of a child that an engine spawned, recognised by its property rocd.stream.uid.
struct StreamNodeInfo {
  Uid stream;
  std::uint64_t serial = 0;
  int pid = 0;                        // application.process.id
  bool capturing = false;             // records (roc-send) or plays (roc-recv)
  std::vector<LinkedNode> linked_to;  // the nodes at the other end, sorted, unique
  std::size_t links = 0;              // to them: one per channel
  friend bool operator==(const StreamNodeInfo&, const StreamNodeInfo&) = default;
};

// Links port by port, by channel: from.capture -> to.playback. Kept as long as both exist.
struct LinkRequest {
  Uid stream;
  std::string from_node;  // node name; monitor ports if it is a sink
  std::string to_node;
  friend bool operator==(const LinkRequest&, const LinkRequest&) = default;
};

// Called from the reactor, never from within a call into the driver.
struct DeviceCallbacks {
  std::function<void(bool connected, const std::string& reason)> on_connection;
  // While connected: after each check() once it is answered; false when something that was asked is
  // not answered in time, true again when it is at last.
  std::function<void(bool answers, const std::string& reason)> on_answer;
  // While connected: once, and when it comes or goes.
  std::function<void(bool runs)> on_session_manager;
  std::function<void(const DeviceInfo&)> on_device;  // new or changed
  std::function<void(const std::string& node_name)> on_device_gone;
  // Why a virtual device is not made for the time being; empty once that is over.
  std::function<void(const Uid& device, const std::string& problem)> on_device_problem;
  std::function<void(const StreamNodeInfo&)> on_stream_node;  // new or its links changed
  std::function<void(const Uid& stream, std::uint64_t serial)> on_stream_node_gone;
  std::function<void(const Uid& stream, bool linked, const std::string& reason)> on_link;
};

inline constexpr std::string_view no_session_manager =
    "no session manager (WirePlumber) runs: nobody links programs to devices";

class DeviceDriver {
 public:
  virtual ~DeviceDriver() = default;

  virtual void start(DeviceCallbacks callbacks) = 0;

  // Desired state; kept across reconnects. ensure_* with a changed value updates in place where the
  // sound system can (volume, mute), else makes the device anew: at once for name, direction,
  // channels and rate, but for the description only when nobody uses it, because removing a device
  // stops the applications that use it. If somebody else changes the volume of a virtual device,
  // the driver takes that as desired too and reports it: do not answer with ensure_device().
  // While an older node of somebody else has its name, the device is not made.
  virtual void ensure_device(const VirtualDevice& device) = 0;
  virtual void remove_device(const Uid& uid) = 0;
  virtual void ensure_link(const LinkRequest& link) = 0;
  virtual void remove_link(const Uid& stream) = 0;

  // One-time commands on any device. Errors: not_found, unavailable.
  [[nodiscard]] virtual Result<> set_volume(const std::string& node_name, double volume,
                                            bool muted) = 0;
  [[nodiscard]] virtual Result<> set_default(const std::string& node_name) = 0;
  // No effect unless it is the chosen default.
  [[nodiscard]] virtual Result<> clear_default(const std::string& node_name) = 0;

  // For who doubts that the sound system works at all: on_answer tells. No effect while it is away.
  virtual void check() = 0;

  [[nodiscard]] virtual bool connected() const = 0;
  // Why it is no use although it is connected: it does not answer. Empty while it does.
  [[nodiscard]] virtual std::string silence() const = 0;
  // False: nobody links programs to devices; those that are linked lose that. True while nothing is
  // known.
  [[nodiscard]] virtual bool session_manager_runs() const = 0;
  [[nodiscard]] virtual std::string version() const = 0;  // of the sound system; empty if away

  // Removes every node and link that it made; nothing is called back afterwards.
  virtual void shutdown() = 0;
};

}  // namespace rocd
