// Endpoints: what was asked for (spec), what is true (status), and both as the API shows them.
// (pure) Fields and names: docs/rest-api and openapi/rocd.yaml.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uid.hpp"

namespace rocd {

enum class EndpointType { system_device, streaming_device };

// As local applications see the device: output is what they play to, input what they record from.
enum class StreamDirection { input, output, duplex };

// Who owns a spec. `system`: found in PipeWire, nobody asked for it.
enum class Origin { config, api, peer, system };

// Where in the YAML file a spec of origin `config` stands, "rocd.yaml:12:5"; else empty.
using SourceLocation = std::string;

struct EndpointSpec {
  Uid uid;
  EndpointType type = EndpointType::streaming_device;
  StreamDirection direction = StreamDirection::output;
  std::string name;          // stable key, [a-z0-9][a-z0-9_-]{0,62}; empty for system devices
  std::string display_name;  // shown to people; PipeWire's node.description
  std::string system_name;   // PipeWire's node.name, "rocd.<name>" for virtual devices
  std::uint32_t channels = 2;
  std::uint32_t sample_rate = 48000;
  double volume = 1.0;  // linear amplitude, 0..4 as PipeWire's channelVolumes (1.0 is 0 dB)
  bool muted = false;
  bool is_default = false;  // asked to be the default device; never unless asked
  Origin origin = Origin::api;
  SourceLocation location;
  std::uint64_t version = 1;  // grows with every accepted change; the ETag

  friend bool operator==(const EndpointSpec&, const EndpointSpec&) = default;
};

enum class EndpointState {
  absent,   // not there: being created, removed, unplugged, or PipeWire is away
  present,  // usable: the node and all of its ports exist
};

struct EndpointStatus {
  EndpointState state = EndpointState::absent;
  std::optional<std::uint64_t> node_serial;  // PipeWire's object.serial
  std::vector<Uid> in_use_by;                // streams
  std::string message;                       // why it is absent; empty when present

  friend bool operator==(const EndpointStatus&, const EndpointStatus&) = default;
};

struct Endpoint {
  EndpointSpec spec;
  EndpointStatus status;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// Can audio be taken from it / sent to it by a stream? A virtual output is a source only, a
// virtual input a destination only; a system output is a destination and, by its monitor, a source.
[[nodiscard]] bool can_be_source(const EndpointSpec& spec);
[[nodiscard]] bool can_be_destination(const EndpointSpec& spec);

// [a-z0-9][a-z0-9_-]{0,62}: stands in node names, URIs and YAML without quoting.
[[nodiscard]] bool is_endpoint_name(std::string_view text);

// Of a system device, from its PipeWire node.name: the same on every start, so that streams and the
// configuration can refer to a device that is not plugged in now.
[[nodiscard]] Uid system_endpoint_uid(const Uid& self, std::string_view node_name);

[[nodiscard]] std::string_view to_string(EndpointType type);
[[nodiscard]] std::string_view to_string(StreamDirection direction);
[[nodiscard]] std::string_view to_string(Origin origin);
[[nodiscard]] std::string_view to_string(EndpointState state);

[[nodiscard]] std::string endpoint_uri(const Uid& peer, const Uid& endpoint);

}  // namespace rocd
