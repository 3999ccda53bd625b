// The one way by which changes leave the rooms: everything that tells somebody of changes reads
// this. Keeps the last events, so that a reader that was away goes on where it was; readers pull at
// their own pace (EventCursor), so that none of them can hold up another, or the daemon. (pure)
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/event.hpp"

namespace rocd {

class EventBus {
 public:
  static constexpr std::size_t kept_events = 4096;
  static constexpr std::size_t kept_bytes = 8UL * 1024 * 1024;  // of envelopes; whichever is first

  // epoch: tells this run of the daemon from others; no '-' in it.
  explicit EventBus(std::string epoch) : epoch_(std::move(epoch)) {}
  EventBus(const EventBus&) = delete;
  EventBus& operator=(const EventBus&) = delete;

  void publish(EventType type, std::string uri, const EventBody& pre, const EventBody& post,
               WallTime now);

  // changes: who does not need what is only of the moment (stream.metrics), and is no reason to say
  // it.
  enum class Interest { everything, changes };
  // Called after each event. It may neither publish nor subscribe. Ends with the handle, which may
  // outlive the bus.
  using Subscription = std::shared_ptr<void>;
  [[nodiscard]] Subscription subscribe(std::function<void()> on_event,
                                       Interest interest = Interest::everything);
  // Whether somebody listens to what is only of the moment.
  [[nodiscard]] bool is_heard() const;

  [[nodiscard]] const std::string& epoch() const { return epoch_; }
  [[nodiscard]] std::uint64_t last_seq() const { return last_seq_; }  // 0: none yet
  [[nodiscard]] std::uint64_t oldest_seq() const { return last_seq_ + 1 - events_.size(); }
  // nullptr if it is too old, or not there yet.
  [[nodiscard]] std::shared_ptr<const Event> find(std::uint64_t seq) const;

  // Everything that there is, for a reader that knows nothing yet.
  struct Resource {
    std::string uri;
    EventType created{};  // the type that tells of a new one of its kind
    std::function<boost::json::object()> read;
    bool of_the_moment = false;  // also changes without an event of its URI
  };
  void set_resources(std::function<std::vector<Resource>()> resources) {
    resources_ = std::move(resources);
  }
  struct Snapshot {
    std::uint64_t seq = 0;  // the newest event that is contained in it
    struct Item {
      std::string uri;
      EventType created{};
      std::shared_ptr<const std::string> envelope;
    };
    std::vector<Item> items;
  };
  // Items that did not change are shared between snapshots: a thousand slow readers cost no more
  // memory than one. What changes without an event is as of the last event (processor time), or, of
  // the moment, of this second.
  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot(WallTime now);

  // Events that a reader did not get because it was too slow, or away too long.
  void count_dropped(std::uint64_t events) { dropped_ += events; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  struct Listener {
    std::function<void()> on_event;
    Interest interest;
  };
  using Listeners = std::map<std::uint64_t, Listener>;

  std::string epoch_;
  std::uint64_t last_seq_ = 0;
  std::deque<std::shared_ptr<const Event>> events_;
  std::size_t bytes_ = 0;
  std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();
  std::uint64_t next_listener_ = 1;
  std::function<std::vector<Resource>()> resources_;
  std::map<std::string, std::shared_ptr<const std::string>> cache_;  // by URI; erased by events
  std::shared_ptr<const Snapshot> latest_;                           // as of latest_second_
  std::chrono::sys_seconds latest_second_;
  std::uint64_t dropped_ = 0;
};

}  // namespace rocd
