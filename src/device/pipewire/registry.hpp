// Follows PipeWire's registry: binds what needs binding and keeps the Graph equal to what is there.
// Decides nothing. Lives as long as one connection.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "device/pipewire/bindings.hpp"

namespace rocd::pw {

class Registry {
 public:
  // core and graph outlive the registry. on_change: something was written to the graph; called from
  // PipeWire callbacks. Throws std::system_error if the connection is broken already.
  Registry(pw_core* core, Graph& graph, std::function<void()> on_change);

  // Destroys the bindings of globals that are gone. Never from a PipeWire callback.
  void bury() { graveyard_ = {}; }

  void set_volume(GlobalId node, const std::vector<float>& channels, bool muted);
  void set_default(bool sink, const std::string& node_name);
  void read_defaults();  // listens anew, so all of them are told again
  void start_and_pause(GlobalId node);
  void start(GlobalId node);
  void destroy(GlobalId id);

 private:
  static void on_global(void* self, std::uint32_t id, std::uint32_t permissions, const char* type,
                        std::uint32_t version, const spa_dict* properties);
  static void on_global_remove(void* self, std::uint32_t id);
  void add_node(GlobalId id, const spa_dict* properties);
  void add_port(GlobalId id, const spa_dict* properties);
  void add_link(GlobalId id, const spa_dict* properties);
  void listen_to_defaults(GlobalId metadata);
  [[nodiscard]] ProxyHandle bind(GlobalId id, const char* type, std::uint32_t version);
  [[nodiscard]] pw_registry* registry() { return reinterpret_cast<pw_registry*>(proxy_.get()); }

  struct Graveyard {
    std::vector<std::unique_ptr<NodeBinding>> nodes;
    std::vector<std::unique_ptr<CardBinding>> cards;
    std::vector<std::unique_ptr<MetadataBinding>> metadata;
  };

  Observer observer_;
  ProxyHandle proxy_;
  Hook hook_;
  std::map<GlobalId, std::unique_ptr<NodeBinding>> nodes_;
  std::map<GlobalId, std::unique_ptr<CardBinding>> cards_;
  std::unique_ptr<MetadataBinding> metadata_;
  Graveyard graveyard_;
};

}  // namespace rocd::pw
