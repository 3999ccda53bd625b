// Who may start now, when many want to: so many at once, the others in the order in which they
// came. (pure) Each that starts asks a lot of the sound system for a while; were all asked for at
// once, none would be served in time. One that takes long no longer keeps others waiting, and those
// that have worked before do not wait for those that have not; but they take turns with them where
// there are always more of them.
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
  static constexpr unsigned in_a_row = 12;  // proven ones, while another waits

  // proven: it worked the last time. True: it may start now, and counts until leave(), or until it
  // has taken too long. False: it waits for poll_next().
  [[nodiscard]] bool enter(const Uid& child, bool proven, Instant now) {
    forget_the_slow(now);
    auto& queue = proven ? proven_ : others_;
    if (queue.empty() && has_room(proven) && !(proven && others_have_waited())) {
      if (proven && !others_.empty()) ++proven_in_a_row_;
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
    const bool others_first = others_have_waited();
    for (const bool proven : {!others_first, others_first}) {
      auto& queue = proven ? proven_ : others_;
      // Their turn: with the room that all have.
      if (queue.empty() || !has_room(proven || others_first)) continue;
      proven_in_a_row_ = proven && !others_.empty() ? proven_in_a_row_ + 1 : 0;
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
    const bool more_room = !proven_.empty() || others_have_waited();
    if ((more_room && has_room(true)) || (!others_.empty() && has_room(false))) return Instant();
    std::optional<Instant> next;
    for (const auto& [child, until] : starting_)
      if (!next || until < *next) next = until;
    return next;
  }

 private:
  [[nodiscard]] bool has_room(bool proven) const {
    return starting_.size() < at_once + (proven ? kept_for_proven : 0);
  }
  [[nodiscard]] bool others_have_waited() const {
    return !others_.empty() && proven_in_a_row_ >= in_a_row;
  }
  void forget_the_slow(Instant now) {
    std::erase_if(starting_, [&](const auto& entry) { return entry.second <= now; });
  }

  std::map<Uid, Instant> starting_;  // until when it counts
  std::deque<Uid> proven_, others_;  // who waits
  unsigned proven_in_a_row_ = 0;     // while others waited
};

}  // namespace rocd
