// Decides what a service manager is told, and when: that rocd is ready, reloads, stops; that its
// reactor still turns; and one line for people. (pure)
// Contract: after each handle_*() drain poll_message(), then sleep until poll_timeout().
// The words are sd_notify(3)'s.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "model/stream.hpp"

namespace rocd {

// silent: it does not answer. unmanaged: there is no session manager.
enum class PipeWireState { absent, silent, unmanaged, connected };

// "3 streams running, PipeWire connected": what `systemctl status` shows. Streams that are switched
// off do not count. reload_failed: the configuration in force is older than the file.
[[nodiscard]] std::string service_status(const std::map<StreamState, std::size_t>& streams,
                                         PipeWireState pipewire, bool reload_failed = false);

class ServiceNews {
 public:
  static constexpr Duration status_interval = 1s;  // at most one status in that time

  // watchdog: a message is due at least that often once rocd is ready; one is made at half of it.
  // status: the line for people, asked for when it can be told.
  ServiceNews(std::optional<Duration> watchdog, std::function<std::string()> status);

  void handle_ready(Instant now);      // also after a reload, done or refused
  void handle_reloading(Instant now);  // also again before it is done
  void handle_stopping();
  void handle_change();  // of what the status tells

  // The next message, if one is due. One that was not sent yet holds up the others: whatever
  // happens in the meantime needs no more room than what is here.
  [[nodiscard]] std::optional<std::string> poll_message(Instant now);
  [[nodiscard]] std::optional<Instant> poll_timeout() const;

 private:
  enum class State { starting, reloading, ready, stopping };

  [[nodiscard]] std::string with_status(const std::string& message, Instant now);

  std::optional<Duration> watchdog_;  // half of it
  std::function<std::string()> status_;
  State wanted_ = State::starting;
  State told_ = State::starting;
  std::optional<Instant> reloading_since_;  // not told yet
  std::optional<Instant> next_watchdog_;
  bool status_changed_ = false;
  Instant next_status_{};
  std::string told_status_;
};

}  // namespace rocd
