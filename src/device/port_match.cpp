#include "device/port_match.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace rocd {
namespace {

using Ports = std::vector<const PortFacts*>;

bool is_front(const PortFacts& port) {
  return port.channel == "FL" || port.channel == "FR";
}

Ports front_or_all(const Ports& ports) {
  Ports front;
  std::ranges::copy_if(ports, std::back_inserter(front),
                       [](const PortFacts* port) { return is_front(*port); });
  if (front.empty()) return ports;
  return front;
}

}  // namespace

std::vector<PortPair> match_ports(const Ports& outputs, const Ports& inputs) {
  std::vector<PortPair> pairs;
  if (outputs.empty() || inputs.empty()) return pairs;
  if (inputs.size() == 1) {
    for (const auto* output : front_or_all(outputs))
      pairs.emplace_back(output->id, inputs.front()->id);
    return pairs;
  }
  if (outputs.size() == 1) {
    for (const auto* input : front_or_all(inputs))
      pairs.emplace_back(outputs.front()->id, input->id);
    return pairs;
  }
  for (const auto* input : inputs) {
    const auto same = std::ranges::find_if(outputs, [&](const PortFacts* output) {
      return !output->channel.empty() && output->channel == input->channel;
    });
    if (same != outputs.end()) pairs.emplace_back((*same)->id, input->id);
  }
  if (!pairs.empty()) return pairs;
  for (std::size_t i = 0; i < std::min(outputs.size(), inputs.size()); ++i)
    pairs.emplace_back(outputs[i]->id, inputs[i]->id);
  return pairs;
}

std::string channel_positions(std::uint32_t channels) {
  static constexpr std::array<std::string_view, 9> layouts = {"",
                                                              "MONO",
                                                              "FL FR",
                                                              "FL FR FC",
                                                              "FL FR RL RR",
                                                              "FL FR FC RL RR",
                                                              "FL FR FC LFE RL RR",
                                                              "FL FR FC LFE RC SL SR",
                                                              "FL FR FC LFE RL RR SL SR"};
  if (channels < layouts.size()) return std::string(layouts[channels]);
  std::string text;
  for (std::uint32_t i = 0; i < channels; ++i) {
    if (i != 0) text += ' ';
    text += "AUX" + std::to_string(i);
  }
  return text;
}

}  // namespace rocd
