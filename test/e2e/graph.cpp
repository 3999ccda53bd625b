#include "e2e/graph.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <csignal>
#include <map>
#include <sstream>
#include <stdexcept>

namespace rocd::test {
namespace json = boost::json;
namespace {

std::string text(const json::object& properties, const std::string& key) {
  const auto* value = properties.if_contains(key);
  return value == nullptr || !value->is_string() ? "" : std::string(value->as_string());
}

void make_node(const AudioSession& session, const std::string& name, const std::string& media_class,
               const std::string& more) {
  session.run("pw-cli create-node adapter '{ factory.name=support.null-audio-sink node.name=" +
              name + " node.description=\"Test " + name + "\" media.class=" + media_class +
              " audio.position=[FL FR] object.linger=true " + more + " }' </dev/null");
  const auto ready = [&] {
    for (const auto& node : graph_nodes(session))
      if (node.name == name && node.ports >= 4) return true;
    return false;
  };
  if (!eventually(ready)) throw std::runtime_error(name + " does not get its ports");
}

std::string id_of(const AudioSession& session, const std::string& name) {
  for (const auto& node : graph_nodes(session))
    if (node.name == name) return std::to_string(node.id);
  throw std::runtime_error("no node " + name);
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

// "rocd.out:monitor_FL" -> "rocd.out"
std::string node_of(const std::string& port) {
  return port.substr(0, port.rfind(':'));
}

}  // namespace

std::vector<GraphNode> graph_nodes(const AudioSession& session) {
  std::map<std::int64_t, GraphNode> nodes;
  const auto objects = session.dump();
  for (const auto& object : objects) {
    if (object.at("type") != "PipeWire:Interface:Node") continue;
    const auto& properties = object.at("info").at("props").as_object();
    const auto id = object.at("id").as_int64();
    nodes[id] = {id, text(properties, "node.name"), text(properties, "media.class"), 0,
                 properties.at("object.serial").as_int64()};
  }
  for (const auto& object : objects) {
    if (object.at("type") != "PipeWire:Interface:Port") continue;
    const auto& node = object.at("info").at("props").at("node.id");
    if (const auto found = nodes.find(node.as_int64()); found != nodes.end()) ++found->second.ports;
  }
  std::vector<GraphNode> list;
  for (const auto& [id, node] : nodes) list.push_back(node);
  return list;
}

std::vector<GraphLink> graph_links(const AudioSession& session) {
  std::map<std::int64_t, std::string> names;
  const auto objects = session.dump();
  for (const auto& object : objects)
    if (object.at("type") == "PipeWire:Interface:Node")
      names[object.at("id").as_int64()] =
          text(object.at("info").at("props").as_object(), "node.name");
  std::vector<GraphLink> links;
  for (const auto& object : objects) {
    if (object.at("type") != "PipeWire:Interface:Link") continue;
    const auto& info = object.at("info").as_object();
    links.push_back({object.at("id").as_int64(), info.at("props").at("object.serial").as_int64(),
                     names[info.at("output-node-id").as_int64()],
                     names[info.at("input-node-id").as_int64()]});
  }
  return links;
}

std::vector<std::string> rocd_nodes(const AudioSession& session) {
  std::vector<std::string> names;
  for (const auto& node : graph_nodes(session))
    if (node.name.starts_with("rocd.")) names.push_back(node.name);
  return names;
}

bool has_node(const AudioSession& session, const std::string& name) {
  for (const auto& node : graph_nodes(session))
    if (node.name == name) return true;
  return false;
}

void destroy_node(const AudioSession& session, const std::string& name) {
  bool found = false;
  for (const auto& node : graph_nodes(session)) {
    if (node.name != name) continue;
    session.run("pw-cli destroy " + std::to_string(node.id) + " </dev/null");
    found = true;
  }
  if (!found) throw std::runtime_error("no node " + name + " to destroy");
}

void make_sink(const AudioSession& session, const std::string& name, int priority,
               const std::string& more) {
  make_node(
      session, name, "Audio/Sink",
      "monitor.channel-volumes=true priority.session=" + std::to_string(priority) + " " + more);
}

void make_source(const AudioSession& session, const std::string& name, int priority) {
  const auto feed = name + ".feed";
  if (!has_node(session, feed)) make_node(session, feed, "Audio/Sink", "priority.session=1");
  // Above the monitors of sinks, which can be default sources, too.
  make_node(session, name, "Audio/Source/Virtual",
            "priority.session=" + std::to_string(priority + 500));
  for (const std::string channel : {"FL", "FR"})
    session.run("pw-link -L " + feed + ":monitor_" + channel + " " + name + ":input_" + channel);
}

void prime_node(const AudioSession& session, const std::string& name) {
  for (const std::string command : {"Start", "Pause"})
    session.run("pw-cli c " + id_of(session, name) + " " + command + " '{}' </dev/null");
}

GraphLevel level_of(const AudioSession& session, const std::string& name) {
  for (const auto& object : session.dump()) {
    if (object.at("type") != "PipeWire:Interface:Node") continue;
    const auto& info = object.at("info").as_object();
    if (text(info.at("props").as_object(), "node.name") != name) continue;
    const auto& level = info.at("params").at("Props").at(0);
    return {level.at("channelVolumes").at(0).to_number<double>(), level.at("mute").as_bool()};
  }
  throw std::runtime_error("no node " + name);
}

void set_level(const AudioSession& session, const std::string& name, const GraphLevel& level) {
  const auto volume = std::to_string(level.volume);
  session.run("pw-cli set-param " + id_of(session, name) + " Props '{ channelVolumes: [ " + volume +
              ", " + volume + " ], mute: " + (level.muted ? "true" : "false") + " }' </dev/null");
}

std::string default_sink(const AudioSession& session) {
  return first_line(session.run("timeout 10 pactl get-default-sink"));
}

std::string default_source(const AudioSession& session) {
  return first_line(session.run("timeout 10 pactl get-default-source"));
}

LinkWitness::LinkWitness()
    : process_({.argv = {"pw-link", "--links", "--monitor"},
                .output = directory_.path() / "links",
                .errors = directory_.path() / "errors"}) {}

std::set<std::string> LinkWitness::partners_of(const std::string& node) {
  // It writes what it has buffered when it ends.
  process_.signal(SIGTERM);
  if (!process_.wait(10s)) throw std::runtime_error("pw-link does not end");
  std::set<std::string> partners;
  std::istringstream lines(read_file(directory_.path() / "links"));
  for (std::string line; std::getline(lines, line);) {
    const auto arrow = line.find(" -> ");
    if (arrow == std::string::npos) continue;
    // "+ OUT:port -> IN:port"
    const auto begin = line.find_first_not_of("+-= \t");
    const auto from = node_of(line.substr(begin, arrow - begin));
    const auto to = node_of(line.substr(arrow + 4));
    if (from == node) partners.insert(to);
    if (to == node) partners.insert(from);
  }
  return partners;
}

}  // namespace rocd::test
