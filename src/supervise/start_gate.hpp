// Who may start now, when many want to: so many at once, the others in the order in which they
// came. (pure) Each that starts asks a lot of the sound system for a while; were all asked for at
// once, none would be served in time. One that takes long no longer keeps others waiting, and those
// that have worked before do not wait for those that have not.
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
  static constexpr std::size_t kept_for_proven = 4;  // beyond those
  static constexpr Duration patience = 3s;

  // proven: it worked the last time. True: it may start now, and counts until leave(), or until it
  // has taken too long. False: it waits for poll_next().
  [[nodiscard]] bool enter(const Uid& child, bool proven, Instant now) {
    forget_the_slow(now);
    auto& queue = proven ? proven_ : others_;
    if (queue.empty() && has_room(proven)) {
      starting_[child] = now + patience;
      return true;
    }
    queue.push_back(child);
    return false;
  }

  // It has started, ended, or wants to no longer.
  void leave(const Uid& child) {
    starting_.erase(child);
    std::erase(proven_, child);
    std::erase(others_, child);
  }

  // The next that may start.
  [[nodiscard]] std::optional<Uid> poll_next(Instant now) {
    forget_the_slow(now);
    for (const bool proven : {true, false}) {
      auto& queue = proven ? proven_ : others_;
      if (queue.empty() || !has_room(proven)) continue;
      Uid next = queue.front();
      queue.pop_front();
      starting_[next] = now + patience;
      return next;
    }
    return std::nullopt;
  }

  // When poll_next() may have more; nullopt: nobody waits.
  [[nodiscard]] std::optional<Instant> poll_timeout() const {
    if (proven_.empty() && others_.empty()) return std::nullopt;
    if ((!proven_.empty() && has_room(true)) || (!others_.empty() && has_room(false)))
      return Instant();
    std::optional<Instant> next;
    for (const auto& [child, until] : starting_)
      if (!next || until < *next) next = until;
    return next;
  }

 private:
  [[nodiscard]] bool has_room(bool proven) const {
    return starting_.size() < at_once + (proven ? kept_for_proven : 0);
  }
  void forget_the_slow(Instant now) {
    std::erase_if(starting_, [&](const auto& entry) { return entry.second <= now; });
  }

  std::map<Uid, Instant> starting_;  // until when it counts
  std::deque<Uid> proven_, others_;  // who waits
};

}  // namespace rocd
