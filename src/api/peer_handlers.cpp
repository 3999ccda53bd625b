// /peers and /peers/{peer_uid}: today only the local peer.
#include <boost/json/array.hpp>
#include <utility>

#include "api/handlers.hpp"
#include "api/respond.hpp"
#include "model/json.hpp"

namespace rocd {
namespace {

HttpResponse read_peer(const Call& call, Services& services) {
  const auto& uid = call.argument("peer_uid");
  if (!services.is_self(uid)) return error_response(no_such_peer(uid), call.request);
  const auto& self = services.context.self;
  return resource_response(200, to_json(self), self.version);
}

// PUT and PATCH: `body` is the whole of what a client may write.
HttpResponse write_peer(const Call& call, Services& services, const boost::json::value& body) {
  auto& self = services.context.self;
  auto decoded = decode_peer(body, {self.uid, self.uid});
  if (!decoded) return error_response(decoded.error(), call.request);
  // Without a name of its own a peer is called as the configuration says.
  const auto& name =
      decoded->display_name.empty() ? services.context.config.name : decoded->display_name;
  if (name != self.display_name) {
    Peer changed = self;
    changed.display_name = name;
    ++changed.version;
    // Its version outlives a name that is taken back.
    const bool is_own = name != services.context.config.name;
    const auto stored = services.context.store.put(
        StoredKind::peer,
        {changed.uid, changed.version, is_own ? writable_json(changed) : boost::json::object()});
    if (!stored) return error_response(stored.error(), call.request);
    services.context.events.publish(EventType::peer_updated, peer_uri(self.uid), to_json(self),
                                    to_json(changed), Now::read().wall);
    self = changed;
  }
  return resource_response(200, to_json(self), self.version);
}

HttpResponse change_peer(const Call& call, Services& services, bool is_patch) {
  const auto& uid = call.argument("peer_uid");
  const auto& self = services.context.self;
  if (!services.is_self(uid)) return error_response(no_such_peer(uid), call.request);
  if (const auto ok = check_preconditions(call.request, self.version); !ok) {
    return error_response(ok.error(), call.request);
  }
  return write_peer(call, services,
                    is_patch ? merge_patch(writable_json(self), call.body) : call.body);
}

}  // namespace

Error no_such_peer(std::string_view uid) {
  return {ErrorCode::not_found,
          "there is no peer '" + std::string(uid) + "'",
          {},
          "GET /peers lists them; 'self' is this one",
          {}};
}

void add_peer_routes(Router& router, Services& services) {
  router.add({Method::get, "/peers", BodyKind::none, {}, [&services](const Call&) {
                boost::json::array peers;
                peers.push_back(to_json(services.context.self));
                return json_response(200, std::move(peers));
              }});
  router.add({Method::get, "/peers/{peer_uid}", BodyKind::none, {}, [&services](const Call& call) {
                return read_peer(call, services);
              }});
  router.add({Method::put, "/peers/{peer_uid}", BodyKind::json, {}, [&services](const Call& call) {
                return change_peer(call, services, false);
              }});
  router.add({Method::patch,
              "/peers/{peer_uid}",
              BodyKind::merge_patch,
              {},
              [&services](const Call& call) { return change_peer(call, services, true); }});
  router.explain("/peers", "peers cannot be added in this version of rocd");
  router.explain("/peers/{peer_uid}", "peers cannot be removed in this version of rocd");
}

}  // namespace rocd
