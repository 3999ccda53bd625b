#include "stream/child_watch.hpp"

#include <algorithm>

#include "base/overloaded.hpp"

namespace rocd {
namespace {

constexpr std::size_t max_nodes = 16;  // a child has one; a mad one must not fill the memory

}  // namespace

ChildWatch::ChildWatch(Expected expected, Instant now)
    : expected_(std::move(expected)), alive_(true), last_sign_(now) {}

void ChildWatch::handle_fact(const EngineFact& fact, Instant now) {
  if (!alive_) return;
  // An error or a warning may be a child's scream in a loop: no sign of work.
  bool sign_of_life = true;
  std::visit(Overloaded{
                 [&](const FactDeviceOpened&) { device_opened_ = true; },
                 [&](const FactMainLoop&) { main_loop_ = true; },
                 [&](const FactBinding& f) { binding_ = f; },
                 [&](const FactPortOpened& f) { handle_port(f); },
                 [&](const FactBindFailed& f) {
                   sign_of_life = false;
                   bind_failure_ = {binding_ ? std::optional(binding_->interface) : std::nullopt,
                                    f};
                 },
                 [&](const FactSessionUp&) { handle_session(true); },
                 [&](const FactSessionDown&) { handle_session(false); },
                 [&](const FactReceiver& f) {
                   receiver_heard_ = f.heard;
                   if (!f.heard)
                     metrics_.e2e_latency_ms = metrics_.network_latency_ms = std::nullopt;
                 },
                 [&](const FactLatency& f) {
                   metrics_.e2e_latency_ms = f.e2e_ms;
                   metrics_.network_latency_ms = f.network_ms;
                   metrics_.jitter_ms = f.jitter_ms;
                 },
                 [&](const FactIoLatency& f) { metrics_.io_latency_ms = f.ms; },
                 [&](const FactLoss& f) { metrics_.loss_ratio = f.ratio; },
                 [&](const FactRepair& f) {
                   repaired_.add(f.repaired, now);
                   metrics_.repaired_packets += f.repaired;
                 },
                 [&](const FactPlayback& f) {
                   if (f.warming_up > 0) return;  // a session begins: its first blanks are no loss
                   missing_.add(f.missing, now);
                 },
                 [&](const FactProgress&) {},
                 [&](const FactTrouble& f) {
                   sign_of_life = false;
                   if (trouble_.empty())
                     trouble_ = f.text;  // the cause; what follows are consequences
                 },
                 [&](const FactError& f) {
                   sign_of_life = false;
                   error_ = f.text;
                 },
             },
             fact);
  if (sign_of_life) {
    last_sign_ = now;
    spinning_since_.reset();
    if (proven_) trouble_.clear();
  }
  update_proof(now);
}

void ChildWatch::handle_port(const FactPortOpened& port) {
  if (!binding_) return;  // a sender's own port
  auto uri = binding_->asked;
  uri.port = port.port;
  bound_[static_cast<std::size_t>(binding_->interface)] = std::move(uri);
  binding_.reset();
}

void ChildWatch::handle_session(bool up) {
  if (up) {
    had_session_ = true;
    ++metrics_.sessions;
    return;
  }
  if (metrics_.sessions > 0) --metrics_.sessions;
  if (metrics_.sessions > 0) return;
  metrics_.e2e_latency_ms = metrics_.network_latency_ms = std::nullopt;
  metrics_.jitter_ms = metrics_.loss_ratio = std::nullopt;
  missing_.clear();
  repaired_.clear();
}

void ChildWatch::handle_node(const StreamNodeInfo& node, Instant now) {
  if (!alive_) return;
  // The node of an older child of this stream, about to go.
  if (expected_.pid && node.pid > 0 && node.pid != *expected_.pid) return;
  if (nodes_.size() < max_nodes || nodes_.contains(node.serial)) nodes_[node.serial] = node;
  update_proof(now);
}

void ChildWatch::handle_node_gone(std::uint64_t serial, Instant now) {
  nodes_.erase(serial);
  update_proof(now);
}

void ChildWatch::handle_usage(double cpu_seconds, Instant now) {
  if (!alive_) return;
  const auto elapsed = std::chrono::duration<double>(now - cpu_at_).count();
  const bool spins =
      cpu_seconds_ && elapsed > 0 && (cpu_seconds - *cpu_seconds_) / elapsed >= spinning_cpu;
  if (!spins) {
    spinning_since_.reset();
  } else if (!spinning_since_) {
    spinning_since_ = std::max(cpu_at_, last_sign_);
  }
  cpu_seconds_ = cpu_seconds;
  cpu_at_ = now;
}

void ChildWatch::excuse(Instant now) {
  last_sign_ = now;
  spinning_since_.reset();
  cpu_seconds_.reset();
  if (node_lost_at_) node_lost_at_ = now;
}

bool ChildWatch::all_bound() const {
  return (!expected_.binds_media || bound(Interface::media)) &&
         (!expected_.binds_repair || bound(Interface::repair)) &&
         (!expected_.binds_control || bound(Interface::control));
}

const std::optional<MediaUri>& ChildWatch::bound(Interface interface) const {
  return bound_[static_cast<std::size_t>(interface)];
}

bool ChildWatch::linked_to_device() const {
  return std::any_of(nodes_.begin(), nodes_.end(), [this](const auto& entry) {
    const auto& to = entry.second.linked_to;
    return std::find(to.begin(), to.end(), expected_.device) != to.end();
  });
}

void ChildWatch::update_proof(Instant now) {
  if (!alive_) return;
  const bool linked = linked_to_device();
  if (!proven_) {
    proven_ = main_loop_ && device_opened_ && all_bound() && linked;
    if (proven_) last_sign_ = now;
    return;
  }
  if (linked) {
    node_lost_at_.reset();
  } else if (!node_lost_at_) {
    node_lost_at_ = now;
  }
}

std::string ChildWatch::last_error() const {
  if (error_.empty() || trouble_.empty()) return error_ + trouble_;
  return error_ + " (" + trouble_ + ")";
}

std::string ChildWatch::unproven_reason() const {
  if (!alive_ || proven_) return {};
  if (!main_loop_ && !device_opened_) return "waits for the tool to open its device";
  if (!all_bound()) return "waits for the tool to open its network ports";
  if (!main_loop_) return "waits for the tool to start its main loop";
  if (nodes_.empty()) return "waits for the tool's node to appear in PipeWire";
  return "waits for the tool's node to be linked to '" + expected_.device.name + "'";
}

std::optional<std::string> ChildWatch::verdict(Instant now) const {
  if (!alive_) return std::nullopt;
  // Privacy: whatever else is true, its audio goes to (comes from) its own device only.
  for (const auto& [serial, node] : nodes_) {
    for (const auto& other : node.linked_to) {
      if (other == expected_.device) continue;
      const bool namesake = other.name == expected_.device.name;
      return "its audio was linked to " + std::string(namesake ? "another device called " : "") +
             "'" + other.name + "' instead of only '" + expected_.device.name + "'";
    }
  }
  if (!proven_) return std::nullopt;  // the supervisor bounds the time to readiness
  if (node_lost_at_ && now - *node_lost_at_ >= node_lost_limit) {
    return "it runs, but its PipeWire node is no longer linked to its device";
  }
  if (now - last_sign_ >= silent_limit) return "it runs, but gave no sign of life for 25 s";
  if (spinning_since_ && now - *spinning_since_ >= spinning_limit) {
    return "it uses a whole processor and makes no progress";
  }
  return std::nullopt;
}

std::optional<Instant> ChildWatch::poll_timeout() const {
  if (!alive_ || !proven_) return std::nullopt;
  Instant next = last_sign_ + silent_limit;
  if (node_lost_at_) next = std::min(next, *node_lost_at_ + node_lost_limit);
  if (spinning_since_) next = std::min(next, *spinning_since_ + spinning_limit);
  return next;
}

}  // namespace rocd
