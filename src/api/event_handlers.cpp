// /events: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), or
// a WebSocket if the client asks to upgrade; the same envelopes.
#include <algorithm>

#include "api/handlers.hpp"
#include "api/log_query.hpp"
#include "api/respond.hpp"
#include "model/event_cursor.hpp"
#include "model/json.hpp"

namespace rocd {
namespace {

class EventChunks final : public ChunkSource {
 public:
  EventChunks(EventBus& bus, EventCursor cursor, bool websocket, std::function<void()> wake)
      : cursor_(std::move(cursor)),
        websocket_(websocket),
        subscription_(bus.subscribe(std::move(wake))) {}

  std::shared_ptr<const std::string> next() override {
    auto item = cursor_.next(Now::read().wall);
    if (!item) return nullptr;
    if (websocket_) return item->envelope;
    auto frame = std::make_shared<std::string>();
    frame->reserve(item->envelope->size() + 48);
    if (!item->id.empty()) frame->append("id: ").append(item->id).append("\n");
    frame->append("data: ").append(*item->envelope).append("\n\n");
    return frame;
  }

 private:
  EventCursor cursor_;
  bool websocket_;
  EventBus::Subscription subscription_;
};

// 16 bytes in base64 (RFC 6455, 4.2.1).
bool is_websocket_key(std::string_view key) {
  constexpr std::size_t digits = 22;
  return key.size() == digits + 2 && key.ends_with("==") &&
         std::all_of(key.begin(), key.begin() + digits, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '/';
         });
}

// nullopt: it is no WebSocket, or one that can be served.
std::optional<HttpProblem> check_websocket(const HttpRequest& request) {
  if (!request.websocket) return std::nullopt;
  if (request.websocket->version != "13") {
    HttpProblem problem{.status = 426, .detail = "this version of WebSocket is not spoken here"};
    problem.headers.emplace_back("Sec-WebSocket-Version", "13");  // RFC 6455, 4.4
    problem.headers.emplace_back("Upgrade", "websocket");
    return problem;
  }
  if (request.method == Method::get && is_websocket_key(request.websocket->key)) {
    return std::nullopt;
  }
  return HttpProblem{.status = 400,
                     .detail = "this is no WebSocket handshake",
                     .hint = "GET with a Sec-WebSocket-Key of 16 bytes in base64 (RFC 6455, 4.1)"};
}

HttpResponse read_events(const Call& call, Services& services) {
  const auto& request = call.request;
  const auto text = [&call](std::string_view name) {
    const auto* value = call.query(name);
    return value == nullptr ? std::string() : *value;
  };
  auto filter = EventFilter::parse(text("types"), text("uri"), services.context.self.uid);
  if (!filter) return error_response(filter.error(), request);
  if (auto problem = check_websocket(request)) return to_response(*problem, request.path);

  auto response = event_stream_response();
  response.websocket = request.websocket.has_value();
  if (response.websocket) response.status = 101;
  // A WebSocket cannot say Last-Event-ID in a browser.
  auto last_id = request.last_event_id.empty() ? text("last_event_id") : request.last_event_id;
  response.pull =
      [&bus = services.context.events, filter = std::move(*filter), last_id = std::move(last_id),
       websocket = response.websocket](std::function<void()> wake) -> std::unique_ptr<ChunkSource> {
    return std::make_unique<EventChunks>(bus, EventCursor(bus, filter, last_id), websocket,
                                         std::move(wake));
  };
  return response;
}

}  // namespace

std::vector<EventBus::Resource> event_resources(Services& services) {
  auto& context = services.context;
  std::vector<EventBus::Resource> list;
  // It repeats the peer's name and what is stored, and tells the time.
  list.push_back({.uri = "/system",
                  .created = EventType::daemon_pipewire,
                  .read = [&services] { return system_json(services); },
                  .of_the_moment = true});
  list.push_back({peer_uri(context.self.uid), EventType::peer_updated,
                  [&context] { return to_json(context.self); }});
  for (const auto& endpoint : context.endpoints.list()) {
    const auto uid = endpoint.spec.uid;
    list.push_back(
        {endpoint_uri(context.self.uid, uid), EventType::endpoint_created, [&context, uid] {
           const auto* found = context.endpoints.find(uid);
           return found == nullptr ? boost::json::object{} : to_json(*found, context.self.uid);
         }});
  }
  for (const auto& uid : context.streams.uids()) {
    list.push_back({stream_uri(uid), EventType::stream_created, [&context, uid] {
                      const auto found = context.streams.find(uid);
                      return found ? to_json(*found) : boost::json::object{};
                    }});
  }
  return list;
}

void add_event_routes(Router& router, Services& services) {
  router.add({Method::get,
              "/events",
              BodyKind::none,
              {"types", "uri", "last_event_id"},
              [&services](const Call& call) { return read_events(call, services); }});
}

}  // namespace rocd
