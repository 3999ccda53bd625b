// One function per resource adds its routes. Handlers look things up, decode, call a dispatcher and
// encode; they neither wait nor know sockets.
#pragma once

#include <string_view>

#include "api/access.hpp"
#include "api/api.hpp"
#include "api/http_statistics.hpp"
#include "api/router.hpp"

namespace rocd {

struct Services {
  Api::Context context;
  AccessRules access;
  HttpStatistics statistics;

  // The uid that a path names: `self` is the local one.
  [[nodiscard]] bool is_self(std::string_view peer_uid) const {
    return peer_uid == "self" || peer_uid == context.self.uid.str();
  }
};

// `services` outlives the router.
void add_peer_routes(Router& router, Services& services);
void add_endpoint_routes(Router& router, Services& services);
void add_stream_routes(Router& router, Services& services);
void add_stream_log_routes(Router& router, Services& services);
void add_system_routes(Router& router, Services& services);
void add_measure_routes(Router& router, Services& services);
void add_system_log_routes(Router& router, Services& services);
void add_event_routes(Router& router, Services& services);
void add_config_routes(Router& router, Services& services);
void add_document_routes(Router& router, Services& services);

[[nodiscard]] boost::json::object system_json(const Services& services);  // GET /system
[[nodiscard]] boost::json::object storage_json(const Result<>& written);  // its `state`
// What a snapshot of events consists of. `services` outlives what it returns.
[[nodiscard]] std::vector<EventBus::Resource> event_resources(Services& services);

[[nodiscard]] Error no_such_peer(std::string_view uid);
[[nodiscard]] Error no_such_stream(std::string_view uid);

}  // namespace rocd
