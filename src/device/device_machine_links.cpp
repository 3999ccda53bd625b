// The part of the machine that decides about links: those that were asked for, and those inside a
// virtual input.
#include <algorithm>

#include "device/device_machine.hpp"
#include "device/port_match.hpp"

namespace rocd {

void DeviceMachine::ensure_link(const LinkRequest& request) {
  const auto [found, is_new] = wishes_.try_emplace(request.stream, request);
  if (is_new || found->second.request == request) return;
  destroy_links(found->second.links);
  found->second = Wish(request);
}

void DeviceMachine::remove_link(const Uid& stream) {
  const auto found = wishes_.find(stream);
  if (found == wishes_.end()) return;
  destroy_links(found->second.links);
  wishes_.erase(found);
}

const DeviceMachine::NodeSlot* DeviceMachine::own_slot(const std::string& name) const {
  for (const auto& [uid, device] : devices_)
    for (const auto& [role, slot] : device.nodes)
      if (node_name(slot.made, role) == name) return &slot;
  return nullptr;
}

void DeviceMachine::evaluate_wish(Wish& wish, Instant now) {
  const auto end = [&](const std::string& name, std::string& problem) {
    const auto* own = own_slot(name);
    const auto* node = own == nullptr ? graph_.find(name)
                       : own->id      ? graph_.node(*own->id)
                                      : nullptr;
    if (node == nullptr || is_leftover(*node) || dying_.contains(node->id)) {
      problem = name + " is not there";
      return GlobalId{0};
    }
    if (!graph_.complete(node->id)) problem = name + " has no ports yet";
    return node->id;
  };
  std::string problem;
  const auto from = end(wish.request.from_node, problem);
  const auto to = end(wish.request.to_node, problem);
  if (problem.empty()) {
    const auto pairs = pairs_between(from, to);
    if (!pairs.empty()) {
      const bool linked = keep_links(wish.links, wish.request.stream, pairs, now);
      if (linked) return tell(wish, true, "");
      if (!wish.links.failure.empty()) return tell(wish, false, wish.links.failure);
      if (wish.told && wish.told->first) tell(wish, false, "the link was removed");
      return;
    }
    problem = wish.request.from_node + " has nothing to give, or " + wish.request.to_node +
              " takes nothing";
  }
  destroy_links(wish.links);
  tell(wish, false, problem);
}

bool DeviceMachine::keep_links(Links& links, const Uid& owner, const std::vector<PortPair>& pairs,
                               Instant now) {
  std::erase_if(links.made, [&](const auto& made) {
    if (std::ranges::find(pairs, made.first) != pairs.end()) return false;
    effects_.push_back(Destroy{made.second});
    return true;
  });
  std::vector<PortPair> missing;
  bool all_linked = true;
  for (const auto& pair : pairs) {
    if (graph_.linked(pair)) continue;
    all_linked = false;
    if (!links.made.contains(pair)) missing.push_back(pair);
  }
  links.gate.look(all_linked, now);
  if (all_linked) links.failure.clear();
  if (missing.empty()) return all_linked;
  if (!links.gate.attempt(now)) {
    wake_at(links.gate.opens_at());
    return false;
  }
  for (const auto& pair : missing) {
    const auto token = next_token_++;
    links.made[pair] = token;
    effects_.push_back(CreateLink{token, *graph_.port(pair.first), *graph_.port(pair.second),
                                  link_properties({instance_, session_}, owner)});
  }
  return false;
}

std::vector<PortPair> DeviceMachine::pairs_between(GlobalId from, GlobalId to) const {
  return match_ports(graph_.ports(from, PortDirection::out), graph_.ports(to, PortDirection::in));
}

void DeviceMachine::destroy_links(Links& links) {
  for (const auto& [pair, token] : links.made) effects_.push_back(Destroy{token});
  links.made.clear();
  links.gate.reset();
  links.failure.clear();
}

void DeviceMachine::tell(Wish& wish, bool linked, std::string reason) {
  auto news = std::pair(linked, std::move(reason));
  if (wish.told == news) return;
  events_.push_back(LinkChanged{wish.request.stream, news.first, news.second});
  wish.told = std::move(news);
}

}  // namespace rocd
