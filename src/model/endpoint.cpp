#include "model/endpoint.hpp"

#include <algorithm>

namespace rocd {

bool can_be_source(const EndpointSpec& spec) {
  if (spec.direction == StreamDirection::duplex) return true;
  if (spec.direction == StreamDirection::output)
    return true;                                    // what is played to it, or its monitor
  return spec.type == EndpointType::system_device;  // a microphone
}

bool can_be_destination(const EndpointSpec& spec) {
  if (spec.direction == StreamDirection::duplex) return true;
  if (spec.direction == StreamDirection::output) return spec.type == EndpointType::system_device;
  return spec.type == EndpointType::streaming_device;  // a virtual microphone
}

bool is_endpoint_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 63 && letter(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter(c) || c == '-' || c == '_'; });
}

std::string_view to_string(EndpointType type) {
  switch (type) {
    case EndpointType::system_device:
      return "system_device";
    case EndpointType::streaming_device:
      return "streaming_device";
  }
  return "";
}

std::string_view to_string(StreamDirection direction) {
  switch (direction) {
    case StreamDirection::input:
      return "input";
    case StreamDirection::output:
      return "output";
    case StreamDirection::duplex:
      return "duplex";
  }
  return "";
}

std::string_view to_string(Origin origin) {
  switch (origin) {
    case Origin::config:
      return "config";
    case Origin::api:
      return "api";
    case Origin::peer:
      return "peer";
    case Origin::system:
      return "system";
  }
  return "";
}

std::string_view to_string(EndpointState state) {
  switch (state) {
    case EndpointState::absent:
      return "absent";
    case EndpointState::present:
      return "present";
  }
  return "";
}

Uid system_endpoint_uid(const Uid& self, std::string_view node_name) {
  return Uid::derive(self.str(), "system_device", node_name);
}

std::string endpoint_uri(const Uid& peer, const Uid& endpoint) {
  return "/peers/" + peer.str() + "/endpoints/" + endpoint.str();
}

}  // namespace rocd
