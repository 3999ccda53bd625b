// Who may start now, when many want to: so many at once, the others in the order in which they
// came. (pure) Each that starts asks a lot of the sound system for a while; were all asked for at
// once, none would be served in time. One that takes long no longer keeps others waiting.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>

#include "base/clock.hpp"
#include "base/uid.hpp"

namespace rocd {

class StartGate {
 public:
  static constexpr std::size_t at_once = 8;
  static constexpr Duration patience = 3s;

  // True: it may start now, and counts until leave(), or until it has taken too long. False: it
  // waits for poll_next().
  [[nodiscard]] bool enter(const Uid& child, Instant now) {
    forget_the_slow(now);
    if (queue_.empty() && starting_.size() < at_once) {
      starting_[child] = now + patience;
      return true;
    }
    queue_.push_back(child);
    return false;
  }

  // It has started, ended, or wants to no longer.
  void leave(const Uid& child) {
    starting_.erase(child);
    std::erase(queue_, child);
  }

  // The next that may start.
  [[nodiscard]] std::optional<Uid> poll_next(Instant now) {
    forget_the_slow(now);
    if (queue_.empty() || starting_.size() >= at_once) return std::nullopt;
    const Uid next = queue_.front();
    queue_.pop_front();
    starting_[next] = now + patience;
    return next;
  }

  // When poll_next() may have more; nullopt: nobody waits.
  [[nodiscard]] std::optional<Instant> poll_timeout() const {
    if (queue_.empty()) return std::nullopt;
    std::optional<Instant> next;
    for (const auto& [child, until] : starting_)
      if (!next || until < *next) next = until;
    return starting_.size() < at_once ? Instant() : next;
  }

 private:
  void forget_the_slow(Instant now) {
    std::erase_if(starting_, [&](const auto& entry) { return entry.second <= now; });
  }

  std::map<Uid, Instant> starting_;  // until when it counts
  std::deque<Uid> queue_;
};

}  // namespace rocd
