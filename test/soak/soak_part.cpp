#include "soak/soak_part.hpp"

#include <boost/json/array.hpp>

namespace rocd::test {
namespace json = boost::json;
namespace {

json::object device(const std::string& path) {
  return {{"connection_type", "endpoint"}, {"endpoint_uri", path}};
}

}  // namespace

// Cycles: those of the requirement; the brief ones take seconds.
const std::vector<SoakKind>& soak_kinds() {
  static const std::vector<SoakKind> kinds{{"devices", 10'000, 240, make_device_soak},
                                           {"streams", 10'000, 240, make_stream_soak},
                                           {"crashes", 10'000, 600, make_crash_soak},
                                           {"requests", 100'000, 5'000, make_request_soak},
                                           {"reconnects", 1'000, 40, make_reconnect_soak}};
  return kinds;
}

std::string soak_devices(int pairs) {
  std::string text = "endpoints:\n";
  for (int i = 1; i <= pairs; ++i)
    text += "  - { name: speaker-" + std::to_string(i) +
            ", direction: output }\n  - { name: microphone-" + std::to_string(i) +
            ", direction: input }\n";
  return text;
}

std::map<std::string, std::string> soak_device_paths(RestClient& rest) {
  const std::string prefix = "rocd.";
  std::map<std::string, std::string> paths;
  const auto endpoints = rest.get("/peers/self/endpoints");
  for (const auto& endpoint : endpoints.as_array()) {
    const std::string name(endpoint.at("system_name").as_string());
    if (endpoint.at("endpoint_type") == "streaming_device" && name.starts_with(prefix))
      paths[name.substr(prefix.size())] = endpoint.at("endpoint_uri").as_string();
  }
  return paths;
}

json::object sending_stream(const std::string& from, const std::string& to) {
  return {{"source", device(from)},
          {"destination", {{"connection_type", "external"}, {"media_uri", to}}}};
}

json::object receiving_stream(const std::string& to, const std::string& from) {
  json::object source{{"connection_type", "external"}};
  if (!from.empty()) source["media_uri"] = from;
  return {{"source", source}, {"destination", device(to)}};
}

json::object local_stream(const std::string& from, const std::string& to) {
  return {{"source", device(from)}, {"destination", device(to)}};
}

std::string state_in(const json::value& resource) {
  return std::string(resource.at("status").at("state").as_string());
}

}  // namespace rocd::test
