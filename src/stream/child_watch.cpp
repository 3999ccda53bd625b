#include "stream/child_watch.hpp"

#include <algorithm>
#include <utility>

#include "base/overloaded.hpp"

namespace rocd {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

// Another one is started at once, whatever it was.
constexpr std::string_view hint_of_bug =
    "it is started again; if this comes back, the machine is overloaded, or the tool has a bug: "
    "see the stream's log";
// The process that is looked at may be a script that waits for the one that works.
constexpr std::string_view hint_of_standstill =
    "it is started again; if this comes back, the machine is overloaded, or the tool has a bug: "
    "see the stream's log; if the tool is a script, it has to exec the real one";
constexpr std::string_view hint_of_stop =
    "it is started again; if this comes back, find who sends SIGSTOP (a debugger, a shell, a power "
    "saver)";
constexpr std::string_view hint_of_stranger =
    "it is started again; if this comes back, find what links it: a patchbay, or a rule of "
    "WirePlumber";
constexpr std::string_view hint_of_lost_link =
    "it is started again; if this comes back, find what removes its links (a patchbay), or why "
    "WirePlumber does not link it (its log)";

constexpr std::size_t max_nodes = 16;  // a child has one; a mad one must not fill the memory

}  // namespace

bool ChildWatch::is_linked(const Node& node, const LinkedNode& device) {
  return std::ranges::find(node.info.linked_to, device) != node.info.linked_to.end();
}

ChildWatch::ChildWatch(Expected expected, Instant now)
    : expected_(std::move(expected)), alive_(true), last_sign_(now), last_word_(now) {}

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
                   if (f.e2e_ms)
                     *metrics_.e2e_latency_ms += Milliseconds(expected_.untold_latency).count();
                   metrics_.network_latency_ms = f.network_ms;
                   metrics_.jitter_ms = f.jitter_ms;
                 },
                 [&](const FactIoLatency& f) { metrics_.io_latency_ms = f.ms; },
                 [&](const FactRepair& f) {
                   repaired_.add(f.repaired, now);
                   metrics_.repaired_packets += f.repaired;
                 },
                 [&](const FactPlayback& f) {
                   if (f.warming_up > 0) return;  // a session begins: its first blanks are no loss
                   missing_.add(f.missing, now);
                 },
                 [&](const FactProgress&) {},
                 [&](const FactSkipped&) { sign_of_life = !screams_; },
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
  last_word_ = now;
  screams_ |= !sign_of_life;
  if (sign_of_life) handle_sign(now, std::holds_alternative<FactSkipped>(fact));
  update_proof(now);
}

void ChildWatch::handle_sign(Instant now, bool of_skipped_output) {
  last_sign_ = now;
  spinning_since_.reset();
  screams_ = false;
  if (proven_ && !of_skipped_output) trouble_.clear();
}

void ChildWatch::handle_pid(int pid, Instant now) {
  if (expected_.pid == pid) return;
  expected_.pid = pid;
  last_sign_ = last_word_ = now;  // until here it waited for its turn
}

void ChildWatch::handle_port(const FactPortOpened& port) {
  if (!binding_) return;  // a sender's own port
  auto uri = binding_->asked;
  uri.port = port.port;
  const auto interface = static_cast<std::size_t>(binding_->interface);
  bound_[interface] = std::move(uri);
  opened_[interface] = port;
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
  metrics_.jitter_ms = std::nullopt;
  missing_.clear();
  repaired_.clear();
}

void ChildWatch::handle_node(const StreamNodeInfo& node, Instant now) {
  if (!alive_) return;
  // The node of an older child of this stream, about to go.
  if (expected_.pid && node.pid > 0 && node.pid != *expected_.pid) return;
  if (nodes_.size() < max_nodes || nodes_.contains(node.serial)) {
    const auto [at, is_new] = nodes_.try_emplace(node.serial);
    auto& known = at->second;
    known.info = node;
    if (is_new) known.came_at = now;
    // Only that: a link that is back after somebody took it away was no matter of turns.
    if (known.most_links == 0 && node.links > 0) known.linking_took = now - known.came_at;
    known.most_links = std::max(known.most_links, node.links);
  }
  update_proof(now);
}

void ChildWatch::handle_node_gone(std::uint64_t serial, Instant now) {
  nodes_.erase(serial);
  if (proven_ && nodes_.empty() && !reopens_since_) reopens_since_ = now;
  update_proof(now);
}

void ChildWatch::handle_other_linked(Duration took, Instant now) {
  other_linked_at_ = now;
  slowness_ = std::min<Duration>(2 * took, link_limit_in_a_crowd);
  if (waits_its_turn() && unlinked_since_) unlinked_since_ = now;
}

// A link that somebody took away is no matter of turns.
bool ChildWatch::waits_its_turn() const {
  return !proven_ || reopens_since_;
}

// Until when it may be unlinked, if it is.
std::optional<Instant> ChildWatch::link_due() const {
  if (!unlinked_since_) return std::nullopt;
  if (!waits_its_turn()) return *unlinked_since_ + unlinked_limit;
  const bool recent =
      other_linked_at_ && *unlinked_since_ - *other_linked_at_ < link_limit_in_a_crowd;
  const auto due =
      *unlinked_since_ + (recent ? std::max(unlinked_limit, slowness_) : unlinked_limit);
  return reopens_since_ ? std::min(due, *reopens_since_ + link_limit_in_a_crowd) : due;
}

std::optional<Duration> ChildWatch::linking_took() const {
  for (const auto& [serial, node] : nodes_)
    if (is_linked(node, expected_.device)) return node.linking_took;
  return std::nullopt;
}

// The main thread of a tool that works waits for its device many times a second, whether there is
// anything to hear or not (measured: 50 times at least).
void ChildWatch::handle_activity(const ProcessActivity& activity, const UdpBacklog& udp,
                                 Instant now) {
  if (!alive_) return;
  const auto before = std::exchange(activity_, activity);
  const auto before_at = std::exchange(activity_at_, now);
  const auto elapsed = std::chrono::duration<double>(now - before_at).count();
  // A sample that comes late says that the daemon, or the whole machine, did not go on either.
  const bool comparable = before && !activity.traced && now - before_at <= 2 * activity_interval;
  if (!comparable || activity.waits != before->waits) {
    still_since_ = now;
    still_cpu_ = activity.cpu_seconds;
  }
  const bool spins = comparable && elapsed > 0 &&
                     (activity.cpu_seconds - before->cpu_seconds) / elapsed >= spinning_cpu;
  if (!spins) {
    spinning_since_.reset();
  } else if (!spinning_since_) {
    spinning_since_ = std::max(before_at, last_sign_);
  }
  // Another of its threads takes packets from the network, a few at a time: what waits grows only
  // while it does not go on.
  const auto unread_before = std::exchange(unread_, unread_in(udp));
  if (!comparable || unread_ < unread_bytes || unread_ < unread_before) {
    unread_since_.reset();
  } else if (!unread_since_) {
    unread_since_ = now;
  }
}

std::uint64_t ChildWatch::unread_in(const UdpBacklog& udp) const {
  std::uint64_t most = 0;
  for (const auto& socket : opened_)
    if (socket.port != 0) most = std::max(most, udp.at(socket.host, socket.port));
  return most;
}

void ChildWatch::excuse(Instant now) {
  last_sign_ = last_word_ = now;
  still_since_.reset();
  spinning_since_.reset();
  unread_since_.reset();
  activity_.reset();
  if (unlinked_since_) unlinked_since_ = now;
  if (reopens_since_) reopens_since_ = now;
  for (auto& [serial, node] : nodes_) node.came_at = now;
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
  return std::ranges::any_of(nodes_, [this](const auto& entry) {
    const auto& node = entry.second;
    return is_linked(node, expected_.device) && node.info.links == node.most_links;
  });
}

bool ChildWatch::half_linked() const {
  return std::ranges::any_of(nodes_, [](const auto& entry) {
    return entry.second.info.links > 0 && entry.second.info.links < entry.second.most_links;
  });
}

void ChildWatch::update_proof(Instant now) {
  if (!alive_) return;
  const bool works = main_loop_ && device_opened_ && all_bound();  // so it says
  const bool linked = linked_to_device();
  if (!proven_ && works && linked) {
    proven_ = true;
    last_sign_ = now;
  }
  if (linked) reopens_since_.reset();
  if (linked || !works) {
    unlinked_since_.reset();
  } else if (!unlinked_since_) {
    unlinked_since_ = now;
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

std::optional<ChildWatch::Verdict> ChildWatch::verdict(Instant now) const {
  if (!alive_) return std::nullopt;
  // Privacy: whatever else is true, its audio goes to (comes from) its own device only.
  for (const auto& [serial, node] : nodes_) {
    for (const auto& other : node.info.linked_to) {
      if (other == expected_.device) continue;
      const bool namesake = other.name == expected_.device.name;
      return Verdict{"its audio was linked to " +
                         std::string(namesake ? "another device called " : "") + "'" + other.name +
                         "' instead of only '" + expected_.device.name + "'",
                     hint_of_stranger};
    }
  }
  if (auto idle = idleness()) {
    // One that has lost its link stands still because of that.
    const bool because_unlinked = proven_ && unlinked_since_ && idle->may_wait_for_sound;
    return because_unlinked ? unlinkedness() : std::move(*idle);
  }
  if (unlinked_since_ && now >= *link_due()) return unlinkedness();
  if (spinning_since_ && activity_at_ - *spinning_since_ >= spinning_limit)
    return Verdict{"it uses a whole processor and makes no progress", hint_of_bug};
  if (unread_since_ && activity_at_ - *unread_since_ >= unread_limit)
    return Verdict{"it takes no packets from the network: its network thread does not go on",
                   hint_of_bug};
  if (!proven_) return wordlessness();
  if (now - last_sign_ >= silent_limit)
    return Verdict{"it runs, but gave no sign of life for 25 s", hint_of_bug, true};
  return std::nullopt;
}

ChildWatch::Verdict ChildWatch::unlinkedness() const {
  if (!proven_)
    return {"it runs, but its PipeWire node was not linked to its device", hint_of_lost_link, true};
  return {half_linked()
              ? "it runs, but a channel of its PipeWire node is no longer linked to its device"
              : "it runs, but its PipeWire node is no longer linked to its device",
          hint_of_lost_link, true};
}

bool ChildWatch::crowded() const {
  // A tool that is not linked stands still, too.
  const auto window = waits_its_turn() ? std::max(still_limit, slowness_) : still_limit;
  return other_linked_at_ && activity_at_ - *other_linked_at_ < window;
}

// By samples, too. One that says something is bounded by the supervisor's time to readiness; one
// that has said all that there is to say waits for its link.
std::optional<ChildWatch::Verdict> ChildWatch::wordlessness() const {
  if (!activity_ || !expected_.pid || expected_.looks_up_names || unlinked_since_)
    return std::nullopt;
  if (activity_at_ - last_word_ < (crowded() ? still_limit_in_a_crowd : wordless_limit))
    return std::nullopt;
  return Verdict{"it goes on without a word, and " + unproven_reason(), hint_of_bug, true};
}

// By samples, not by the clock: no sample, no proof.
std::optional<ChildWatch::Verdict> ChildWatch::idleness() const {
  if (!still_since_ || activity_at_ - *still_since_ < still_limit) return std::nullopt;
  if (activity_->stopped) return Verdict{"a signal (SIGSTOP) has stopped it", hint_of_stop};
  const auto still = activity_at_ - *still_since_;
  const auto used = activity_->cpu_seconds - still_cpu_;
  if (used >= busy_cpu * std::chrono::duration<double>(still).count()) {
    if (activity_at_ - last_sign_ < still_limit) return std::nullopt;  // it has so much to do
    return Verdict{"it uses a whole processor and makes no progress", hint_of_bug};
  }
  if (!proven_ && expected_.looks_up_names) return std::nullopt;
  if (crowded() && still < still_limit_in_a_crowd) return std::nullopt;
  return Verdict{"it does nothing: its main thread stands still", hint_of_standstill, true};
}

std::optional<Instant> ChildWatch::poll_timeout() const {
  if (!alive_) return std::nullopt;
  std::optional<Instant> next;
  if (proven_) next = last_sign_ + silent_limit;
  if (const auto due = link_due()) next = next ? std::min(*next, *due) : *due;
  return next;
}

}  // namespace rocd
