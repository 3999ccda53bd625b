#include "model/event.hpp"

#include "model/json_text.hpp"

namespace rocd {

std::string_view to_string(EventType type) {
  switch (type) {
    case EventType::stream_created:
      return "stream.created";
    case EventType::stream_updated:
      return "stream.updated";
    case EventType::stream_deleted:
      return "stream.deleted";
    case EventType::stream_state:
      return "stream.state";
    case EventType::stream_health:
      return "stream.health";
    case EventType::stream_metrics:
      return "stream.metrics";
    case EventType::endpoint_created:
      return "endpoint.created";
    case EventType::endpoint_updated:
      return "endpoint.updated";
    case EventType::endpoint_deleted:
      return "endpoint.deleted";
    case EventType::endpoint_state:
      return "endpoint.state";
    case EventType::peer_updated:
      return "peer.updated";
    case EventType::daemon_pipewire:
      return "daemon.pipewire";
    case EventType::daemon_tools:
      return "daemon.tools";
    case EventType::daemon_state:
      return "daemon.state";
    case EventType::daemon_reloaded:
      return "daemon.reloaded";
    case EventType::daemon_stopping:
      return "daemon.stopping";
    case EventType::sync:
      return "sync";
    case EventType::synced:
      return "synced";
    case EventType::reset:
      return "reset";
  }
  return "";
}

std::string event_id(std::string_view epoch, std::uint64_t seq) {
  return std::string(epoch) + '-' + std::to_string(seq);
}

std::string event_envelope(std::string_view epoch, std::uint64_t seq, WallTime time, EventType type,
                           std::string_view uri, const EventBody& pre, const EventBody& post) {
  return json_text(boost::json::object{{"id", event_id(epoch, seq)},
                                       {"seq", seq},
                                       {"time", format_utc(time)},
                                       {"type", to_string(type)},
                                       {"uri", uri},
                                       {"pre", pre},
                                       {"post", post}});
}

}  // namespace rocd
