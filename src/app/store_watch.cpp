#include "app/store_watch.hpp"

#include <utility>

#include "api/handlers.hpp"

namespace rocd {

// Not told at once: who has written may be in the middle of a snapshot for a reader of events.
StoreWatch::StoreWatch(const boost::asio::any_io_executor& executor, Store& store, EventBus& events)
    : store_(store),
      events_(events),
      timer_(executor, [this] { review(); }),
      told_(storage_json({})) {
  store_.set_on_change([this] { timer_.arm(Now::read().mono); });
}

StoreWatch::~StoreWatch() {
  store_.set_on_change({});
}

void StoreWatch::review() {
  const auto written = store_.check_writable();
  if (auto state = storage_json(written); state != told_) {
    const auto before = std::exchange(told_, std::move(state));
    const auto body = [](const boost::json::object& of) {
      return boost::json::object{{"state", of}};
    };
    events_.publish(EventType::daemon_state, "/system", body(before), body(told_),
                    Now::read().wall);
  }
  if (!written) timer_.arm(Now::read().mono + retry);
}

}  // namespace rocd
