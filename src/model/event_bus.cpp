#include "model/event_bus.hpp"

#include <algorithm>
#include <utility>

namespace rocd {

void EventBus::publish(EventType type, std::string uri, const EventBody& pre, const EventBody& post,
                       WallTime now) {
  ++last_seq_;
  cache_.erase(uri);
  latest_.reset();
  auto envelope = event_envelope(epoch_, last_seq_, now, type, uri, pre, post);
  envelope.shrink_to_fit();  // made piece by piece, and kept: it takes what it counts for
  bytes_ += envelope.size();
  events_.push_back(
      std::make_shared<const Event>(Event{last_seq_, type, std::move(uri), std::move(envelope)}));
  while (events_.size() > kept_events || (bytes_ > kept_bytes && events_.size() > 1)) {
    bytes_ -= events_.front()->envelope.size();
    events_.pop_front();
  }
  for (const auto& [id, listener] : *listeners_) listener.on_event();
}

bool EventBus::is_heard() const {
  return std::any_of(listeners_->begin(), listeners_->end(), [](const auto& entry) {
    return entry.second.interest == Interest::everything;
  });
}

EventBus::Subscription EventBus::subscribe(std::function<void()> on_event, Interest interest) {
  const auto id = next_listener_++;
  listeners_->emplace(id, Listener{std::move(on_event), interest});
  return {nullptr, [weak = std::weak_ptr(listeners_), id](void*) {
            if (const auto listeners = weak.lock()) listeners->erase(id);
          }};
}

std::shared_ptr<const Event> EventBus::find(std::uint64_t seq) const {
  if (seq < oldest_seq() || seq > last_seq_) return nullptr;
  return events_[seq - oldest_seq()];
}

std::shared_ptr<const EventBus::Snapshot> EventBus::snapshot(WallTime now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (latest_ && second == latest_second_) return latest_;
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->seq = last_seq_;
  std::map<std::string, std::shared_ptr<const std::string>> cache;
  for (const auto& resource : resources_ ? resources_() : std::vector<Resource>{}) {
    auto& envelope = cache[resource.uri];
    const auto known = cache_.find(resource.uri);
    if (known != cache_.end() && !resource.of_the_moment) envelope = known->second;
    if (!envelope)
      envelope = std::make_shared<const std::string>(event_envelope(
          epoch_, last_seq_, now, EventType::sync, resource.uri, nullptr, resource.read()));
    snapshot->items.push_back({resource.uri, resource.created, envelope});
  }
  cache_ = std::move(cache);  // without what is gone
  latest_ = snapshot;
  latest_second_ = second;
  return latest_;
}

}  // namespace rocd
