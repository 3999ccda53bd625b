// SPA parameters: reading and building the few that rocd needs.
#pragma once

#include <spa/pod/pod.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace rocd::pw {

struct Volumes {
  std::vector<float> channels;  // empty: not in the parameter
  std::optional<bool> muted;
};
[[nodiscard]] Volumes parse_props(const spa_pod* param);

[[nodiscard]] std::optional<std::uint32_t> parse_format_rate(const spa_pod* param);

struct Route {
  std::int32_t index = 0;
  std::int32_t device = 0;  // card.profile.device of the nodes that it is for
};
[[nodiscard]] std::optional<Route> parse_route(const spa_pod* param);

// A parameter in memory of its own.
class Pod {
 public:
  [[nodiscard]] static Pod props(const std::vector<float>& channels, bool muted);
  // The volume of a node that belongs to a card is set on the card, which else overrides it.
  [[nodiscard]] static Pod route(const Route& route, const std::vector<float>& channels,
                                 bool muted);

  [[nodiscard]] static Pod node_command(std::uint32_t command);  // enum spa_node_command

  [[nodiscard]] const spa_pod* get() const { return pod_; }

 private:
  // 64 channels at 4 bytes and some headers.
  std::unique_ptr<std::array<std::byte, 1024>> memory_ =
      std::make_unique<std::array<std::byte, 1024>>();
  const spa_pod* pod_ = nullptr;
};

}  // namespace rocd::pw
