// What is known of one generation of a stream's child: whether it is proven to work, whether it
// still gives signs of life, what it measures. (pure) One is made per generation, so facts of an
// older child cannot leak into it. Decides that a child does not work; StreamMachine acts on it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "device/device_driver.hpp"
#include "model/stream.hpp"
#include "stream/recent_sum.hpp"
#include "stream/stream_engine.hpp"
#include "supervise/process_info.hpp"
#include "supervise/udp_backlog.hpp"

namespace rocd {

class ChildWatch {
 public:
  // A child that does not work is found within 3 s: the limit, and twice the interval.
  static constexpr Duration activity_interval = 750ms;
  static constexpr Duration still_limit = 1450ms;
  static constexpr Duration spinning_limit = 1450ms;
  // For how long it may stand still while others are being linked: that keeps PipeWire busy, and on
  // a machine that does not keep up one that is ended is back later than one that is left alone.
  static constexpr Duration still_limit_in_a_crowd = 10s;
  static constexpr double spinning_cpu = 0.75;  // of one core; 0.1 is much, and some is stolen
  static constexpr double busy_cpu = 0.1;       // of one core: more than standing still takes
  static constexpr Duration unlinked_limit = 2800ms;
  // So much waits at a port within 0.2 s if nobody reads there, and never if somebody does.
  static constexpr std::uint64_t unread_bytes = 16'384;
  static constexpr Duration unread_limit = 1450ms;
  // For how long one that waits its turn is at most borne with after the last other one, and one
  // that opens its device again in all.
  static constexpr Duration link_limit_in_a_crowd = 10s;
  // Of one that is not ready, and goes on without a word: it hangs in a loop.
  static constexpr Duration wordless_limit = 2100ms;
  // The tools report at least every 10 s while audio flows, even silence (measured). The last
  // resort, for one that does something else.
  static constexpr Duration silent_limit = 25s;

  struct Expected {
    LinkedNode device;  // the only node that the child's node may be linked to
    bool binds_media = false, binds_repair = false, binds_control = false;
    bool looks_up_names = false;  // at its start: that may take as long as resolv.conf(5) allows
    std::optional<int> pid = std::nullopt;
    Duration untold_latency{};  // see StreamPlan
  };

  ChildWatch() = default;  // no child
  ChildWatch(Expected expected, Instant now);

  void handle_pid(int pid, Instant now);
  void handle_fact(const EngineFact& fact, Instant now);
  void handle_node(const StreamNodeInfo& node, Instant now);
  void handle_node_gone(std::uint64_t serial, Instant now);
  // The session manager has linked another stream, which waited for that as long as `took`: it
  // works, and goes on to the next. With many streams that takes as long as it takes; the time to
  // readiness bounds it, or link_limit_in_a_crowd.
  void handle_other_linked(Duration took, Instant now);
  // `udp`: of the same moment.
  void handle_activity(const ProcessActivity& activity, const UdpBacklog& udp, Instant now);
  // The daemon itself slept past a deadline: silence meanwhile proves nothing.
  void excuse(Instant now);

  // Main loop, device, addresses, node linked to its device: once true, it stays true.
  [[nodiscard]] bool proven() const { return proven_; }
  [[nodiscard]] std::string unproven_reason() const;
  // While it is linked to its device: how long its node waited for that.
  [[nodiscard]] std::optional<Duration> linking_took() const;

  struct Verdict {
    std::string reason;
    std::string_view hint;  // what to do if it comes again
    // It may be the fault of the sound system, which the child waits for: if that does not answer,
    // another child would do no better.
    bool may_wait_for_sound = false;
  };
  // Why the child must be ended; nullopt while it behaves.
  [[nodiscard]] std::optional<Verdict> verdict(Instant now) const;
  [[nodiscard]] std::optional<Instant> poll_timeout() const;

  struct BindFailure {
    std::optional<Interface> interface;
    FactBindFailed fact;
  };
  [[nodiscard]] const std::optional<BindFailure>& bind_failure() const { return bind_failure_; }
  [[nodiscard]] const std::optional<MediaUri>& bound(Interface interface) const;
  // The tool's last word, with the first warning since all was well; empty if it said nothing.
  [[nodiscard]] std::string last_error() const;

  [[nodiscard]] const StreamMetrics& metrics() const { return metrics_; }
  [[nodiscard]] bool had_session() const { return had_session_; }
  [[nodiscard]] std::optional<bool> receiver_heard() const { return receiver_heard_; }
  // Milliseconds, about, of audio missing in the last ten seconds.
  [[nodiscard]] std::uint32_t missing_ms(Instant now) const { return missing_.sum(now); }
  // Packets that error correction brought back in the last ten seconds.
  [[nodiscard]] std::uint32_t repaired(Instant now) const { return repaired_.sum(now); }

 private:
  struct Node {
    StreamNodeInfo info;
    std::size_t most_links = 0;  // that it has had
    Instant came_at{};
    Duration linking_took{};
  };

  void handle_port(const FactPortOpened& port);
  void handle_session(bool up);
  void handle_sign(Instant now, bool of_skipped_output);
  void update_proof(Instant now);
  [[nodiscard]] bool all_bound() const;
  [[nodiscard]] std::uint64_t unread_in(const UdpBacklog& udp) const;
  [[nodiscard]] static bool is_linked(const Node& node, const LinkedNode& device);
  // Each channel that ever was: a link can be taken away alone.
  [[nodiscard]] bool linked_to_device() const;
  [[nodiscard]] bool half_linked() const;
  [[nodiscard]] bool waits_its_turn() const;
  [[nodiscard]] std::optional<Instant> link_due() const;
  [[nodiscard]] bool crowded() const;
  [[nodiscard]] Verdict unlinkedness() const;
  [[nodiscard]] std::optional<Verdict> idleness() const;
  [[nodiscard]] std::optional<Verdict> wordlessness() const;

  Expected expected_;
  bool alive_ = false;
  bool device_opened_ = false;
  bool main_loop_ = false;
  bool proven_ = false;
  // Its node has gone, as when the tool opens its device again because that stalls.
  std::optional<Instant> reopens_since_;
  std::optional<FactBinding> binding_;
  std::array<std::optional<MediaUri>, 3> bound_;  // by Interface; with the host that was asked for
  std::array<FactPortOpened, 3> opened_;          // the same, with its numeric address
  std::optional<BindFailure> bind_failure_;
  std::map<std::uint64_t, Node> nodes_;    // by serial; one, unless the tool reopens it
  std::optional<Instant> unlinked_since_;  // while it says that it works
  Instant last_sign_{};                    // of life
  Instant last_word_{};                    // whatever it said that says something
  bool screams_ = false;                   // errors and warnings since then
  std::optional<ProcessActivity> activity_;
  Instant activity_at_{};
  std::optional<Instant> still_since_, spinning_since_, unread_since_;
  std::uint64_t unread_ = 0;  // bytes at one of its ports, at the last sample
  std::optional<Instant> other_linked_at_;
  Duration slowness_{};   // how long the session manager may take for the next one
  double still_cpu_ = 0;  // cpu_seconds at still_since_
  std::string error_, trouble_;
  StreamMetrics metrics_;
  bool had_session_ = false;
  std::optional<bool> receiver_heard_;
  RecentSum missing_, repaired_;
};

}  // namespace rocd
