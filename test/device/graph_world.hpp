// A sound system that does what a DeviceMachine asks for, in virtual time: the other end of the
// machine in its tests. A session manager gives ports, as WirePlumber does.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "device/device_machine.hpp"

namespace rocd::test {

class GraphWorld {
 public:
  explicit GraphWorld(const Uid& peer) : machine(peer) {}

  void connect();
  void disconnect(const std::string& reason = "gone");
  // Carries out effects and settles, until nothing happens any more. False: it never ends.
  bool settle();
  void advance(Duration duration) { now += duration; }

  // Objects of others.
  GlobalId add_node(const std::string& name, const std::string& media_class,
                    std::vector<std::string> channels = {"FL", "FR"});
  void link_nodes(GlobalId out, GlobalId in);
  void remove(GlobalId id);  // with its ports and links
  void remove_links(GlobalId out, GlobalId in);

  [[nodiscard]] const NodeFacts* node(const std::string& name);
  [[nodiscard]] std::size_t count(const std::string& name);
  [[nodiscard]] std::size_t links_between(const std::string& from, const std::string& to);

  DeviceMachine machine;
  Instant now{};
  bool session_manager = true;         // gives ports to new nodes
  bool executes_volume = true;         // volume changes arrive
  std::set<GlobalId> primed;           // other nodes of ours keep volumes to themselves
  std::set<GlobalId> clock_stopped;    // paused while in use
  std::function<void()> before_prime;  // somebody is quicker
  std::string refuse_links;            // the error of every CreateLink
  std::string refuse_nodes;            // the error of every CreateNode
  std::size_t nodes_made = 0, links_made = 0, volumes_set = 0;
  std::size_t names_taken = 0;  // nodes asked for while one of that name was there
  std::vector<DeviceMachine::SetDefault> defaults_set;
  bool tells_defaults = true;  // else only who asks anew is told
  Defaults untold_defaults;

  // What was told.
  std::map<std::string, DeviceInfo> devices;
  std::map<Uid, std::string> problems;
  std::vector<std::string> gone;
  std::vector<DeviceMachine::LinkChanged> links;
  std::vector<bool> manager_runs;  // as told
  std::vector<StreamNodeInfo> stream_nodes;
  std::vector<std::uint64_t> stream_nodes_gone;

 private:
  void run(const DeviceMachine::CreateNode& effect);
  void run(const DeviceMachine::CreateLink& effect);
  void run(const DeviceMachine::Destroy& effect);
  void run(const DeviceMachine::DestroyGlobal& effect);
  void run(const DeviceMachine::Prime& effect);
  void run(const DeviceMachine::Resume& effect);
  void run(const DeviceMachine::SetVolume& effect);
  void run(const DeviceMachine::SetDefault& effect);
  void run(const DeviceMachine::ReadDefaults& effect);
  void give_ports(GlobalId node, const std::vector<std::string>& channels, bool in, bool out);
  void drain_events();

  GlobalId next_id_ = 30;
  std::uint64_t next_serial_ = 1000;
  int connections_ = 0;
  std::map<DeviceMachine::Token, GlobalId> made_;
  std::set<std::string> names_at_settle_;
};

}  // namespace rocd::test
