// The life of one stream. (pure) Told what is asked for and what is true, it says what to do and
// what to show. Does not know processes (supervise/), nodes (device/) or command lines (engine).
// Contract: after each handle_*() drain poll_effect() until empty, then sleep until poll_timeout().
//
// clang-format off
//             enabled            device, PipeWire and tool are there
//   stopped ----------> waiting --------------------------------> starting
//      ^                   ^                                         |  proven: loop, addresses,
//      |                   |   any of them gone: the child           v  linked to its own device
//   stopping               +------ stopping <--------------------- running
//      ^                       is stopped AT ONCE                    |
//      | disabled, removed                                           |  exit, or fault: wrong node,
//   any state                      starting <------- backoff <-------+  no sign of life
//                                           next try    | restart policy says no
//                                                       v
//                                                     failed
//   paused: in the place of starting and running, while nothing plays into its source (on_idle)
// clang-format on
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "device/device_driver.hpp"
#include "model/stream.hpp"
#include "stream/child_watch.hpp"
#include "stream/idle_watch.hpp"
#include "stream/stream_engine.hpp"
#include "stream/stream_health.hpp"
#include "stream/stream_problem.hpp"
#include "supervise/child_machine.hpp"

namespace rocd {

// How people call a device, and why it is not there; empty if not known.
struct AboutDevice {
  std::string name, problem;
  bool is_virtual = false;  // rocd makes it
  friend bool operator==(const AboutDevice&, const AboutDevice&) = default;
};

class StreamMachine {
 public:
  // Choose what is left to choose and ask the engine; answered by handle_plan(), at once.
  struct PlanChild {
    StreamDevices devices;
    std::vector<std::uint16_t> avoid_ports;  // found to be in use
  };
  struct EnsureChild {
    SpawnRequest request;
    RestartPolicy restart;
  };
  struct RestartChild {};
  struct StopChild {};
  struct FaultChild {
    std::uint64_t generation;
    std::string reason;
  };
  struct ReadyChild {
    std::uint64_t generation;
  };
  // Answered by handle_sound().
  struct CheckSound {
    bool child_ended = false;  // the tools' server may have gone, or the tool be another one
  };
  // Whether those whom a child waits for answer: PipeWire, and its Pulse server.
  struct SoundNews {
    std::optional<StreamProblem> silence = std::nullopt;  // they do, now
    bool only_tools = false;  // links of PipeWire's own do not need who is silent
    // The answer took so long that they were silent until then, and so was whoever waited for them.
    bool late = false;
  };
  struct EnsureLink {
    std::string from_node, to_node;
  };
  struct RemoveLink {};
  using Effect = std::variant<PlanChild, EnsureChild, RestartChild, StopChild, FaultChild,
                              ReadyChild, CheckSound, EnsureLink, RemoveLink>;
  enum class Side { source, destination };

  StreamMachine(StreamSpec spec, Now now);

  // Commands, accepted in every state. A spec also brings back a stream that was removed.
  void handle_spec(StreamSpec spec, Now now);
  void handle_restart(Now now);
  void handle_removed(Now now);

  // Facts.
  void handle_connection(bool connected, Now now);  // to PipeWire
  void handle_sound(SoundNews news, Now now);
  // device: nullptr if it is not there.
  void handle_device(Side side, const DeviceInfo* device, Now now, AboutDevice about = {});
  void handle_engine_changed(Now now);
  void handle_ports_freed(Now now);  // by other streams, or by a wider range
  void handle_plan(Result<StreamPlan> plan, Now now);
  void handle_child(const ChildStatus& child, const ExitRecord* last_exit, Now now);
  void handle_fact(std::uint64_t generation, const EngineFact& fact, Now now);
  void handle_node(const StreamNodeInfo& node, Now now);
  void handle_node_gone(std::uint64_t serial, Now now);
  void handle_other_linked(Duration took, Now now);  // the node of another stream
  void handle_link(bool linked, const std::string& reason, Now now);
  void handle_activity(const ProcessActivity& activity, const UdpBacklog& udp, Now now);
  void handle_timeout(Now now);

  [[nodiscard]] std::optional<Effect> poll_effect();
  [[nodiscard]] std::optional<Instant> poll_timeout() const;
  // True once after status() has changed in anything but its metrics.
  [[nodiscard]] bool poll_status_changed();

  [[nodiscard]] const StreamSpec& spec() const { return spec_; }
  [[nodiscard]] const StreamStatus& status() const { return status_; }  // without exits
  [[nodiscard]] bool child_wanted() const { return ensured_.has_value(); }
  [[nodiscard]] bool child_lives() const;
  [[nodiscard]] std::optional<Duration> linking_took() const { return watch_.linking_took(); }
  [[nodiscard]] bool finished() const;  // removed, and nothing of it is left

 private:
  void decide(Now now);
  void decide_child(Now now);
  void decide_rest(Now now);
  void decide_links();
  void stop_child();
  void heed_tools();
  void plan_anew();
  void begin_generation(Now now);
  void check_bind_failure(Instant now);
  void check_child(Now now);
  // Of whom this stream needs; nullptr: they answer.
  [[nodiscard]] const StreamProblem* sound_problem() const;
  [[nodiscard]] std::optional<StreamProblem> blocker() const;
  [[nodiscard]] std::optional<StreamProblem> missing_device(Side side) const;
  [[nodiscard]] Duration idle_after() const;
  [[nodiscard]] StreamDevices devices() const;
  [[nodiscard]] std::uint64_t device_serial() const;  // of the node that the child attaches to
  [[nodiscard]] StreamProblem child_problem(const ExitRecord* last_exit) const;

  void update_status(Now now);
  [[nodiscard]] StreamState derive_state() const;
  [[nodiscard]] bool waits_its_turn() const;
  [[nodiscard]] std::string hint_of_no_problem() const;
  [[nodiscard]] std::optional<StreamProblem> obstacle() const;  // why an enabled one cannot run
  [[nodiscard]] HealthReport derive_health(Now now) const;
  [[nodiscard]] HealthReport receiver_health(Now now) const;
  [[nodiscard]] double recent_loss(Now now) const;
  [[nodiscard]] HealthReport delivered_health(Now now) const;
  [[nodiscard]] HealthReport sender_health() const;

  StreamSpec spec_;
  std::optional<StreamKind> kind_;
  bool removed_ = false;
  bool connected_ = false;
  bool sound_asked_ = false, sound_answered_ = false;
  std::optional<StreamProblem> silence_;  // of the sound system, as last told
  bool only_tools_ = false;               // see SoundNews
  unsigned late_answers_ = 0;             // in a row, when this child was doubted
  std::optional<Instant> late_at_;        // the last of them
  std::optional<DeviceInfo> source_, destination_;
  AboutDevice about_source_, about_destination_;

  IdleWatch idle_;
  bool rests_ = false;  // no child is wanted, because nothing plays

  // The child: what was planned and asked for.
  bool plan_needed_ = true;
  bool tools_changed_ = false;  // since the child was planned
  std::optional<StreamDevices> planned_for_;
  std::optional<StreamPlan> plan_;
  std::optional<StreamProblem> plan_problem_;
  std::optional<Instant> replan_at_;
  unsigned plan_failures_ = 0;                    // in a row
  std::map<std::uint16_t, Instant> avoid_ports_;  // found to be in use; until when
  std::optional<EnsureChild> ensured_;            // set while a child is wanted
  std::uint64_t child_device_serial_ = 0;

  // The child: what is true.
  ChildStatus child_;
  ChildWatch watch_;
  std::uint64_t ready_sent_ = 0, fault_sent_ = 0;  // generations
  StreamProblem last_problem_;  // of the newest child; kept over its end, cleared when one works

  // Links of a local stream.
  std::optional<EnsureLink> link_;
  bool linked_ = false;
  std::string link_reason_;

  HealthFilter health_;
  std::optional<Instant> look_again_;  // while gaps leave the window of ten seconds
  StreamStatus status_;
  StreamStatus shown_;  // as of the last change told
  bool status_changed_ = true;
  std::deque<Effect> effects_;
};

}  // namespace rocd
