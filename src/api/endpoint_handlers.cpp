// /peers/{peer_uid}/endpoints and /peers/{peer_uid}/endpoints/{endpoint_uid}.
#include <boost/json/array.hpp>
#include <utility>

#include "api/handlers.hpp"
#include "api/respond.hpp"
#include "model/json.hpp"

namespace rocd {
namespace {

Error no_such_endpoint(std::string_view uid) {
  return {ErrorCode::not_found,
          "there is no endpoint '" + std::string(uid) + "'",
          {},
          "GET /peers/self/endpoints lists them",
          {}};
}

HttpResponse list_endpoints(const Call&, Services& services) {
  boost::json::array list;
  for (const auto& endpoint : services.context.endpoints.list()) {
    list.push_back(to_json(endpoint, services.context.self.uid));
  }
  return json_response(200, std::move(list));
}

HttpResponse respond(int status, const Endpoint& endpoint, Services& services) {
  const auto& self = services.context.self.uid;
  return resource_response(status, to_json(endpoint, self), endpoint.spec.version,
                           status == 201 ? endpoint_uri(self, endpoint.spec.uid) : "");
}

HttpResponse create_endpoint(const Call& call, Services& services) {
  auto spec = decode_endpoint(call.body, {services.context.self.uid, {}});
  if (!spec) return error_response(spec.error(), call.request);
  const auto created = services.context.endpoints.create(std::move(*spec));
  if (!created) return error_response(created.error(), call.request);
  return respond(201, *created, services);
}

HttpResponse read_endpoint(const Call&, Services& services, const Endpoint& endpoint) {
  return respond(200, endpoint, services);
}

HttpResponse change_endpoint(const Call& call, Services& services, const Endpoint& endpoint,
                             bool is_patch) {
  const auto uid = endpoint.spec.uid;
  if (const auto ok = check_preconditions(call.request, endpoint.spec.version); !ok) {
    return error_response(ok.error(), call.request);
  }
  auto body = is_patch ? merge_patch(writable_json(endpoint.spec), call.body) : call.body;
  if (const auto* file = services.context.endpoints.configured(uid))
    fill_in_overridable(body, *file);
  auto spec = decode_endpoint(body, {services.context.self.uid, uid, endpoint.spec.type});
  if (!spec) return error_response(spec.error(), call.request);
  const auto updated = services.context.endpoints.update(uid, std::move(*spec));
  if (!updated) return error_response(updated.error(), call.request);
  return respond(200, *updated, services);
}

HttpResponse delete_endpoint(const Call& call, Services& services, const Endpoint& endpoint) {
  if (const auto ok = check_preconditions(call.request, endpoint.spec.version); !ok) {
    return error_response(ok.error(), call.request);
  }
  const auto removed = services.context.endpoints.remove(Uid(endpoint.spec.uid));
  if (!removed) return error_response(removed.error(), call.request);
  return no_content();
}

HttpResponse put_endpoint(const Call& call, Services& services, const Endpoint& endpoint) {
  return change_endpoint(call, services, endpoint, false);
}

HttpResponse patch_endpoint(const Call& call, Services& services, const Endpoint& endpoint) {
  return change_endpoint(call, services, endpoint, true);
}

using PeerHandler = HttpResponse (*)(const Call&, Services&);
using EndpointHandler = HttpResponse (*)(const Call&, Services&, const Endpoint&);

// The local peer is the only one whose endpoints there are.
Router::Handler of_peer(Services& services, PeerHandler handler) {
  return [&services, handler](const Call& call) {
    const auto& peer = call.argument("peer_uid");
    if (!services.is_self(peer)) return error_response(no_such_peer(peer), call.request);
    return handler(call, services);
  };
}

Router::Handler of_endpoint(Services& services, EndpointHandler handler) {
  return [&services, handler](const Call& call) {
    const auto& peer = call.argument("peer_uid");
    if (!services.is_self(peer)) return error_response(no_such_peer(peer), call.request);
    const auto& text = call.argument("endpoint_uid");
    const auto uid = Uid::parse(text);
    const auto* endpoint = uid ? services.context.endpoints.find(*uid) : nullptr;
    if (endpoint == nullptr) return error_response(no_such_endpoint(text), call.request);
    return handler(call, services, *endpoint);
  };
}

}  // namespace

void add_endpoint_routes(Router& router, Services& services) {
  const std::string all = "/peers/{peer_uid}/endpoints";
  const std::string one = all + "/{endpoint_uid}";
  router.add({Method::get, all, BodyKind::none, {}, of_peer(services, list_endpoints)});
  router.add({Method::post, all, BodyKind::json, {}, of_peer(services, create_endpoint)});
  router.add({Method::get, one, BodyKind::none, {}, of_endpoint(services, read_endpoint)});
  router.add(
      {Method::put, one, BodyKind::json, {}, of_endpoint(services, put_endpoint), Role::operator_});
  router.add({Method::patch,
              one,
              BodyKind::merge_patch,
              {},
              of_endpoint(services, patch_endpoint),
              Role::operator_});
  router.add({Method::del, one, BodyKind::none, {}, of_endpoint(services, delete_endpoint)});
}

}  // namespace rocd
