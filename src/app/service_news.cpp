#include "app/service_news.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rocd {

std::string service_status(const std::map<StreamState, std::size_t>& streams,
                           PipeWireState pipewire_state, bool reload_failed) {
  if (reload_failed) return "the last reload failed; " + service_status(streams, pipewire_state);
  std::size_t all = 0;
  std::size_t running = 0;
  std::string others;
  for (const auto& [state, count] : streams) {
    if (state == StreamState::stopped || count == 0) continue;
    all += count;
    if (state == StreamState::running)
      running = count;
    else
      others += fmt::format(", {} {}", count, to_string(state));
  }
  const auto* noun = all == 1 ? "stream" : "streams";
  const auto* pipewire = pipewire_state == PipeWireState::connected ? "PipeWire connected"
                         : pipewire_state == PipeWireState::silent  ? "PipeWire does not answer"
                         : pipewire_state == PipeWireState::unmanaged
                             ? "no session manager (WirePlumber) runs"
                             : "PipeWire not connected";
  if (all == 0) return fmt::format("no streams, {}", pipewire);
  if (running == all) return fmt::format("{} {} running, {}", all, noun, pipewire);
  return fmt::format("{} of {} {} running{}, {}", running, all, noun, others, pipewire);
}

ServiceNews::ServiceNews(std::optional<Duration> watchdog, std::function<std::string()> status)
    : status_(std::move(status)) {
  if (watchdog) watchdog_ = *watchdog / 2;
}

void ServiceNews::handle_ready(Instant now) {
  if (wanted_ == State::stopping) return;
  if (wanted_ == State::starting && watchdog_) next_watchdog_ = now;
  wanted_ = State::ready;
}

void ServiceNews::handle_reloading(Instant now) {
  if (wanted_ == State::starting || wanted_ == State::stopping) return;
  wanted_ = State::reloading;
  reloading_since_ = now;
}

void ServiceNews::handle_stopping() {
  wanted_ = State::stopping;
}

void ServiceNews::handle_change() {
  status_changed_ = true;
}

std::optional<std::string> ServiceNews::poll_message(Instant now) {
  // A manager that asked for a reload waits for both of its messages, even if it is over by now.
  if (reloading_since_ && wanted_ != State::stopping) {
    const auto since =
        std::chrono::duration_cast<std::chrono::microseconds>(reloading_since_->time_since_epoch());
    reloading_since_.reset();
    told_ = State::reloading;
    return fmt::format("RELOADING=1\nMONOTONIC_USEC={}", since.count());
  }
  if (told_ != wanted_) {
    told_ = wanted_;
    if (told_ == State::stopping) return "STOPPING=1\nSTATUS=stopping";
    return with_status("READY=1\n", now);
  }
  if (next_watchdog_ && now >= *next_watchdog_) {
    next_watchdog_ = now + *watchdog_;
    return "WATCHDOG=1";
  }
  if (told_ == State::ready && status_changed_ && now >= next_status_) {
    const auto before = told_status_;
    auto message = with_status({}, now);
    if (told_status_ != before) return message;
  }
  return std::nullopt;
}

std::optional<Instant> ServiceNews::poll_timeout() const {
  auto at = next_watchdog_;
  if (told_ == State::ready && status_changed_)
    at = at ? std::min(*at, next_status_) : next_status_;
  return at;
}

std::string ServiceNews::with_status(const std::string& message, Instant now) {
  status_changed_ = false;
  next_status_ = now + status_interval;
  told_status_ = status_();
  return message + "STATUS=" + told_status_;
}

}  // namespace rocd
