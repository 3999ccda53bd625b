// What is in PipeWire's graph, as clients that are not rocd see it; devices of others; and a
// witness of every link that was ever made.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "e2e/process.hpp"
#include "support/audio_session.hpp"

namespace rocd::test {

struct GraphNode {
  std::int64_t id = 0;
  std::string name;
  std::string media_class;
  std::size_t ports = 0;
  std::int64_t serial = 0;  // never used again, as ids are
};

struct GraphLink {
  std::int64_t id = 0, serial = 0;
  std::string from, to;  // nodes
};

[[nodiscard]] std::vector<GraphLink> graph_links(const AudioSession& session);
[[nodiscard]] std::vector<GraphNode> graph_nodes(const AudioSession& session);
[[nodiscard]] std::vector<std::string> rocd_nodes(const AudioSession& session);  // "rocd.…"
[[nodiscard]] bool has_node(const AudioSession& session, const std::string& name);

// As an unplugged device, or a user with a tool: every node of that name, at once.
void destroy_node(const AudioSession& session, const std::string& name);

// Devices that are not rocd's. The one of highest priority is the default, which is what finds
// whoever looks for another device when his own is gone. They return when the device can be used.
// `more`: properties of the node.
void make_sink(const AudioSession& session, const std::string& name, int priority = 3000,
               const std::string& more = "");
// Its sound is what is played to the sink NAME.feed, which is made if it is not there.
void make_source(const AudioSession& session, const std::string& name, int priority = 3000);

// As if it had been used once: before that a null sink keeps its volume to itself.
void prime_node(const AudioSession& session, const std::string& name);

struct GraphLevel {
  double volume = 0;  // linear, of the first channel
  bool muted = false;
};
[[nodiscard]] GraphLevel level_of(const AudioSession& session, const std::string& name);
void set_level(const AudioSession& session, const std::string& name, const GraphLevel& level);

[[nodiscard]] std::string default_sink(const AudioSession& session);
[[nodiscard]] std::string default_source(const AudioSession& session);

// Sees every link from its construction on, however short it lives.
class LinkWitness {
 public:
  LinkWitness();
  // Names of the nodes that this one was ever linked with. Ends the observation.
  [[nodiscard]] std::set<std::string> partners_of(const std::string& node);

 private:
  TempDirectory directory_;
  Process process_;
};

}  // namespace rocd::test
