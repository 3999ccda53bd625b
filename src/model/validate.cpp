#include "model/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/duration.hpp"
#include "base/ip_address.hpp"

namespace rocd {
namespace {

using Errors = std::vector<FieldError>;

// Options of the tools that rocd itself sets (given twice, the tool refuses to start), that name
// other devices or files, or that make the tool end. The tools accept unambiguous beginnings, too.
constexpr std::array<std::string_view, 22> reserved_options{
    "--backup",         "--backup-format",  "--color",
    "--control",        "--frame-len",      "--help",
    "--input",          "--input-format",   "--io-latency",
    "--list-supported", "--nbrpr",          "--nbsrc",
    "--oneshot",        "--output",         "--output-format",
    "--packet-len",     "--repair",         "--resampler-profile",
    "--source",         "--target-latency", "--verbose",
    "--version"};

std::string label(const EndpointSpec& endpoint) {
  return endpoint.display_name.empty() ? endpoint.system_name : endpoint.display_name;
}

std::string why_not_source(const EndpointSpec& endpoint) {
  return fmt::format(
      "'{}' is a virtual input: applications record from it, so it can be a destination of "
      "streams, not a source",
      label(endpoint));
}

std::string why_not_destination(const EndpointSpec& endpoint) {
  if (endpoint.type == EndpointType::streaming_device)
    return fmt::format(
        "'{}' is a virtual output: applications play into it, so it can be a source of streams, "
        "not a destination",
        label(endpoint));
  return fmt::format(
      "'{}' is an input of this computer: it can be a source of streams, not a destination",
      label(endpoint));
}

// Path of a URI field of one side, "/source/media_uri".
std::string field(std::string_view side, std::string_view name) {
  return fmt::format("{}/{}", side, name);
}

void check_endpoint(const EndpointRef& ref, bool is_source, const ValidationContext& context,
                    Errors& errors) {
  const auto path = field(is_source ? "/source" : "/destination", "endpoint_uri");
  if (ref.peer != context.self) {
    errors.push_back({path,
                      "this version carries audio only between endpoints of the peer that is "
                      "asked; use an external address to reach another one"});
    return;
  }
  const auto* endpoint = context.find_endpoint(ref.endpoint);
  if (endpoint == nullptr)
    errors.push_back({path, fmt::format("there is no endpoint '{}'", ref.endpoint.str())});
  else if (is_source && !can_be_source(*endpoint))
    errors.push_back({path, why_not_source(*endpoint)});
  else if (!is_source && !can_be_destination(*endpoint))
    errors.push_back({path, why_not_destination(*endpoint)});
}

std::string_view schemes_of(Interface interface) {
  switch (interface) {
    case Interface::media:
      return "rtp, rtp+rs8m or rtp+ldpc";
    case Interface::repair:
      return "rs8m or ldpc";
    case Interface::control:
      break;
  }
  return "rtcp";
}

// What one address must be in its place.
void check_uri(const std::optional<MediaUri>& uri, Interface interface, std::string_view path,
               bool is_source, Errors& errors) {
  if (!uri) return;
  const std::string where(path);
  if (interface_of(uri->protocol) != interface)
    errors.push_back({where, fmt::format("scheme '{}' does not belong here, expected {}",
                                         to_string(uri->protocol), schemes_of(interface))});
  if (!is_source && uri->port == 0)
    errors.push_back({where, "port 0 means 'choose', which only the receiving side can do"});
  if (!is_source && uri->is_any_host())
    errors.push_back({where, fmt::format("'{}' means all addresses of this computer, expected the "
                                         "address of a receiver",
                                         uri->host)});
  if (is_source && !is_ip_address(uri->host))
    errors.push_back(
        {where, fmt::format("'{}' is not an IP address; a receiving stream binds an address of "
                            "this computer, 0.0.0.0 for all of them",
                            uri->host)});
}

std::string_view repair_scheme(FecScheme fec) {
  return fec == FecScheme::rs8m ? "rs8m" : "ldpc";
}

// The repair protocol must be the one that the media protocol implies.
void check_pair(const ExternalAddress& address, std::string_view side, bool is_source,
                Errors& errors) {
  if (!address.media) {
    if (!is_source)
      errors.push_back({field(side, "media_uri"), "missing: where to send to"});
    else if (address.repair)
      errors.push_back({field(side, "media_uri"),
                        "missing: a repair address needs its media address (port 0: rocd chooses)",
                        {field(side, "repair_uri")}});
    return;
  }
  if (interface_of(address.media->protocol) != Interface::media) return;  // reported already
  const auto fec = fec_of(address.media->protocol);
  const auto path = field(side, "repair_uri");
  const auto media_scheme = to_string(address.media->protocol);
  if (fec == FecScheme::none) {
    if (address.repair)
      errors.push_back({path,
                        fmt::format("'{}' has no error correction, so there must be no repair "
                                    "address; use rtp+{} for media",
                                    media_scheme, to_string(address.repair->protocol)),
                        {field(side, "media_uri")}});
    return;
  }
  if (!address.repair) {
    if (!is_source)  // a receiver chooses
      errors.push_back({path,
                        fmt::format("missing: '{}' needs a repair address with scheme '{}'",
                                    media_scheme, repair_scheme(fec)),
                        {field(side, "media_uri")}});
    return;
  }
  if (interface_of(address.repair->protocol) == Interface::repair &&
      fec_of(address.repair->protocol) != fec)
    errors.push_back(
        {path,
         fmt::format("scheme '{}' does not go with '{}', expected '{}'",
                     to_string(address.repair->protocol), media_scheme, repair_scheme(fec)),
         {field(side, "media_uri")}});
}

struct BoundPort {
  std::string path;
  const MediaUri* uri;
};

std::vector<BoundPort> fixed_ports(const ExternalAddress& address, std::string_view side) {
  std::vector<BoundPort> ports;
  const auto add = [&](const std::optional<MediaUri>& uri, std::string_view name) {
    if (uri && uri->port != 0) ports.push_back({field(side, name), &*uri});
  };
  add(address.media, "media_uri");
  add(address.repair, "repair_uri");
  add(address.control, "control_uri");
  return ports;
}

std::string name_of(const StreamSpec& stream) {
  if (stream.display_name.empty()) return fmt::format("stream {}", stream.uid.str());
  return fmt::format("stream '{}' ({})", stream.display_name, stream.uid.str());
}

bool is_ipv6(const std::string& host) {
  return host.find(':') != std::string::npos;
}

// Does binding `host` take the port of `other` away, too? "::" takes that of IPv4 with it.
bool covers(const std::string& host, const std::string& other) {
  return host == other || host == "::" || (host == "0.0.0.0" && !is_ipv6(other));
}

// Can both not be bound at once?
bool collide(const MediaUri& a, const MediaUri& b) {
  return a.port == b.port && (covers(a.host, b.host) || covers(b.host, a.host));
}

void check_ports(const StreamSpec& spec, const ExternalAddress& address, bool is_source,
                 const ValidationContext& context, Errors& errors) {
  const auto ours = fixed_ports(address, is_source ? "/source" : "/destination");
  for (std::size_t i = 0; i < ours.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (collide(*ours[i].uri, *ours[j].uri))
        errors.push_back({ours[i].path, fmt::format("port {} is already that of {}",
                                                    ours[i].uri->port, ours[j].path)});
  if (!is_source || !spec.enabled) return;  // only what is bound here can collide with others
  context.each_stream([&](const StreamSpec& other) {
    if (other.uid == spec.uid || !other.enabled) return;
    const auto* bound = std::get_if<ExternalAddress>(&other.source);
    if (bound == nullptr) return;
    for (const auto& theirs : fixed_ports(*bound, "/source"))
      for (const auto& mine : ours)
        if (collide(*mine.uri, *theirs.uri))
          errors.push_back({mine.path, fmt::format("port {} is already used by {}", mine.uri->port,
                                                   name_of(other))});
  });
}

void check_external(const StreamSpec& spec, const ExternalAddress& address, bool is_source,
                    const ValidationContext& context, Errors& errors) {
  const std::string_view side = is_source ? "/source" : "/destination";
  check_uri(address.media, Interface::media, field(side, "media_uri"), is_source, errors);
  check_uri(address.repair, Interface::repair, field(side, "repair_uri"), is_source, errors);
  check_uri(address.control, Interface::control, field(side, "control_uri"), is_source, errors);
  check_pair(address, side, is_source, errors);
  check_ports(spec, address, is_source, context, errors);

  const auto& fec = spec.settings.fec;
  if (!fec || !address.media || interface_of(address.media->protocol) != Interface::media) return;
  const auto implied = fec_of(address.media->protocol);
  if (*fec != implied)
    errors.push_back({"/settings/fec",
                      fmt::format("'{}' contradicts the media address, which says '{}'",
                                  to_string(*fec), to_string(implied)),
                      {field(side, "media_uri")}});
}

void check_range(const std::optional<Duration>& value, std::string_view name, Duration low,
                 Duration high, Errors& errors) {
  if (value && (*value < low || *value > high))
    errors.push_back({field("/settings", name),
                      fmt::format("{} is out of range, expected {} to {}", format_duration(*value),
                                  format_duration(low), format_duration(high))});
}

void check_settings(const StreamSettings& settings, const ValidationContext& context,
                    Errors& errors) {
  check_range(settings.target_latency, "target_latency", limits::min_latency, limits::max_latency,
              errors);
  check_range(settings.io_latency, "io_latency", limits::min_latency, limits::max_latency, errors);
  check_range(settings.packet_length, "packet_length", limits::min_packet, limits::max_packet,
              errors);
  check_range(settings.idle_after, "idle_after", limits::min_idle_after, limits::max_idle_after,
              errors);
  if (settings.io_latency && settings.target_latency &&
      *settings.io_latency >= *settings.target_latency)
    errors.push_back({"/settings/io_latency",
                      fmt::format("{} must be below target_latency, which is {}",
                                  format_duration(*settings.io_latency),
                                  format_duration(*settings.target_latency)),
                      {"/settings/target_latency"}});
  if (settings.extra_args.empty()) return;
  if (!context.allow_extra_args) {
    errors.push_back({"/settings/extra_args",
                      "not allowed here; the configuration file allows them with "
                      "tools.allow_extra_args: true"});
    return;
  }
  for (std::size_t i = 0; i < settings.extra_args.size(); ++i) {
    const std::string_view argument = settings.extra_args[i];
    const auto path = fmt::format("/settings/extra_args/{}", i);
    if (argument.empty()) errors.push_back({path, "empty"});
    if (!argument.starts_with("--")) {
      if (argument.starts_with("-"))
        errors.push_back({path, fmt::format("'{}' is a short option, expected a long one such as "
                                            "'--latency-tolerance=100ms'",
                                            argument)});
      continue;  // the value of the option before it
    }
    const auto name = argument.substr(0, argument.find('='));
    const bool reserved =
        std::any_of(reserved_options.begin(), reserved_options.end(),
                    [&](std::string_view option) { return option.starts_with(name); });
    if (reserved) errors.push_back({path, fmt::format("'{}' is set by rocd itself", argument)});
  }
}

// Only of what applications play into is it known whether they do.
void check_idle(const StreamSpec& spec, const ValidationContext& context, Errors& errors) {
  const auto kind = kind_of(spec);
  if (spec.settings.on_idle == OnIdle::keep || !kind) return;
  std::string reason;
  if (*kind != StreamKind::send) {
    reason = "'pause' is for streams that send to an address";
  } else {
    const auto* source = context.find_endpoint(std::get<EndpointRef>(spec.source).endpoint);
    if (source == nullptr || source->type == EndpointType::streaming_device) return;
    reason = fmt::format(
        "'pause' is for virtual devices: whether something plays into '{}' is "
        "not known",
        label(*source));
  }
  errors.push_back({"/settings/on_idle", reason, {"/source", "/destination"}});
}

}  // namespace

std::vector<FieldError> validate(const StreamSpec& spec, const ValidationContext& context) {
  Errors errors;
  const auto check_side = [&](const Connection& connection, bool is_source) {
    if (const auto* ref = std::get_if<EndpointRef>(&connection))
      check_endpoint(*ref, is_source, context, errors);
    else
      check_external(spec, std::get<ExternalAddress>(connection), is_source, context, errors);
  };
  check_side(spec.source, true);
  check_side(spec.destination, false);
  const auto kind = kind_of(spec);
  if (!kind)
    errors.push_back({"/destination",
                      "source and destination are both external: one of them must "
                      "be an endpoint",
                      {"/source/connection_type"}});
  else if (*kind == StreamKind::local && spec.source == spec.destination)
    errors.push_back({"/destination", "source and destination are the same endpoint"});
  check_settings(spec.settings, context, errors);
  check_idle(spec, context, errors);
  return errors;
}

std::vector<FieldError> all_mistakes(std::vector<FieldError> reading,
                                     const std::vector<FieldError>& meaning) {
  // It, or something that it is part of.
  const auto is_wrong = [unread = std::span(reading)](std::string_view path) {
    return std::ranges::any_of(unread, [&](const FieldError& error) {
      std::string_view wrong = error.path;
      // What kind of thing it is says what all of it means.
      if (constexpr std::string_view kind = "/connection_type"; wrong.ends_with(kind))
        wrong.remove_suffix(kind.size());
      return path.starts_with(wrong) && (path.size() == wrong.size() || path[wrong.size()] == '/');
    });
  };
  std::vector<FieldError> independent;
  for (const auto& error : meaning) {
    const bool follows = is_wrong(error.path) || std::ranges::any_of(error.against, is_wrong);
    if (!follows) independent.push_back(error);
  }
  reading.insert(reading.end(), independent.begin(), independent.end());
  return reading;
}

Result<MediaUri> parse_uri(std::string_view text, Interface interface) {
  auto uri = MediaUri::parse(text);
  const auto colon = text.find("://");
  if (uri || colon == std::string_view::npos || text.find('@') != std::string_view::npos)
    return uri;
  const auto scheme = text.substr(0, colon);
  for (const auto known : {Protocol::rtp, Protocol::rtp_rs8m, Protocol::rs8m, Protocol::rtp_ldpc,
                           Protocol::ldpc, Protocol::rtcp})
    if (to_string(known) == scheme) return uri;
  return make_error(ErrorCode::invalid_argument,
                    fmt::format("unknown scheme '{}', expected {}", scheme, schemes_of(interface)));
}

std::vector<FieldError> validate(const EndpointSpec& spec) {
  Errors errors;
  if (spec.type != EndpointType::streaming_device) return errors;
  if (!spec.name.empty() && !is_endpoint_name(spec.name))
    errors.push_back({"/system_name", fmt::format("'{}' is not a name of at most 63 letters a-z, "
                                                  "digits, '-' and '_' that begins with a letter "
                                                  "or digit",
                                                  spec.name)});
  if (spec.direction == StreamDirection::duplex)
    errors.push_back({"/stream_direction", "a virtual device is 'output' or 'input'"});
  if (spec.channels < limits::min_channels || spec.channels > limits::max_channels)
    errors.push_back({"/channels", "expected an integer from 1 to 8"});
  if (spec.sample_rate < limits::min_sample_rate || spec.sample_rate > limits::max_sample_rate)
    errors.push_back({"/sample_rate", "expected an integer from 8000 to 192000"});
  if (!(spec.volume >= 0 && spec.volume <= limits::max_volume))
    errors.push_back({"/volume", "expected a number from 0 to 4"});
  return errors;
}

}  // namespace rocd
