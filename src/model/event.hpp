// What happened: one envelope for every way by which it is told (SSE, WebSocket, ZeroMQ). (pure)
// `pre` and `post` hold what the type is about: the whole resource for created, updated, deleted
// and sync; for state, health and metrics only those members, as a patch of the resource.
#pragma once

#include <array>
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace rocd {

enum class EventType {
  stream_created,
  stream_updated,
  stream_deleted,
  stream_state,
  stream_health,
  stream_metrics,
  endpoint_created,
  endpoint_updated,
  endpoint_deleted,
  endpoint_state,
  peer_updated,
  daemon_pipewire,  // connected or not
  daemon_tools,     // probed anew
  daemon_state,     // what is stored can be written, or not
  daemon_reloaded,  // the configuration was applied
  daemon_stopping,
  // Of the delivery, never filtered out.
  sync,    // a resource as it is, in a snapshot
  synced,  // the snapshot is complete; changes follow
  reset,   // events were lost to this reader; a snapshot follows
};

inline constexpr std::array event_types{
    EventType::stream_created,   EventType::stream_updated,   EventType::stream_deleted,
    EventType::stream_state,     EventType::stream_health,    EventType::stream_metrics,
    EventType::endpoint_created, EventType::endpoint_updated, EventType::endpoint_deleted,
    EventType::endpoint_state,   EventType::peer_updated,     EventType::daemon_pipewire,
    EventType::daemon_tools,     EventType::daemon_state,     EventType::daemon_reloaded,
    EventType::daemon_stopping};

[[nodiscard]] std::string_view to_string(EventType type);  // "stream.state"

// What `pre` or `post` says; nullptr for nothing.
using EventBody = boost::json::value;

struct Event {
  std::uint64_t seq = 0;
  EventType type{};
  std::string uri;       // of the resource; "/system" for daemon.*
  std::string envelope;  // JSON, one line
};

// "<epoch>-<seq>": an epoch is one run of the daemon, because seq begins again with it.
[[nodiscard]] std::string event_id(std::string_view epoch, std::uint64_t seq);

[[nodiscard]] std::string event_envelope(std::string_view epoch, std::uint64_t seq, WallTime time,
                                         EventType type, std::string_view uri, const EventBody& pre,
                                         const EventBody& post);

}  // namespace rocd
