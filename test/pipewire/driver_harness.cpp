#include "pipewire/driver_harness.hpp"

#include <filesystem>

namespace rocd::test {

DriverHarness::DriverHarness(AudioSession::Start start) : session(start) {
  start_driver();
}

void DriverHarness::start_driver() {
  driver.emplace(io.get_executor(), PipeWireDriver::Options{.remote = "pipewire-0", .peer = peer});
  driver->start({
      .on_connection =
          [this](bool connected, const std::string& reason) {
            connections.emplace_back(connected, reason);
          },
      .on_answer = [this](bool answered,
                          const std::string& reason) { answers.emplace_back(answered, reason); },
      .on_session_manager = [this](bool runs) { manager_runs.push_back(runs); },
      .on_device =
          [this](const DeviceInfo& info) {
            devices[info.node_name] = info;
            device_events.push_back(info);
          },
      .on_device_gone =
          [this](const std::string& name) {
            devices.erase(name);
            gone.push_back(name);
          },
      .on_device_problem = [this](const Uid& device,
                                  const std::string& problem) { problems[device] = problem; },
      .on_stream_node =
          [this](const StreamNodeInfo& info) {
            stream_nodes[{info.stream, info.serial}] = info;
            stream_node_events.push_back(info);
          },
      .on_stream_node_gone = [this](const Uid& stream,
                                    std::uint64_t serial) { stream_nodes.erase({stream, serial}); },
      .on_link = [this](const Uid& stream, bool linked,
                        const std::string& reason) { links[stream].push_back({linked, reason}); },
  });
}

bool DriverHarness::until(const std::function<bool()>& condition, Duration deadline) {
  const auto end = Now::read().mono + deadline;
  while (!condition()) {
    if (Now::read().mono >= end) return false;
    io.restart();
    io.run_one_for(std::chrono::milliseconds(50));
  }
  return true;
}

bool DriverHarness::until_device(const std::string& name) {
  return until([&] { return device(name) != nullptr; });
}

void DriverHarness::run_for(Duration duration) {
  io.restart();
  io.run_for(duration);
}

void DriverHarness::add_system_device(const std::string& name, const std::string& media_class,
                                      const std::string& more) {
  session.run("pw-cli create-node adapter '{ factory.name=support.null-audio-sink node.name=" +
              name + " media.class=" + media_class +
              " audio.position=[FL FR] monitor.channel-volumes=true object.linger=true " + more +
              " }' >/dev/null");
}

void DriverHarness::prime_system_device(const std::string& name) {
  for (const auto& node : dumped_nodes("node.name", name))
    for (const auto* command : {"Start", "Pause"})
      session.run("pw-cli c " + std::to_string(node.at("object.id").as_int64()) + " " + command +
                  " '{}' >/dev/null");
}

void DriverHarness::remove_system_device(const std::string& name) {
  for (const auto& node : dumped_nodes("node.name", name))
    session.run("pw-cli destroy " + std::to_string(node.at("object.id").as_int64()));
}

std::string DriverHarness::default_sink() const {
  const auto text = session.run("pw-metadata -n default 0 default.audio.sink");
  const auto from = text.find("{\"name\":\"");
  if (from == std::string::npos) return {};
  const auto start = from + 9;
  return text.substr(start, text.find('"', start) - start);
}

std::size_t DriverHarness::dumped_links(const std::string& from, const std::string& to) const {
  const auto out = dumped_nodes("node.name", from);
  const auto in = dumped_nodes("node.name", to);
  if (out.size() != 1 || in.size() != 1) return 0;
  std::size_t count = 0;
  for (const auto& object : session.dump())
    if (object.at("type") == "PipeWire:Interface:Link" &&
        object.at("info").at("output-node-id") == out[0].at("object.id") &&
        object.at("info").at("input-node-id") == in[0].at("object.id"))
      ++count;
  return count;
}

const DeviceInfo* DriverHarness::device(const std::string& name) const {
  const auto found = devices.find(name);
  return found == devices.end() ? nullptr : &found->second;
}

std::vector<boost::json::object> DriverHarness::dumped_nodes(const std::string& key,
                                                             const std::string& value) const {
  std::vector<boost::json::object> found;
  for (const auto& object : session.dump()) {
    if (object.at("type") != "PipeWire:Interface:Node") continue;
    const auto& properties = object.at("info").at("props").as_object();
    const auto* property = properties.if_contains(key);
    if (property != nullptr && property->is_string() && property->as_string() == value)
      found.push_back(properties);
  }
  return found;
}

std::size_t DriverHarness::dumped_ports(std::int64_t node) const {
  std::size_t count = 0;
  for (const auto& object : session.dump())
    if (object.at("type") == "PipeWire:Interface:Port" &&
        object.at("info").at("props").at("node.id").as_int64() == node)
      ++count;
  return count;
}

VirtualDevice virtual_output(const std::string& name) {
  VirtualDevice device;
  device.uid = Uid::derive("test", "endpoint", name);
  device.direction = StreamDirection::output;
  device.node_name = "rocd." + name;
  device.description = "Test " + name;
  return device;
}

VirtualDevice virtual_input(const std::string& name) {
  auto device = virtual_output(name);
  device.direction = StreamDirection::input;
  return device;
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    ++count;
  return count;
}

}  // namespace rocd::test
