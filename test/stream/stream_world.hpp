// A stream machine in its world: the real child machine below it, a fake engine beside it, and time
// that passes only when told. Processes are obedient, and quiet unless a test makes them talk.
#pragma once

#include <string.h>  // sigabbrev_np(3)

#include <algorithm>
#include <csignal>
#include <map>
#include <string>
#include <vector>

#include "fake/fake_stream_engine.hpp"
#include "stream/stream_machine.hpp"

namespace rocd::test {

inline const Uid self = Uid::derive("test", "peer", "self");
inline const Uid speaker = Uid::derive("test", "endpoint", "speaker");
inline const Uid microphone = Uid::derive("test", "endpoint", "microphone");

inline MediaUri uri(const char* text) {
  return MediaUri::parse(text).value();
}

inline ExternalAddress rs8m_address(const char* host = "127.0.0.1") {
  ExternalAddress address;
  address.media = MediaUri{Protocol::rtp_rs8m, host, 10001};
  address.repair = MediaUri{Protocol::rs8m, host, 10002};
  address.control = MediaUri{Protocol::rtcp, host, 10003};
  return address;
}

inline StreamSpec sending() {
  StreamSpec spec;
  spec.uid = Uid::derive("test", "stream", "send");
  spec.display_name = "send";
  spec.source = EndpointRef{self, speaker};
  spec.destination = rs8m_address("192.168.1.20");
  std::get<ExternalAddress>(spec.destination).control.reset();
  return spec;
}

inline StreamSpec receiving() {
  StreamSpec spec;
  spec.uid = Uid::derive("test", "stream", "receive");
  spec.display_name = "receive";
  spec.source = rs8m_address();
  spec.destination = EndpointRef{self, microphone};
  return spec;
}

inline StreamSpec local() {
  StreamSpec spec;
  spec.uid = Uid::derive("test", "stream", "local");
  spec.display_name = "local";
  spec.source = EndpointRef{self, speaker};
  spec.destination = EndpointRef{self, microphone};
  return spec;
}

inline DeviceInfo speaker_device(std::uint64_t serial = 10) {
  DeviceInfo device;
  device.node_name = device.capture_node = "rocd.speaker";
  device.capture_is_monitor = true;
  device.virtual_uid = speaker;
  device.serial = device.capture_serial = serial;
  return device;
}

inline DeviceInfo microphone_device(std::uint64_t serial = 20) {
  DeviceInfo device;
  device.node_name = "rocd.microphone";
  device.playback_node = "rocd.microphone.feed";
  device.direction = StreamDirection::input;
  device.virtual_uid = microphone;
  device.serial = serial;
  device.playback_serial = serial + 1;
  return device;
}

class World {
 public:
  using Side = StreamMachine::Side;

  explicit World(StreamSpec spec) : machine(std::move(spec), now) {}

  // Everything that the stream needs is there.
  void provide() {
    connect(true);
    const auto s = speaker_device();
    const auto m = microphone_device();
    device(Side::source, &s);
    device(Side::destination, &m);
  }
  void connect(bool connected) {
    machine.handle_connection(connected, now);
    drain();
  }
  void device(Side side, const DeviceInfo* info, const std::string& problem = {},
              const std::string& name = {}, bool is_virtual = false) {
    if (info != nullptr) {
      serials[info->capture_node] = info->capture_serial;
      serials[info->playback_node] = info->playback_serial;
    }
    machine.handle_device(side, info, now, {name, problem, is_virtual});
    drain();
  }
  void sound(StreamMachine::SoundNews news) {
    machine.handle_sound(std::move(news), now);
    drain();
  }
  void set_spec(StreamSpec spec) {
    machine.handle_spec(std::move(spec), now);
    drain();
  }

  // The child's voice, and its node in PipeWire.
  void say(const std::string& line) { say(child.status().generation, line); }
  void say(std::uint64_t generation, const std::string& line) {
    const auto fact = engine.parse(line);
    if (fact) machine.handle_fact(generation, *fact, now);
    drain();
  }
  void node(const std::vector<std::string>& linked_to, int pid = 0) {
    StreamNodeInfo info;
    info.stream = machine.spec().uid;
    info.serial = 100 + child.status().generation;
    info.pid = pid != 0 ? pid : child.status().pid.value_or(0);
    for (const auto& name : linked_to) info.linked_to.push_back({name, serials[name]});
    machine.handle_node(info, now);
    drain();
  }
  void node_gone() {
    machine.handle_node_gone(100 + child.status().generation, now);
    drain();
  }
  [[nodiscard]] std::string own_device() const {
    return kind_of(machine.spec()) == StreamKind::send ? "rocd.speaker" : "rocd.microphone.feed";
  }
  void work() {
    const auto kind = *kind_of(machine.spec());
    for (const auto& line : FakeStreamEngine::working_lines(*machine.status().resolved, kind)) {
      say(line);
    }
    node({own_device()});
  }
  static ExitRecord record_of(ExitStatus status) {
    ExitRecord record;
    const bool exited = status.kind == ExitStatus::Kind::exited;
    record.kind = exited ? ExitRecord::Kind::exit : ExitRecord::Kind::signal;
    record.code = status.value;
    record.text = exited ? "exit status " + std::to_string(status.value)
                         : "SIG" + std::string(::sigabbrev_np(status.value));
    return record;
  }
  void die(ExitStatus status) {
    exits.push_back(record_of(status));
    child.handle_exit(child.status().generation, status, now);
    drain();
  }
  void crash() { die({ExitStatus::Kind::signaled, SIGSEGV}); }

  void pass(Duration duration) {
    const Instant until = now.mono + duration;
    for (;;) {
      auto next = machine.poll_timeout();
      if (const auto other = child.poll_timeout(); other && (!next || *other < *next)) next = other;
      if (!next || *next > until) break;
      advance_to(std::max(*next, now.mono));
      machine.handle_timeout(now);
      child.handle_timeout(now);
      drain();
    }
    advance_to(until);
  }
  // Time passes and the child says the same line again and again.
  void pass_with(Duration duration, Duration every, const std::string& line) {
    for (Duration done{}; done < duration; done += every) {
      pass(every);
      say(line);
    }
  }
  void advance_to(Instant to) { now = now + (to - now.mono); }

  [[nodiscard]] StreamState state() const { return machine.status().state; }
  [[nodiscard]] const StreamStatus& status() const { return machine.status(); }
  [[nodiscard]] const HealthReport& health() const { return machine.status().health; }
  [[nodiscard]] bool child_lives() const { return child.status().pid.has_value(); }
  // How often an effect came since the last call.
  int take(const std::string& what) {
    const auto count = std::count(happened.begin(), happened.end(), what);
    std::erase(happened, what);
    return static_cast<int>(count);
  }

  void drain() {
    for (bool again = true; again;) {
      again = false;
      while (auto effect = machine.poll_effect()) {
        again = true;
        std::visit([this](auto& e) { carry_out(e); }, *effect);
      }
      while (auto effect = child.poll_effect()) {
        again = true;
        std::visit([this](auto& e) { carry_out(e); }, *effect);
      }
      const auto& status = child.status();
      if (told_generation_ != status.generation || told_state_ != status.state) {
        again = true;
        told_generation_ = status.generation;
        told_state_ = status.state;
        machine.handle_child(status, exits.empty() ? nullptr : &exits.back(), now);
      }
    }
  }

  Now now{Instant(1000s), WallTime(1'700'000'000s)};
  FakeStreamEngine engine;
  std::map<std::string, std::uint64_t> serials;  // of nodes, by name
  ChildMachine child{ChildPolicy{}, 1};
  StreamMachine machine;
  std::vector<std::string> happened;
  std::vector<ExitRecord> exits;
  std::optional<StreamMachine::EnsureChild> ensured;
  std::vector<std::uint16_t> avoided;
  std::string fault;
  bool obedient = true;  // ends at once when told to
  // What comes of a question whether the sound system works, at once; nullopt: nothing, for now.
  std::optional<std::optional<StreamProblem>> sound_answers = std::optional<StreamProblem>();

 private:
  void carry_out(StreamMachine::PlanChild& effect) {
    happened.emplace_back("plan");
    avoided = effect.avoid_ports;
    auto spec = machine.spec();
    if (auto* from = std::get_if<ExternalAddress>(&spec.source)) choose_ports(*from);
    machine.handle_plan(engine.plan(spec, effect.devices), now);
  }
  void choose_ports(ExternalAddress& address) {
    std::uint16_t port = 15000;
    for (auto* field : {&address.media, &address.repair, &address.control}) {
      if (!*field || (*field)->port != 0) continue;
      while (std::find(avoided.begin(), avoided.end(), port) != avoided.end()) ++port;
      (*field)->port = port++;
    }
  }
  void carry_out(StreamMachine::EnsureChild& effect) {
    happened.emplace_back("ensure");
    const bool changed = ensured && !(ensured->request.argv == effect.request.argv);
    ensured = effect;
    ChildPolicy policy;
    policy.restart = effect.restart;
    policy.ready_timeout = 20s;
    child.handle_policy(policy);
    const auto state = child.status().state;
    if (changed && state != ChildState::stopped && state != ChildState::failed) {
      child.handle_restart(now);
    } else {
      child.handle_start(now);
    }
  }
  void carry_out(StreamMachine::RestartChild&) {
    happened.emplace_back("restart");
    child.handle_restart(now);
  }
  void carry_out(StreamMachine::StopChild&) {
    happened.emplace_back("stop");
    child.handle_stop(now);
  }
  void carry_out(StreamMachine::FaultChild& effect) {
    happened.emplace_back("fault");
    fault = effect.reason;
    if (effect.generation == child.status().generation) child.handle_fault(now);
  }
  void carry_out(StreamMachine::ReadyChild& effect) {
    happened.emplace_back("ready");
    child.handle_ready(effect.generation, now);
  }
  void carry_out(StreamMachine::CheckSound& effect) {
    happened.emplace_back(effect.child_ended ? "check server" : "check");
    if (effect.child_ended) return;
    if (sound_answers) machine.handle_sound({.silence = *sound_answers}, now);
  }
  void carry_out(StreamMachine::EnsureLink& effect) {
    happened.push_back("link " + effect.from_node + " " + effect.to_node);
  }
  void carry_out(StreamMachine::RemoveLink&) { happened.emplace_back("unlink"); }
  void carry_out(const ChildMachine::Spawn& effect) {
    happened.emplace_back("spawn");
    child.handle_spawned(effect.generation, 1000 + static_cast<int>(effect.generation), now);
  }
  void carry_out(const ChildMachine::Signal& effect) {
    happened.push_back(effect.signal == SIGKILL ? "KILL" : "TERM");
    if (!obedient && effect.signal != SIGKILL) return;
    const ExitStatus status{ExitStatus::Kind::signaled, effect.signal};
    exits.push_back(record_of(status));
    child.handle_exit(effect.generation, status, now);
  }

  std::uint64_t told_generation_ = 0;
  ChildState told_state_ = ChildState::stopped;
};

}  // namespace rocd::test
