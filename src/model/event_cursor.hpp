// Where one reader of events is: in a snapshot, or somewhere among the kept events. Decides what it
// gets next; a reader that fell behind what is kept gets `reset` and a new snapshot. (pure)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "model/event_bus.hpp"
#include "model/event_filter.hpp"

namespace rocd {

class EventCursor {
 public:
  // bus outlives the cursor. last_id: what the reader got last, "<epoch>-<seq>"; empty: nothing.
  // If it is of this epoch and still kept, events go on after it, without a snapshot.
  EventCursor(EventBus& bus, EventFilter filter, std::string_view last_id);

  struct Item {
    // Only after this one may a reader resume; empty within a snapshot.
    std::string id;
    std::shared_ptr<const std::string> envelope;
  };
  // nullopt: nothing more at the moment.
  [[nodiscard]] std::optional<Item> next(WallTime now);

 private:
  [[nodiscard]] std::optional<Item> next_of_snapshot(WallTime now);
  [[nodiscard]] std::optional<Item> next_event();
  [[nodiscard]] Item note(EventType type, std::uint64_t seq, WallTime now) const;

  EventBus& bus_;
  EventFilter filter_;
  bool lost_ = false;  // `reset` is due
  bool syncing_ = true;
  std::shared_ptr<const EventBus::Snapshot> snapshot_;
  std::size_t position_ = 0;
  std::uint64_t next_seq_ = 1;
};

}  // namespace rocd
