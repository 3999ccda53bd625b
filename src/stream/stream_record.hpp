// One stream as the dispatcher keeps it: its machine, its timer, the addresses chosen for it, who
// reads its log. Carries the machine's effects to supervisor and driver; StreamDispatcher decides
// which streams there are.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>

#include "aio/machine_timer.hpp"
#include "device/endpoint_dispatcher.hpp"
#include "model/event_bus.hpp"
#include "stream/port_allocator.hpp"
#include "stream/stream_engine.hpp"
#include "stream/stream_machine.hpp"
#include "supervise/supervisor.hpp"

namespace rocd {

// What a record works with; all of it outlives the records.
struct StreamTools {
  boost::asio::any_io_executor executor;
  StreamEngine& engine;
  Supervisor& supervisor;
  EndpointDispatcher& endpoints;
  EventBus& events;
  PortRange ports;
  // UDP ports of all other streams: in their specs, or chosen for them.
  std::function<std::set<std::uint16_t>(const Uid& but)> taken_ports;
  // What was chosen for it is to be the same the next time, also in another daemon; empty: nothing.
  std::function<void(const Uid&, const ExternalAddress&)> keep_address;
  std::function<void(const Uid&)> on_drained;
  std::function<void(StreamMachine::CheckSound)> check_sound;
};

void add_ports_of(const ExternalAddress& address, std::set<std::uint16_t>& ports);

class StreamRecord {
 public:
  // chosen: for it, when it was there before.
  StreamRecord(StreamTools& tools, StreamSpec spec, ExternalAddress chosen);

  [[nodiscard]] const StreamSpec& spec() const { return machine_.spec(); }
  [[nodiscard]] const Uid& uid() const { return machine_.spec().uid; }
  [[nodiscard]] Stream view() const;
  [[nodiscard]] StreamState state() const { return machine_.status().state; }
  [[nodiscard]] bool removed() const { return removed_; }
  [[nodiscard]] bool finished() const { return machine_.finished(); }
  [[nodiscard]] bool child_lives() const { return machine_.child_lives(); }
  [[nodiscard]] bool child_works() const {
    return child_lives() && state() == StreamState::running;
  }
  // It works or waits for sound, without a child.
  [[nodiscard]] bool rests_on_pipewire() const {
    return !machine_.child_wanted() &&
           (state() == StreamState::running || state() == StreamState::paused);
  }
  void add_ports(std::set<std::uint16_t>& ports) const;
  // With the addresses that were chosen for it in place of those that were left to rocd.
  [[nodiscard]] StreamSpec bound_spec() const;

  // Once, before anything else is told.
  void begin(bool connected, const StreamMachine::SoundNews& sound);
  void set_spec(StreamSpec spec);  // also of one that was removed: it is there again
  void remove();
  void close();  // the daemon ends: no effect, no timer from here on

  // `feed(machine, now)` tells the machine something; its effects are carried out afterwards.
  template <class F>
  void tell(F&& feed) {
    if (closed_) return;
    feed(machine_, Now::read());
    drain();
  }
  void tell_device(const Uid& endpoint);  // something about this endpoint changed
  void tell_child();
  // Of the child, as often as its doing nothing is to be noticed; `udp`: of the same moment.
  void tell_activity(const UdpBacklog& udp);
  void tell_usage();  // to the readers of events
  void tell_line(std::uint64_t generation, const LogLine& line);

  struct Reader {
    std::function<void(const LogLine&)> line;
    std::function<void()> end;  // the stream was removed
  };
  [[nodiscard]] std::shared_ptr<void> add_reader(Reader reader);

 private:
  void drain();
  [[nodiscard]] StreamStatus status() const;  // but for the child's use of processor and memory
  void publish_status();
  void publish_metrics();
  void publish(EventType type, boost::json::object pre, boost::json::object post);
  void log_state();
  [[nodiscard]] std::string label() const;  // for people
  void refresh_usage(Duration not_older_than) const;
  void carry_out(StreamMachine::PlanChild& effect);
  void carry_out(StreamMachine::EnsureChild& effect);
  void carry_out(StreamMachine::RestartChild& effect);
  void carry_out(StreamMachine::StopChild& effect);
  void carry_out(StreamMachine::FaultChild& effect);
  void carry_out(StreamMachine::ReadyChild& effect);
  void carry_out(StreamMachine::CheckSound& effect);
  void carry_out(StreamMachine::EnsureLink& effect);
  void carry_out(StreamMachine::RemoveLink& effect);
  [[nodiscard]] Result<StreamPlan> plan(const StreamMachine::PlanChild& request);
  [[nodiscard]] FecScheme default_fec() const;
  void feed_side(StreamMachine& machine, StreamMachine::Side side, Now now) const;

  StreamTools& tools_;
  StreamMachine machine_;
  MachineTimer timer_;
  ExternalAddress chosen_;
  mutable std::optional<Supervisor::Usage> usage_;  // as of usage_at_
  mutable Instant usage_at_{};
  HealthNews health_news_;
  StreamStatus told_;  // what the last events said; of the exits only the newest
  std::optional<StreamState> logged_state_;
  std::string logged_message_;
  bool removed_ = false;
  bool closed_ = false;
  std::shared_ptr<std::map<std::uint64_t, Reader>> readers_;
  std::uint64_t next_reader_ = 1;
};

}  // namespace rocd
