#include "device/graph.hpp"

#include <algorithm>

namespace rocd {

void Graph::put_port(const PortFacts& facts) {
  port_owner_[facts.id] = facts.node;
  nodes_[facts.node].ports[facts.id] = facts;
}

void Graph::put_link(const LinkFacts& facts) {
  links_[facts.id] = facts;
  pairs_[{facts.out_port, facts.in_port}] = facts.id;
}

void Graph::remove(GlobalId id) {
  if (const auto link = links_.find(id); link != links_.end()) {
    const auto pair = pairs_.find({link->second.out_port, link->second.in_port});
    if (pair != pairs_.end() && pair->second == id) pairs_.erase(pair);
    links_.erase(link);
    return;
  }
  if (const auto owner = port_owner_.find(id); owner != port_owner_.end()) {
    if (const auto node = nodes_.find(owner->second); node != nodes_.end())
      node->second.ports.erase(id);
    port_owner_.erase(owner);
    return;
  }
  if (const auto found = nodes_.find(id); found != nodes_.end()) {
    for (const auto& [port, facts] : found->second.ports) port_owner_.erase(port);
    nodes_.erase(found);
  }
}

void Graph::clear() {
  *this = Graph();
}

NodeFacts* Graph::node(GlobalId id) {
  const auto found = nodes_.find(id);
  return found == nodes_.end() ? nullptr : &found->second.facts;
}

const NodeFacts* Graph::node(GlobalId id) const {
  const auto found = nodes_.find(id);
  return found == nodes_.end() ? nullptr : &found->second.facts;
}

const NodeFacts* Graph::find(std::string_view name) const {
  const NodeFacts* best = nullptr;
  bool best_complete = false;
  for (const auto& [id, node] : nodes_) {
    if (node.facts.name != name) continue;
    const bool is_complete = complete(id);
    if (best == nullptr || (is_complete && !best_complete) ||
        (is_complete == best_complete && node.facts.serial < best->serial)) {
      best = &node.facts;
      best_complete = is_complete;
    }
  }
  return best;
}

std::vector<const NodeFacts*> Graph::nodes() const {
  std::vector<const NodeFacts*> list;
  list.reserve(nodes_.size());
  for (const auto& [id, node] : nodes_) list.push_back(&node.facts);
  std::ranges::sort(list, {}, &NodeFacts::serial);
  return list;
}

std::vector<const PortFacts*> Graph::ports(GlobalId node, PortDirection direction) const {
  std::vector<const PortFacts*> list;
  const auto found = nodes_.find(node);
  if (found == nodes_.end()) return list;
  for (const auto& [id, port] : found->second.ports)
    if (port.direction == direction) list.push_back(&port);
  std::ranges::sort(list, {}, &PortFacts::index);
  return list;
}

const PortFacts* Graph::port(GlobalId id) const {
  const auto owner = port_owner_.find(id);
  if (owner == port_owner_.end()) return nullptr;
  const auto node = nodes_.find(owner->second);
  return node == nodes_.end() ? nullptr : &node->second.ports.at(id);
}

bool Graph::complete(GlobalId id) const {
  const auto found = nodes_.find(id);
  if (found == nodes_.end() || !found->second.facts.announced) return false;
  const auto& [facts, ports] = found->second;
  std::size_t in = 0;
  for (const auto& [port, port_facts] : ports)
    if (port_facts.direction == PortDirection::in) ++in;
  return !ports.empty() && in == facts.in_ports && ports.size() - in == facts.out_ports;
}

}  // namespace rocd
