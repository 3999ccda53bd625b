// Strict decoding of what clients may write; see json.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <initializer_list>

#include "base/duration.hpp"
#include "model/json.hpp"
#include "model/object_reader.hpp"
#include "model/validate.hpp"

namespace rocd {
namespace {

using Names2 = std::array<std::string_view, 2>;
using Names3 = std::array<std::string_view, 3>;

constexpr Names2 endpoint_types{"system_device", "streaming_device"};
constexpr Names3 directions{"input", "output", "duplex"};
constexpr Names2 drivers{"unspecified", "pipewire"};
constexpr Names2 connection_types{"endpoint", "external"};
constexpr Names3 profiles{"low", "balanced", "robust"};
constexpr Names3 resampler_profiles{"low", "medium", "high"};
constexpr Names3 restart_policies{"always", "on_failure", "never"};
constexpr std::array<std::string_view, 2> idle_policies{"keep", "pause"};
constexpr std::array<std::string_view, 4> fec_names{"none", "rs8m", "ldpc", "auto"};
constexpr std::string_view node_prefix = "rocd.";

enum class Driver { unspecified, pipewire };
enum class ConnectionType { endpoint, external };

Error invalid(std::string_view what, std::vector<FieldError> fields) {
  return {ErrorCode::invalid_argument, fmt::format("the {} is not valid", what), "", "",
          std::move(fields)};
}

// uid and uri may be repeated in a body, but not contradict the path. Empty ones count as missing:
// upstream's schema demands the fields.
void check_identity(ObjectReader& reader, std::string_view uid_key, std::string_view uri_key,
                    const DecodeContext& context, std::initializer_list<std::string> path_uris) {
  const auto check = [&](std::string_view key, std::initializer_list<std::string> expected) {
    const auto given = reader.text(key);
    if (!given || given->empty()) return;
    if (context.path_uid.empty())
      reader.fail(key, key.starts_with("stream_")
                           ? "chosen by the daemon; to choose it, PUT to its path"
                           : "chosen by the daemon");
    else if (std::find(expected.begin(), expected.end(), *given) == expected.end())
      reader.fail(key, fmt::format("'{}' contradicts the path, which says '{}'", *given,
                                   *expected.begin()));
  };
  check(uid_key, {context.path_uid.str()});
  check(uri_key, path_uris);
}

void read_system_name(ObjectReader& reader, EndpointSpec& spec) {
  const auto system_name = reader.text("system_name");
  if (!system_name || system_name->empty()) return;
  spec.system_name = *system_name;
  if (spec.type == EndpointType::system_device) return;
  const auto prefixed = system_name->starts_with(node_prefix);
  const auto name = std::string_view(*system_name).substr(prefixed ? node_prefix.size() : 0);
  if (!prefixed || !is_endpoint_name(name))
    reader.fail("system_name",
                fmt::format("'{}' is not 'rocd.' and a name of at most 63 letters a-z, digits, "
                            "'-' and '_'",
                            *system_name));
  spec.name = name;
}

std::optional<Duration> read_duration(ObjectReader& reader, std::string_view key) {
  const auto text = reader.text(key);
  if (!text || *text == "auto") return std::nullopt;
  const auto duration = parse_duration(*text);
  if (duration) return *duration;
  reader.fail(key, duration.error().message + ", or 'auto'");
  return std::nullopt;
}

StreamSettings read_settings(const boost::json::object& object, std::string path,
                             std::vector<FieldError>& errors) {
  ObjectReader reader(object, std::move(path), errors);
  StreamSettings settings;
  if (const auto v = reader.one_of<Profile>("profile", profiles)) settings.profile = *v;
  settings.target_latency = read_duration(reader, "target_latency");
  settings.io_latency = read_duration(reader, "io_latency");
  settings.packet_length = read_duration(reader, "packet_length");
  if (const auto v = reader.one_of<std::size_t>("fec", fec_names); v && *v < 3)
    settings.fec = static_cast<FecScheme>(*v);
  if (const auto v = reader.one_of<ResamplerProfile>("resampler_profile", resampler_profiles))
    settings.resampler_profile = *v;
  if (const auto v = reader.one_of<RestartPolicy>("restart", restart_policies))
    settings.restart = *v;
  if (const auto v = reader.one_of<OnIdle>("on_idle", idle_policies)) settings.on_idle = *v;
  settings.idle_after = read_duration(reader, "idle_after");
  if (auto v = reader.texts("extra_args", 32)) settings.extra_args = std::move(*v);
  reader.finish();
  return settings;
}

std::optional<MediaUri> read_uri(ObjectReader& reader, std::string_view key, Interface interface) {
  const auto text = reader.text(key, 300);
  if (!text || text->empty()) return std::nullopt;  // upstream's schema demands the field
  auto uri = parse_uri(*text, interface);
  if (uri) return *uri;
  reader.fail(key, uri.error().message);
  return std::nullopt;
}

Connection read_endpoint_ref(ObjectReader& reader, const Uid& self) {
  reader.require("endpoint_uri");
  const auto uri = reader.text("endpoint_uri", 300);
  if (!uri) return EndpointRef{};
  if (const auto ref = parse_endpoint_uri(*uri, self)) return *ref;
  reader.fail("endpoint_uri", fmt::format("'{}' is not the path of an endpoint, expected "
                                          "/peers/<peer uid or self>/endpoints/<endpoint uid>",
                                          *uri));
  return EndpointRef{};
}

// The result counts only if no error was added.
Connection read_connection(const boost::json::object& object, std::string path, const Uid& self,
                           std::vector<FieldError>& errors) {
  ObjectReader reader(object, std::move(path), errors);
  reader.require("connection_type");
  const auto type = reader.one_of<ConnectionType>("connection_type", connection_types);
  if (!type) return EndpointRef{};  // without it the other fields cannot be judged
  Connection connection;
  if (*type == ConnectionType::endpoint) {
    connection = read_endpoint_ref(reader, self);
  } else {
    ExternalAddress address;
    address.media = read_uri(reader, "media_uri", Interface::media);
    address.repair = read_uri(reader, "repair_uri", Interface::repair);
    address.control = read_uri(reader, "control_uri", Interface::control);
    connection = std::move(address);
  }
  reader.finish();
  return connection;
}

}  // namespace

std::optional<EndpointRef> parse_endpoint_uri(std::string_view uri, const Uid& self) {
  constexpr std::string_view peers = "/peers/";
  constexpr std::string_view endpoints = "/endpoints/";
  if (!uri.starts_with(peers)) return std::nullopt;
  uri.remove_prefix(peers.size());
  const auto middle = uri.find(endpoints);
  if (middle == std::string_view::npos) return std::nullopt;
  const auto peer =
      uri.substr(0, middle) == "self" ? std::optional(self) : Uid::parse(uri.substr(0, middle));
  const auto endpoint = Uid::parse(uri.substr(middle + endpoints.size()));
  if (!peer || !endpoint) return std::nullopt;
  return EndpointRef{*peer, *endpoint};
}

Result<EndpointSpec> decode_endpoint(const boost::json::value& body, const DecodeContext& context) {
  if (!body.is_object()) return invalid("endpoint", {{"", "expected an object"}});
  std::vector<FieldError> errors;
  ObjectReader reader(body.get_object(), "", errors);
  EndpointSpec spec;
  spec.uid = context.path_uid;
  check_identity(reader, "endpoint_uid", "endpoint_uri", context,
                 {endpoint_uri(context.self, context.path_uid),
                  "/peers/self/endpoints/" + context.path_uid.str()});
  spec.type = context.endpoint_type.value_or(EndpointType::streaming_device);
  if (const auto v = reader.one_of<EndpointType>("endpoint_type", endpoint_types)) {
    if (context.endpoint_type && *v != *context.endpoint_type)
      reader.fail("endpoint_type", "cannot be changed");
    spec.type = context.endpoint_type.value_or(*v);
    if (*v == EndpointType::system_device && context.path_uid.empty())
      reader.fail("endpoint_type",
                  "a system_device is found, not made; only a streaming_device can be made");
  }
  reader.require("stream_direction");
  if (const auto v = reader.one_of<StreamDirection>("stream_direction", directions)) {
    spec.direction = *v;
    if (*v == StreamDirection::duplex && spec.type == EndpointType::streaming_device)
      reader.fail("stream_direction",
                  "a virtual device is 'output' or 'input'; for both directions make two");
  }
  reader.one_of<Driver>("driver", drivers);
  if (auto v = reader.text("display_name")) spec.display_name = std::move(*v);
  read_system_name(reader, spec);
  // What a system device has is not for us to judge.
  const bool is_system = spec.type == EndpointType::system_device;
  if (is_system) spec.channels = spec.sample_rate = 0;  // it has its own, whatever is left out
  if (const auto v = reader.integer("channels", is_system ? 0 : 1, is_system ? 1024 : 8))
    spec.channels = static_cast<std::uint32_t>(*v);
  if (const auto v =
          reader.integer("sample_rate", is_system ? 0 : 8000, is_system ? 10'000'000 : 192'000))
    spec.sample_rate = static_cast<std::uint32_t>(*v);
  if (const auto v = reader.number("volume", 0, is_system ? 1000 : 4)) spec.volume = *v;
  if (const auto v = reader.boolean("muted")) spec.muted = *v;
  if (const auto v = reader.boolean("is_default")) spec.is_default = *v;
  for (const auto* key : {"origin", "version", "status"}) reader.ignore(key);
  reader.finish();
  if (!errors.empty()) return invalid("endpoint", std::move(errors));
  return spec;
}

DecodedStream read_stream(const boost::json::value& body, const DecodeContext& context) {
  DecodedStream result;
  auto& [spec, errors] = result;
  if (!body.is_object()) {
    errors.push_back({"", "expected an object"});
    return result;
  }
  ObjectReader reader(body.get_object(), "", errors);
  spec.uid = context.path_uid;
  check_identity(reader, "stream_uid", "stream_uri", context, {stream_uri(context.path_uid)});
  if (auto v = reader.text("display_name")) spec.display_name = std::move(*v);
  if (const auto v = reader.boolean("enabled")) spec.enabled = *v;
  reader.require("source");
  if (const auto* v = reader.object("source"))
    spec.source = read_connection(*v, "/source", context.self, errors);
  reader.require("destination");
  if (const auto* v = reader.object("destination"))
    spec.destination = read_connection(*v, "/destination", context.self, errors);
  if (const auto* v = reader.object("settings"))
    spec.settings = read_settings(*v, "/settings", errors);
  for (const auto* key : {"origin", "version", "status"}) reader.ignore(key);
  reader.finish();
  return result;
}

Result<StreamSpec> decode_stream(const boost::json::value& body, const DecodeContext& context) {
  auto [spec, errors] = read_stream(body, context);
  if (!errors.empty()) return invalid("stream", std::move(errors));
  return std::move(spec);
}

Result<Peer> decode_peer(const boost::json::value& body, const DecodeContext& context) {
  if (!body.is_object()) return invalid("peer", {{"", "expected an object"}});
  std::vector<FieldError> errors;
  ObjectReader reader(body.get_object(), "", errors);
  Peer peer;
  peer.uid = context.path_uid;
  check_identity(reader, "peer_uid", "peer_uri", context,
                 {peer_uri(context.path_uid), "/peers/self"});
  if (auto v = reader.text("display_name")) {
    if (v->empty()) reader.fail("display_name", "must not be empty");
    peer.display_name = std::move(*v);
  }
  for (const auto* key : {"host_name", "is_self", "version"}) reader.ignore(key);
  reader.finish();
  if (!errors.empty()) return invalid("peer", std::move(errors));
  return peer;
}

boost::json::value merge_patch(boost::json::value target, const boost::json::value& patch) {
  if (!patch.is_object()) return patch;
  if (!target.is_object()) target = boost::json::object();
  auto& object = target.get_object();
  for (const auto& item : patch.get_object()) {
    if (item.value().is_null()) {
      object.erase(item.key());
    } else {
      auto& member = object[item.key()];
      member = merge_patch(std::move(member), item.value());
    }
  }
  return target;
}

}  // namespace rocd
