// What other clients do to the graph: nodes and links that they take away, default devices that
// they choose. What is hit is picked by name from all that is usually there, so that the same seed
// hits the same.
#include <boost/json/array.hpp>
#include <map>
#include <stdexcept>

#include "faults/fault.hpp"

namespace rocd::test {
namespace {

using Clock = std::chrono::steady_clock;
// pw-dump takes a lot of time of a processor: more often, others would have none.
constexpr Milliseconds looked_at_every = 300ms;

const std::vector<std::string> device_is_away{"waits for its source device",
                                              "waits for its destination device", "is not there"};

// A thing in the graph that one stream needs.
struct Target {
  std::string stream;
  std::string node;     // its name
  std::string to = {};  // of a cable: the node that it leads to
  bool of_rocd = true;  // who makes it again
};

std::string child_node(House& house, const std::string& stream) {
  return "rocd.stream." + std::string(house.rocd().stream(stream).at("stream_uid").as_string());
}

std::vector<Target> devices(const House& house) {
  std::vector<Target> all;
  for (const auto& way : house.ways()) {
    if (way.player_sink.starts_with("test.")) continue;  // of others
    all.push_back({.stream = way.streams.front(), .node = way.player_sink});
    all.push_back({.stream = way.streams.back(), .node = way.listener_node});
    all.push_back({.stream = way.streams.back(), .node = way.listener_node + ".feed"});
  }
  return all;
}

std::vector<Target> child_nodes(House& house) {
  std::vector<Target> all;
  for (const auto& stream : house.piped_streams())
    all.push_back({.stream = stream, .node = child_node(house, stream), .of_rocd = false});
  return all;
}

std::vector<Target> cables(House& house) {
  std::vector<Target> all;
  for (const auto& way : house.ways()) {
    const bool system = way.player_sink.starts_with("test.");
    const auto source = system ? "test.source" : way.player_sink;
    const auto sink = system ? way.listener_node : way.listener_node + ".feed";
    const auto &first = way.streams.front(), &last = way.streams.back();
    if (way.fec == "local") {
      all.push_back({.stream = first, .node = source, .to = sink});
    } else {
      all.push_back({first, source, child_node(house, first), false});
      all.push_back({last, child_node(house, last), sink, false});
    }
    if (!system) all.push_back({.stream = last, .node = sink, .to = way.listener_node});
  }
  return all;
}

// The first from a random one on that is there; nullptr: another fault has taken all of them.
template <class IsThere>
const Target* pick_target(const std::vector<Target>& all, Random& random, IsThere is_there) {
  const auto first = pick_index(all.size(), random);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (const auto& target = all[(first + i) % all.size()]; is_there(target)) return &target;
  return nullptr;
}

// It may have gone a moment ago, by another fault; whether it is gone is looked at afterwards.
void destroy(const House& house, std::int64_t id) {
  house.session.run("timeout 10 pw-cli destroy " + std::to_string(id) +
                    " </dev/null >/dev/null 2>&1 || true");
}

Fault destroy_one(House& house, Random& random, const std::vector<Target>& all,
                  const std::vector<std::string>& words) {
  std::map<std::string, GraphNode> nodes;
  for (const auto& node : graph_nodes(house.session)) nodes[node.name] = node;
  const auto* target = pick_target(all, random, [&](const Target& t) {
    return nodes.contains(t.node) && !house.spared().contains(t.stream);
  });
  if (target == nullptr) return {.what = "no node is there to be destroyed", .found = false};
  const auto node = nodes.at(target->node);
  // A tool may open its device again, as if nothing had happened.
  const int child = target->of_rocd ? 0 : house.children().at(target->stream).pid;
  const auto at = Clock::now();
  destroy(house, node.id);
  const auto is_gone = [&] {
    for (const auto& other : graph_nodes(house.session))
      if (other.serial == node.serial) return false;
    return true;
  };
  require(is_gone, node.name + " cannot be destroyed", 10s, looked_at_every);
  return {.what = "another client destroys " + node.name + " of " + target->stream,
          .reach = reach_of(house, {target->stream}),
          .causes = {{.words = words, .streams = {target->stream}, .unless_child = child}},
          .at = at};
}

Fault destroy_device(House& house, Random& random) {
  return destroy_one(house, random, devices(house), device_is_away);
}

Fault destroy_child_node(House& house, Random& random) {
  return destroy_one(house, random, child_nodes(house), why_a_child_ended());
}

std::vector<GraphLink> links_of(const House& house, const Target& cable) {
  auto links = graph_links(house.session);
  std::erase_if(
      links, [&](const GraphLink& link) { return link.from != cable.node || link.to != cable.to; });
  return links;
}

// Both channels of one cable, or one.
Fault remove_link(House& house, Random& random) {
  std::set<std::pair<std::string, std::string>> linked;
  for (const auto& link : graph_links(house.session)) linked.emplace(link.from, link.to);
  const auto all = cables(house);
  const auto* cable = pick_target(all, random, [&](const Target& t) {
    return linked.contains({t.node, t.to}) && !house.spared().contains(t.stream);
  });
  if (cable == nullptr) return {.what = "no link is there to be removed", .found = false};
  auto former = links_of(house, *cable);
  const bool one = former.size() > 1 && std::bernoulli_distribution(0.5)(random);
  if (one) former = {former[pick_index(former.size(), random)]};
  const int child = cable->of_rocd ? 0 : house.children().at(cable->stream).pid;
  const auto at = Clock::now();
  // As a patchbay does it when its user clicks on the cables.
  for (const auto& link : former) destroy(house, link.id);
  const auto are_gone = [&] {
    for (const auto& link : links_of(house, *cable))
      for (const auto& old : former)
        if (link.serial == old.serial) return false;
    return true;
  };
  require(are_gone, "the links from " + cable->node + " cannot be removed", 10s, looked_at_every);
  // What the session manager has made it may heal before anybody else sees it.
  Cause cause{.words = {"no longer linked"}, .streams = {cable->stream}, .unless_child = child};
  if (cable->of_rocd) cause.words = {"waits for its destination device", "the link was removed"};
  return {.what = std::string("another client unlinks ") + (one ? "a channel of " : "") +
                  cable->node + " from " + cable->to + " of " + cable->stream,
          .reach = reach_of(house, {cable->stream}),
          .causes = {cause},
          .at = at};
}

Fault change_default(House& house, Random& random) {
  // Another one than now.
  const auto other = [&](std::vector<std::string> names, const std::string& now) {
    std::erase(names, now);
    return pick(names, random);
  };
  const auto sink =
      other({"test.sink", "rocd.speaker-a", "rocd.speaker-b"}, default_sink(house.session));
  const auto source = other({"test.source", "rocd.microphone-a", "rocd.microphone-c"},
                            default_source(house.session));
  const auto set = [&](const std::string& key, const std::string& name) {
    house.session.run("timeout 10 pw-metadata 0 default.configured.audio." + key +
                      " '{\"name\":\"" + name + "\"}' Spa:String:JSON >/dev/null");
  };
  const auto at = Clock::now();
  set("sink", sink);
  set("source", source);
  require(
      [&] {
        return default_sink(house.session) == sink && default_source(house.session) == source;
      },
      "the default devices do not become " + sink + " and " + source);
  return {.what = "the default devices become " + sink + " and " + source, .at = at};
}

}  // namespace

void add_graph_faults(std::vector<FaultKind>& kinds) {
  kinds.push_back({"graph: virtual node destroyed", Company::any, destroy_device});
  kinds.push_back({"graph: child's node destroyed", Company::any, destroy_child_node});
  kinds.push_back({"graph: link removed", Company::any, remove_link});
  kinds.push_back({"graph: default devices change", Company::any, change_default});
}

}  // namespace rocd::test
