#include "device/endpoint_news.hpp"

#include "base/clock.hpp"
#include "model/json.hpp"

namespace rocd {
namespace json = boost::json;

void EndpointNews::tell(const Uid& uid, const Endpoint* endpoint) {
  const auto now = Now::read().wall;
  const auto uri = endpoint_uri(self_, uid);
  const auto known = told_.find(uid);
  if (endpoint == nullptr) {
    if (known == told_.end()) return;
    const auto pre = to_json(known->second, self_);
    told_.erase(known);
    return events_.publish(EventType::endpoint_deleted, uri, pre, nullptr, now);
  }
  if (known == told_.end()) {
    told_.emplace(uid, *endpoint);
    return events_.publish(EventType::endpoint_created, uri, nullptr, to_json(*endpoint, self_),
                           now);
  }
  const auto before = std::exchange(known->second, *endpoint);
  if (!(before.spec == endpoint->spec)) {
    events_.publish(EventType::endpoint_updated, uri, to_json(before, self_),
                    to_json(*endpoint, self_), now);
  } else if (!(before.status == endpoint->status)) {
    events_.publish(EventType::endpoint_state, uri,
                    json::object{{"status", status_json(before.status)}},
                    json::object{{"status", status_json(endpoint->status)}}, now);
  }
}

void EndpointNews::tell_connection(bool connected, const std::string& reason) {
  if (connected == connected_ && (!connected || reason == reason_)) return;
  const auto body = [](bool is_connected, const std::string& why) {
    json::object pipewire{{"connected", is_connected}};
    if (!why.empty()) pipewire["message"] = why;
    return json::object{{"pipewire", std::move(pipewire)}};
  };
  const auto before = std::exchange(reason_, reason);
  const bool was_connected = std::exchange(connected_, connected);
  events_.publish(EventType::daemon_pipewire, "/system",
                  body(was_connected, was_connected ? before : ""), body(connected, reason),
                  Now::read().wall);
  if (connected && !was_connected) ++connects_;
}

}  // namespace rocd
