#include "stream/roc_arguments.hpp"

#include <algorithm>
#include <array>

#include "base/duration.hpp"

namespace rocd {
namespace {

using Arguments = std::vector<std::string>;

void add(Arguments& arguments, std::string_view option, std::string value) {
  arguments.emplace_back(option);
  arguments.push_back(std::move(value));
}

void add_addresses(Arguments& arguments, const ExternalAddress& address) {
  if (address.media) add(arguments, "--source", address.media->str());
  if (address.repair) add(arguments, "--repair", address.repair->str());
  if (address.control) add(arguments, "--control", address.control->str());
}

void add_common(Arguments& arguments, const StreamSpec& spec, const StreamTuning& tuning) {
  add(arguments, "--io-latency", format_duration(tuning.io_latency));
  if (tuning.frame_length) add(arguments, "--frame-len", format_duration(*tuning.frame_length));
  add(arguments, "--resampler-profile", std::string(to_string(spec.settings.resampler_profile)));
  arguments.insert(arguments.end(), spec.settings.extra_args.begin(),
                   spec.settings.extra_args.end());
}

// The URI's path is taken as it is by roc_address's parser, but '%' starts an escape there, and
// '?' and '#' end the path.
std::string device_uri(std::string_view node, bool monitor) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string uri = "pulse://";
  for (const char c : node) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '%' || c == '?' || c == '#' || c == '/' || byte <= ' ' || byte >= 0x7f) {
      uri += '%';
      uri += hex[byte >> 4];
      uri += hex[byte & 15];
    } else {
      uri += c;
    }
  }
  if (monitor) uri += ".monitor";
  return uri;
}

}  // namespace

Arguments roc_send_arguments(const std::string& tool, const StreamSpec& spec,
                             const ExternalAddress& to, const std::string& capture_node,
                             bool capture_is_monitor, const StreamTuning& tuning) {
  Arguments arguments{tool, "-vv", "--color=never"};
  add(arguments, "--input", device_uri(capture_node, capture_is_monitor));
  add_addresses(arguments, to);
  add(arguments, "--packet-len", format_duration(tuning.packet_length));
  if (to.media && fec_of(to.media->protocol) != FecScheme::none) {
    add(arguments, "--nbsrc", std::to_string(tuning.fec_block.source_packets));
    add(arguments, "--nbrpr", std::to_string(tuning.fec_block.repair_packets));
  }
  add_common(arguments, spec, tuning);
  return arguments;
}

Arguments roc_recv_arguments(const std::string& tool, const StreamSpec& spec,
                             const ExternalAddress& from, const std::string& playback_node,
                             const StreamTuning& tuning) {
  Arguments arguments{tool, "-vv", "--color=never"};
  add(arguments, "--output", device_uri(playback_node, false));
  add_addresses(arguments, from);
  add(arguments, "--target-latency", format_duration(tuning.target_latency));
  add_common(arguments, spec, tuning);
  return arguments;
}

std::vector<std::string> roc_base_environment(const GetEnvironment& get) {
  constexpr std::array inherited{"PATH",
                                 "HOME",
                                 "XDG_RUNTIME_DIR",
                                 "XDG_CONFIG_HOME",
                                 "PULSE_SERVER",
                                 "PULSE_RUNTIME_PATH",
                                 "PULSE_COOKIE",
                                 "DBUS_SESSION_BUS_ADDRESS"};
  std::vector<std::string> environment{"LANG=C"};
  for (const char* name : inherited) {
    const char* value = get(name);
    if (value != nullptr && *value != '\0') {
      environment.push_back(std::string(name) + "=" + value);
    }
  }
  // A named server also keeps libpulse from starting a PulseAudio daemon of its own.
  const char* runtime_dir = get("XDG_RUNTIME_DIR");
  if (get("PULSE_SERVER") == nullptr && get("PULSE_RUNTIME_PATH") == nullptr &&
      runtime_dir != nullptr && *runtime_dir != '\0') {
    environment.push_back(std::string("PULSE_SERVER=unix:") + runtime_dir + "/pulse/native");
  }
  return environment;
}

// PULSE_SERVER is a list of servers, each perhaps with the machine that it is for; the first
// counts.
std::string pulse_socket(const std::vector<std::string>& environment) {
  const auto value = [&](std::string_view key) {
    for (const std::string_view entry : environment)
      if (entry.starts_with(key)) return std::string(entry.substr(key.size()));
    return std::string();
  };
  auto server = value("PULSE_SERVER=");
  if (server.empty()) {
    const auto directory = value("PULSE_RUNTIME_PATH=");
    return directory.empty() ? "" : directory + "/native";
  }
  server.resize(std::min(server.find(' '), server.size()));
  if (server.starts_with('{')) server.erase(0, server.find('}') + 1);
  if (server.starts_with("unix:")) server.erase(0, 5);
  return server.starts_with('/') ? server : "";
}

std::string roc_node_properties(const Uid& stream) {
  // dont-fallback: if the device goes away, end instead of going on with another one.
  // dont-move: without it WirePlumber (0.5.8, linking-utils.lua, checkFollowDefault) makes a stream
  // whose target is the default device follow the default, and with dont-fallback kills it as soon
  // as any other stream appears.
  // restore-*: WirePlumber keys its memory of volume and target by application name, which is
  // the same for all streams. A uid needs no quoting; no user's text is put here.
  const auto& uid = stream.str();
  return "PULSE_PROP=node.name=rocd.stream." + uid + " rocd.stream.uid=" + uid +
         " node.dont-fallback=true node.dont-move=true"
         " state.restore-props=false state.restore-target=false";
}

}  // namespace rocd
