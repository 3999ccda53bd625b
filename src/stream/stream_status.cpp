// What a stream shows: StreamMachine's second half, from what it knows to status and health.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stream/stream_machine.hpp"

namespace rocd {
namespace {

constexpr double high_latency = 1.5;  // times the target
constexpr double window_ms = 10'000;  // of what is missing, see RecentSum

bool is_live(ChildState state) {
  return state == ChildState::starting || state == ChildState::running ||
         state == ChildState::stopping;
}

// In steps: words that count along would be told again and again; metrics count.
std::string_view share(double ratio) {
  return ratio > 0.1 ? "more than 10 %" : ratio > 0.01 ? "more than 1 %" : "less than 1 %";
}

std::string whole(double number) {
  return std::to_string(std::lround(number));
}

std::optional<double> milliseconds(const std::optional<Duration>& duration) {
  if (!duration) return std::nullopt;
  return std::chrono::duration<double, std::milli>(*duration).count();
}

// Nobody can send to "every address of this computer".
std::string where_to_send(const std::optional<MediaUri>& media) {
  if (!media) return "its address";
  if (!media->is_any_host()) return media->str();
  return "port " + std::to_string(media->port) + " of this computer (" +
         std::string(to_string(media->protocol)) + ")";
}

bool same_but_metrics(const StreamStatus& a, const StreamStatus& b) {
  return a.state == b.state && a.message == b.message && a.since == b.since && a.pid == b.pid &&
         a.restarts == b.restarts && a.crash_looping == b.crash_looping &&
         a.retry_at == b.retry_at && a.resolved == b.resolved && a.health == b.health;
}

}  // namespace

std::optional<StreamProblem> StreamMachine::obstacle() const {
  if (removed_ || !spec_.enabled) return std::nullopt;
  auto problem = blocker();
  return problem ? problem : plan_problem_;
}

StreamState StreamMachine::derive_state() const {
  if (removed_ || !spec_.enabled) {
    const bool child_is_gone =
        child_.state == ChildState::stopped || child_.state == ChildState::failed;
    return child_is_gone && !link_ ? StreamState::stopped : StreamState::stopping;
  }
  if (obstacle()) return is_live(child_.state) ? StreamState::stopping : StreamState::waiting;
  if (rests_) return is_live(child_.state) ? StreamState::stopping : StreamState::paused;
  if (kind_ == StreamKind::local) return linked_ ? StreamState::running : StreamState::starting;
  switch (child_.state) {
    case ChildState::running:
      // Not wanted or not planned: an old child that is about to be replaced.
      return ensured_ && plan_ ? StreamState::running : StreamState::starting;
    case ChildState::backoff:
      return StreamState::backoff;
    case ChildState::failed:
      // Until the supervisor has taken notice of a new wish, its word is about the old child.
      return ensured_ ? StreamState::failed : StreamState::starting;
    case ChildState::stopped:
    case ChildState::starting:
    case ChildState::stopping:
      break;
  }
  return StreamState::starting;
}

void StreamMachine::update_status(Now now) {
  StreamStatus next = status_;
  next.state = derive_state();
  next.message.clear();
  if (const auto problem = obstacle()) {
    next.message = problem->message;
  } else if (rests_ && spec_.enabled && !removed_) {
    next.message =
        "nothing plays into " +
        (about_source_.name.empty() ? std::string("its source") : "'" + about_source_.name + "'");
  } else if (next.state == StreamState::starting) {
    next.message = kind_ == StreamKind::local ? link_reason_
                   : waits_its_turn()         ? "waits for its turn: many streams start"
                                              : watch_.unproven_reason();
  } else if (next.state == StreamState::backoff || next.state == StreamState::failed) {
    next.message = last_problem_.message;
  }
  next.pid = is_live(child_.state) ? child_.pid : std::nullopt;
  next.restarts = child_.restarts;
  next.crash_looping = child_.crash_looping;
  next.retry_at = next.state == StreamState::backoff && child_.retry_at
                      ? std::optional(child_.retry_at->wall)
                      : std::nullopt;
  next.resolved.reset();
  if (kind_ == StreamKind::local && link_) {
    next.resolved = ResolvedStream{};
    next.resolved->engine = "pipewire-links";
  } else if (ensured_ && plan_) {
    next.resolved = plan_->resolved;
    if (const auto& uri = watch_.bound(Interface::media)) next.resolved->media = uri;
    if (const auto& uri = watch_.bound(Interface::repair)) next.resolved->repair = uri;
    if (const auto& uri = watch_.bound(Interface::control)) next.resolved->control = uri;
  }
  if (next.state != status_.state) next.since = now.wall;
  status_.message = next.message;  // the health of a stream that does not run repeats it
  status_.state = next.state;
  if (rests_) {
    health_.deactivate();
  } else if (!removed_ && spec_.enabled) {
    health_.handle(derive_health(now), now.mono);
  }
  next.health = health_.report();
  next.metrics = watch_.metrics();
  if (next.metrics.sessions > 0) next.metrics.loss_ratio = recent_loss(now);
  look_again_ = watch_.missing_ms(now.mono) + watch_.repaired(now.mono) > 0
                    ? std::optional(now.mono + Duration(1s))
                    : std::nullopt;
  if (!same_but_metrics(next, shown_)) {
    shown_ = next;
    status_changed_ = true;
  }
  status_ = std::move(next);
}

HealthReport StreamMachine::derive_health(Now now) const {
  if (const auto* problem = sound_problem(); problem != nullptr && !obstacle())
    return {Health::unhealthy, problem->message, problem->hint};
  if (status_.state == StreamState::running) {
    if (kind_ == StreamKind::receive) return receiver_health(now);
    if (kind_ == StreamKind::send) return sender_health();
    return {Health::healthy, "", ""};
  }
  HealthReport report{Health::unhealthy, status_.message, ""};
  if (const auto problem = obstacle()) {
    report.hint = problem->hint;
  } else {
    report.hint = last_problem_.hint;
    if (!last_problem_.message.empty()) report.message = last_problem_.message;
  }
  if (report.message.empty()) report.message = std::string(to_string(status_.state));
  if (child_.crash_looping && !obstacle())
    report.message = "it ends again and again: " + report.message;
  if (report.hint.empty()) report.hint = hint_of_no_problem();
  return report;
}

// It is on its way, or nobody knows more.
std::string StreamMachine::hint_of_no_problem() const {
  if (kind_ == StreamKind::local)
    return "it is linked again by itself; if it is not, find what removes its links (a patchbay)";
  if (status_.state == StreamState::starting && waits_its_turn())
    return "nothing need be done: it starts when others have";
  return "see the stream's log";
}

// Of many that start.
bool StreamMachine::waits_its_turn() const {
  return child_.state == ChildState::starting && !child_.pid;
}

HealthReport StreamMachine::receiver_health(Now now) const {
  const auto& metrics = watch_.metrics();
  const auto& resolved = plan_->resolved;
  if (metrics.sessions == 0) {
    const auto& media = watch_.bound(Interface::media);
    return {Health::unhealthy,
            watch_.had_session() ? "the sender has stopped, or its packets no longer arrive"
                                 : "no sender yet",
            "send to " + where_to_send(media) +
                " with matching protocols; if a sender runs, check the network and the firewall"};
  }
  const double lost = recent_loss(now);
  if (lost == 0) return delivered_health(now);
  const std::string remedy =
      resolved.fec.value_or(FecScheme::none) == FecScheme::none
          ? "use an address with error correction (rtp+rs8m), profile 'robust', or a cable"
          : "use profile 'robust' or a cable; a busy processor makes gaps, too";
  return {Health::unhealthy,
          fmt::format("gaps: {} of the audio of the last 10 s is lost", share(lost)), remedy};
}

// Share of what should have been heard in the last 10 s.
double StreamMachine::recent_loss(Now now) const {
  return std::min(watch_.missing_ms(now.mono) / window_ms, 1.0);
}

// All audio is there: how much did that take?
HealthReport StreamMachine::delivered_health(Now now) const {
  const auto& metrics = watch_.metrics();
  if (watch_.repaired(now.mono) > 0) {
    return {Health::partially_healthy, "packets of the last 10 s were recovered by FEC",
            "the network loses packets: use a cable, or profile 'robust' if gaps come, too"};
  }
  const auto latency = metrics.network_latency_ms;
  const auto target = milliseconds(plan_->resolved.target_latency);
  if (latency && target && *latency > *target * high_latency) {
    return {
        Health::partially_healthy,
        "the latency is more than 1.5 times its target of " + whole(*target) + " ms",
        "packets come late: use profile 'robust', or a cable; a busy processor, too, delays them"};
  }
  return {Health::healthy, "", ""};
}

HealthReport StreamMachine::sender_health() const {
  if (!plan_->resolved.control || watch_.receiver_heard().value_or(false)) {
    return {Health::healthy, "", ""};
  }
  const std::string remedy = "start the receiver; if it runs, check that " +
                             plan_->resolved.control->str() +
                             " is its control address and that the firewall lets it through";
  if (!watch_.receiver_heard()) return {Health::unhealthy, "no receiver answers", remedy};
  return {Health::unhealthy, "the receiver no longer answers",
          remedy + "; if the clock of a computer was set back, restart its streams"};
}

}  // namespace rocd
