// The sound system's graph as it was last seen: nodes, ports, links, default devices. Knows what
// belongs together and what is complete; decides nothing. (pure)
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/uid.hpp"

namespace rocd {

using GlobalId = std::uint32_t;  // PipeWire's; reused after an object is gone

enum class PortDirection { in, out };

struct NodeFacts {
  GlobalId id = 0;
  std::uint64_t serial = 0;  // never reused
  std::string name, description, media_class;
  // From properties that rocd and its children set; empty on everybody else's nodes.
  std::string instance;  // rocd.instance: uid of the peer that made it
  std::string session;   // rocd.session: which connection of which process made it
  std::string role;      // rocd.role: "device" or "feed"
  std::optional<Uid> virtual_uid, stream_uid;
  int pid = 0;
  std::uint32_t sample_rate = 0;              // 0: not known
  std::uint32_t in_ports = 0, out_ports = 0;  // as announced
  bool announced = false;                     // properties and port counts are known
  std::vector<float> channel_volumes;         // empty: not known
  bool muted = false;
  bool running = false;  // processes audio; an application that paused does not
};

struct PortFacts {
  GlobalId id = 0;
  GlobalId node = 0;
  PortDirection direction = PortDirection::in;
  std::uint32_t index = 0;  // port.id, within node and direction
  std::string channel;      // "FL", "MONO", "AUX0"; may be empty
};

struct LinkFacts {
  GlobalId id = 0;
  GlobalId out_node = 0, out_port = 0, in_node = 0, in_port = 0;
};

using PortPair = std::pair<GlobalId, GlobalId>;  // output port, input port

// Node names. Effective ones are what applications use; configured ones what somebody chose.
struct Defaults {
  bool known = false;  // the session manager has published them
  std::string sink, source, configured_sink, configured_source;
};

class Graph {
 public:
  void put_node(NodeFacts facts) { nodes_[facts.id].facts = std::move(facts); }
  void put_port(const PortFacts& facts);
  void put_link(const LinkFacts& facts);
  void remove(GlobalId id);  // of whatever kind
  void clear();

  [[nodiscard]] NodeFacts* node(GlobalId id);
  [[nodiscard]] const NodeFacts* node(GlobalId id) const;
  // The oldest complete node of that name, else the oldest one, else nullptr.
  [[nodiscard]] const NodeFacts* find(std::string_view name) const;
  [[nodiscard]] std::vector<const NodeFacts*> nodes() const;  // ordered by serial

  // Ordered by index.
  [[nodiscard]] std::vector<const PortFacts*> ports(GlobalId node, PortDirection direction) const;
  [[nodiscard]] const PortFacts* port(GlobalId id) const;
  // Every announced port was seen, and there is one. (An adapter has no ports until the session
  // manager configured it, so the node alone proves nothing.)
  [[nodiscard]] bool complete(GlobalId node) const;

  [[nodiscard]] bool linked(const PortPair& ports) const { return pairs_.contains(ports); }
  [[nodiscard]] const std::map<GlobalId, LinkFacts>& links() const { return links_; }

  Defaults defaults;

 private:
  struct Node {
    NodeFacts facts;
    std::map<GlobalId, PortFacts> ports;
  };
  std::map<GlobalId, Node> nodes_;
  std::map<GlobalId, GlobalId> port_owner_;
  std::map<GlobalId, LinkFacts> links_;
  std::map<PortPair, GlobalId> pairs_;
};

}  // namespace rocd
