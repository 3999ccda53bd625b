// One bound global each: follows what the registry does not tell, and writes it into the Graph.
#pragma once

#include <pipewire/extensions/metadata.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "device/graph.hpp"
#include "device/pipewire/handles.hpp"
#include "device/pipewire/pods.hpp"

namespace rocd::pw {

// What bindings write to and tell; outlives them.
struct Observer {
  Graph& graph;
  std::function<void()> on_change;
};

class NodeBinding {
 public:
  // Follows volume and format too if it is a device.
  NodeBinding(ProxyHandle proxy, GlobalId id, bool is_device, Observer& observer);

  void set_props(const Pod& props);
  void start_and_pause();  // by commands to the node, behind the back of PipeWire's scheduling
  void start();
  // The card that it belongs to, and which of its devices it is.
  struct Card {
    GlobalId id;
    std::int32_t device;
  };
  [[nodiscard]] const std::optional<Card>& card() const { return card_; }

 private:
  void send_command(std::uint32_t command);
  void read_properties(NodeFacts& facts, const spa_dict* properties);
  static void on_info(void* self, const pw_node_info* info);
  static void on_param(void* self, int seq, std::uint32_t id, std::uint32_t index,
                       std::uint32_t next, const spa_pod* param);

  GlobalId id_;
  Observer& observer_;
  std::optional<Card> card_;
  ProxyHandle proxy_;
  Hook hook_;
};

// A sound card, for its routes.
class CardBinding {
 public:
  explicit CardBinding(ProxyHandle proxy);

  [[nodiscard]] std::optional<Route> route(std::int32_t device) const;
  void set_route(const Pod& route);

 private:
  static void on_param(void* self, int seq, std::uint32_t id, std::uint32_t index,
                       std::uint32_t next, const spa_pod* param);

  std::map<std::int32_t, Route> routes_;  // by device
  ProxyHandle proxy_;
  Hook hook_;
};

// The session manager's "default" metadata: which devices applications use.
class MetadataBinding {
 public:
  MetadataBinding(ProxyHandle proxy, GlobalId id, Observer& observer);

  [[nodiscard]] GlobalId id() const { return id_; }
  void set_default(bool sink, const std::string& node_name);

 private:
  static int on_property(void* self, std::uint32_t subject, const char* key, const char* type,
                         const char* value);

  GlobalId id_;
  Observer& observer_;
  ProxyHandle proxy_;
  Hook hook_;
};

}  // namespace rocd::pw
