#include "model/event_cursor.hpp"

#include <charconv>

namespace rocd {
namespace {

// The seq of an id of this epoch.
std::optional<std::uint64_t> seq_of(std::string_view id, std::string_view epoch) {
  if (!id.starts_with(epoch) || id.size() <= epoch.size() || id[epoch.size()] != '-')
    return std::nullopt;
  id.remove_prefix(epoch.size() + 1);
  std::uint64_t seq = 0;
  const auto [end, failure] = std::from_chars(id.data(), id.data() + id.size(), seq);
  if (failure != std::errc() || end != id.data() + id.size()) return std::nullopt;
  return seq;
}

}  // namespace

EventCursor::EventCursor(EventBus& bus, EventFilter filter, std::string_view last_id)
    : bus_(bus), filter_(std::move(filter)) {
  if (last_id.empty()) return;
  const auto seq = seq_of(last_id, bus.epoch());
  if (seq && *seq <= bus.last_seq() && *seq + 1 >= bus.oldest_seq()) {
    syncing_ = false;
    next_seq_ = *seq + 1;
    return;
  }
  lost_ = true;
  if (seq && *seq < bus.oldest_seq()) bus.count_dropped(bus.oldest_seq() - *seq - 1);
}

EventCursor::Item EventCursor::note(EventType type, std::uint64_t seq, WallTime now) const {
  return {type == EventType::synced ? event_id(bus_.epoch(), seq) : std::string(),
          std::make_shared<const std::string>(
              event_envelope(bus_.epoch(), seq, now, type, "/events", nullptr, nullptr))};
}

std::optional<EventCursor::Item> EventCursor::next(WallTime now) {
  if (!syncing_ && next_seq_ < bus_.oldest_seq()) {
    bus_.count_dropped(bus_.oldest_seq() - next_seq_);
    lost_ = syncing_ = true;
  }
  if (lost_) {
    lost_ = false;
    snapshot_.reset();
    return note(EventType::reset, bus_.last_seq(), now);
  }
  return syncing_ ? next_of_snapshot(now) : next_event();
}

std::optional<EventCursor::Item> EventCursor::next_of_snapshot(WallTime now) {
  if (!snapshot_) {
    snapshot_ = bus_.snapshot(now);
    position_ = 0;
  }
  while (position_ < snapshot_->items.size()) {
    const auto& item = snapshot_->items[position_++];
    if (filter_.wants(item)) return Item{{}, item.envelope};
  }
  const auto seq = snapshot_->seq;
  snapshot_.reset();
  syncing_ = false;
  next_seq_ = seq + 1;
  return note(EventType::synced, seq, now);
}

std::optional<EventCursor::Item> EventCursor::next_event() {
  while (auto event = bus_.find(next_seq_)) {
    ++next_seq_;
    if (!filter_.wants(*event)) continue;
    auto id = event_id(bus_.epoch(), event->seq);
    // Shares ownership with the event that it is a part of.
    return Item{std::move(id), {event, &event->envelope}};
  }
  return std::nullopt;
}

}  // namespace rocd
