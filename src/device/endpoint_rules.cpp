#include "device/endpoint_rules.hpp"

#include <fmt/format.h>

#include "device/endpoint_names.hpp"
#include "model/stream.hpp"
#include "model/validate.hpp"

namespace rocd {
namespace {

Error wrong_fields(std::vector<FieldError> fields) {
  auto error = make_error(ErrorCode::invalid_argument, "the endpoint is not valid");
  error.fields = std::move(fields);
  return error;
}

Error only_direction_known(std::string reason) {
  return wrong_fields({{"/stream_direction", std::move(reason)}});
}

// Fields that a client may have left empty (""), or 0, are not a wish.
std::vector<FieldError> fixed_fields_changed(const EndpointSpec& old, const EndpointSpec& wanted) {
  std::vector<FieldError> fields;
  const std::string reason = "cannot be changed";
  const auto differs = [](const std::string& a, const std::string& b) {
    return !b.empty() && a != b;
  };
  if (differs(old.name, wanted.name) || differs(old.system_name, wanted.system_name))
    fields.push_back({"/system_name", reason});
  if (differs(old.display_name, wanted.display_name)) fields.push_back({"/display_name", reason});
  if (old.direction != wanted.direction) fields.push_back({"/stream_direction", reason});
  if (wanted.channels != 0 && old.channels != wanted.channels)
    fields.push_back({"/channels", reason});
  if (wanted.sample_rate != 0 && old.sample_rate != wanted.sample_rate)
    fields.push_back({"/sample_rate", reason});
  return fields;
}

}  // namespace

void complete(EndpointSpec& spec) {
  if (spec.display_name.empty()) spec.display_name = spec.name;
  spec.system_name = std::string(system_name_prefix) + spec.name;
}

Result<> take_name_from_system_name(EndpointSpec& spec) {
  if (!spec.name.empty() || spec.system_name.empty()) return {};
  auto name = name_of_system_name(spec.system_name);
  if (!name)
    return wrong_fields(
        {{"/system_name",
          "must be 'rocd.' and a name of a-z, 0-9, '_' and '-', at most 63 characters"}});
  spec.name = std::move(*name);
  return {};
}

Result<> check_create(const EndpointSpec& spec) {
  if (spec.type != EndpointType::streaming_device)
    return wrong_fields({{"/endpoint_type", "only a streaming_device can be created"}});
  if (spec.direction == StreamDirection::duplex)
    return only_direction_known("must be 'input' or 'output'");
  return {};
}

Result<> check_valid(const EndpointSpec& spec) {
  if (auto fields = validate(spec); !fields.empty()) return wrong_fields(std::move(fields));
  return {};
}

Result<> check_update(const EndpointSpec& old, const EndpointSpec& wanted) {
  if (old.type == EndpointType::streaming_device) {
    if (old.direction != wanted.direction)
      return only_direction_known("cannot be changed: create another endpoint");
    if (auto valid = check_valid(wanted); !valid) return valid;
    if (old.origin != Origin::config) return {};
  } else if (wanted.volume != old.volume && !(wanted.volume >= 0.0 && wanted.volume <= 4.0)) {
    return wrong_fields({{"/volume", "must be between 0 and 4"}});
  }
  auto fields = fixed_fields_changed(old, wanted);
  if (fields.empty()) return {};
  auto error =
      make_error(ErrorCode::read_only,
                 old.origin == Origin::config ? "the endpoint belongs to the configuration file"
                                              : "the endpoint is a device of the sound system",
                 "only volume, muted and is_default can be changed");
  error.where = old.location;
  error.fields = std::move(fields);
  return error;
}

Result<> check_remove(const Endpoint& endpoint) {
  const auto& [spec, status] = endpoint;
  if (spec.type == EndpointType::system_device)
    return make_error(ErrorCode::conflict, "a device of the sound system cannot be removed");
  if (spec.origin == Origin::config) {
    auto error = make_error(ErrorCode::read_only, "the endpoint belongs to the configuration file",
                            "remove it there");
    error.where = spec.location;
    return error;
  }
  if (status.in_use_by.empty()) return {};
  std::string streams;
  for (const auto& stream : status.in_use_by)
    streams += (streams.empty() ? "" : ", ") + stream_uri(stream);
  return make_error(ErrorCode::conflict, "the endpoint is in use by " + streams,
                    "remove these streams first");
}

Result<> check_count(std::size_t virtual_devices) {
  if (virtual_devices < limits::max_virtual_devices) return {};
  return make_error(
      ErrorCode::conflict,
      fmt::format("there are {} virtual devices, which is the limit", limits::max_virtual_devices),
      "delete devices that are not needed");
}

Error no_endpoint(const Uid& uid) {
  return make_error(ErrorCode::not_found, fmt::format("there is no endpoint '{}'", uid.str()));
}

Error uid_conflict(const Uid& uid) {
  return make_error(ErrorCode::conflict, fmt::format("endpoint '{}' exists already", uid.str()));
}

Error name_conflict(const std::string& name) {
  return make_error(ErrorCode::conflict, fmt::format("another endpoint is called '{}{}' already",
                                                     system_name_prefix, name));
}

Error device_absent(const Endpoint& endpoint) {
  return make_error(
      ErrorCode::unavailable,
      fmt::format("'{}' is absent: {}", endpoint.spec.display_name, endpoint.status.message));
}

Error fallback_default(const EndpointSpec& spec) {
  return make_error(
      ErrorCode::conflict,
      fmt::format("'{}' is the default because nobody chose another one", spec.display_name),
      "make another device the default");
}

}  // namespace rocd
