// JSON of the REST shapes: encoding of everything, strict decoding of what clients may write.
// (pure) Decoding collects *all* errors with JSON pointers. Fields that clients may read but not
// write (status, version, origin, *_uri) are accepted and ignored, so that GET, edit, PUT works; a
// uid or uri in the body that contradicts the path is an error; any other field is unknown.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/endpoint.hpp"
#include "model/peer.hpp"
#include "model/stream.hpp"

namespace rocd {

[[nodiscard]] boost::json::object to_json(const Endpoint& endpoint, const Uid& peer);
[[nodiscard]] boost::json::object to_json(const Stream& stream);
[[nodiscard]] boost::json::object to_json(const Peer& peer);

// The members of a stream's status that events of their own tell of.
[[nodiscard]] boost::json::object state_json(
    const StreamStatus& status);  // without the older exits
[[nodiscard]] boost::json::object health_json(const HealthReport& health);
[[nodiscard]] boost::json::object metrics_json(const StreamMetrics& metrics);
[[nodiscard]] boost::json::object status_json(const EndpointStatus& status);

// What a client may write, of a spec: the base on which a merge patch is applied, and what the
// store keeps. decode_*(writable_json(x)) gives x again, but for uid, origin, location, version.
[[nodiscard]] boost::json::object writable_json(const EndpointSpec& spec);
[[nodiscard]] boost::json::object writable_json(const StreamSpec& spec);
[[nodiscard]] boost::json::object writable_json(const Peer& peer);

struct DecodeContext {
  Uid self;      // what "/peers/self/…" means
  Uid path_uid;  // uid in the request's path; empty when the daemon chooses it (POST)
  std::optional<EndpointType> endpoint_type = {};  // of what the path names; it cannot change
};

// origin, version and location of the result are defaults; the dispatcher fills them in.
[[nodiscard]] Result<EndpointSpec> decode_endpoint(const boost::json::value& body,
                                                   const DecodeContext& context);
// With mistakes: what could be read, and defaults for the rest.
struct DecodedStream {
  StreamSpec spec;
  std::vector<FieldError> errors;
};
[[nodiscard]] DecodedStream read_stream(const boost::json::value& body,
                                        const DecodeContext& context);
[[nodiscard]] Result<StreamSpec> decode_stream(const boost::json::value& body,
                                               const DecodeContext& context);
[[nodiscard]] Result<Peer> decode_peer(const boost::json::value& body,
                                       const DecodeContext& context);

// JSON Merge Patch, RFC 7396.
[[nodiscard]] boost::json::value merge_patch(boost::json::value target,
                                             const boost::json::value& patch);

// "/peers/<uid>/endpoints/<uid>", "self" allowed for the peer; nullopt if it is anything else.
[[nodiscard]] std::optional<EndpointRef> parse_endpoint_uri(std::string_view uri, const Uid& self);

}  // namespace rocd
