// Decides what has to be made, removed, linked or set so that the sound system has the devices and
// links that were asked for, and what is worth telling about it. Does not touch PipeWire: it reads
// a Graph and issues effects. (pure)
//
// Contract: change desires or facts, call handle_settled() once the graph is consistent (a sync was
// answered after the last effect), drain poll_effect() and poll_event(), sleep until
// poll_timeout().
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "device/device_driver.hpp"
#include "device/graph.hpp"
#include "device/recipe.hpp"
#include "device/reports.hpp"
#include "device/retry_gate.hpp"

namespace rocd {

class DeviceMachine {
 public:
  using Token = std::uint64_t;  // names an object that we asked for; never reused

  struct CreateNode {
    Token token;
    Properties properties;
  };
  struct CreateLink {
    Token token;
    PortFacts output, input;
    Properties properties;
  };
  struct Destroy {
    Token token;
  };
  struct DestroyGlobal {  // a leftover of a crashed rocd
    GlobalId id;
  };
  struct SetVolume {
    GlobalId node;
    std::vector<float> channels;
    bool muted;
  };
  // PipeWire 1.4 keeps a volume that is set on a node that never ran to itself: neither is it told,
  // nor does it show, until audio flows. A node that was started and paused once takes it at once.
  struct Prime {
    GlobalId node;
  };
  struct Resume {  // Prime met a node that somebody had begun to use: the pause stopped its clock
    GlobalId node;
  };
  struct SetDefault {
    bool sink;              // else source
    std::string node_name;  // empty: nobody's choice any more
  };
  struct ReadDefaults {};  // anew, all of them
  using Effect = std::variant<CreateNode, CreateLink, Destroy, DestroyGlobal, Prime, Resume,
                              SetVolume, SetDefault, ReadDefaults>;

  struct DeviceGone {
    std::string node_name;
  };
  struct StreamNodeGone {
    Uid stream;
    std::uint64_t serial;
  };
  struct LinkChanged {
    Uid stream;
    bool linked;
    std::string reason;
  };
  struct DeviceProblem {
    Uid device;
    std::string problem;  // empty: it is over
  };
  // Who links programs to devices. It publishes which device is the default one: if nobody does,
  // there is none.
  struct SessionManager {
    bool runs;
  };
  using Event = std::variant<DeviceInfo, DeviceGone, DeviceProblem, StreamNodeInfo, StreamNodeGone,
                             LinkChanged, SessionManager>;

  explicit DeviceMachine(const Uid& instance);

  // Desires; kept while the sound system is away.
  void ensure_device(const VirtualDevice& device);
  void remove_device(const Uid& uid);
  void ensure_link(const LinkRequest& request);
  void remove_link(const Uid& stream);
  [[nodiscard]] Result<> set_volume(const std::string& node_name, double volume, bool muted);
  [[nodiscard]] Result<> set_default(const std::string& node_name);
  [[nodiscard]] Result<> clear_default(const std::string& node_name);

  // Facts.
  [[nodiscard]] Graph& graph() { return graph_; }
  void handle_connected(std::string session);  // unique to this connection
  void handle_default_rate(std::uint32_t rate) { default_rate_ = rate; }
  void handle_disconnected(const std::string& reason);
  void handle_bound(Token token, GlobalId id);
  void handle_gone(Token token, const std::string& reason);  // removed, or could not be made
  void handle_settled(Instant now);

  [[nodiscard]] std::optional<Effect> poll_effect();
  [[nodiscard]] std::optional<Event> poll_event();
  [[nodiscard]] std::optional<Instant> poll_timeout() const { return wake_at_; }

 private:
  using Volume = std::pair<double, bool>;  // linear, muted
  struct NodeSlot {
    Token token = 0;
    std::optional<GlobalId> id;
    VirtualDevice made;
  };
  struct Links {
    explicit Links(const Uid& owner) : gate(std::hash<Uid>{}(owner)) {}
    RetryGate gate;
    std::map<PortPair, Token> made;
    std::string failure;  // why the last attempt failed
  };
  struct Device {
    explicit Device(VirtualDevice device)
        : wanted(std::move(device)), gate(std::hash<Uid>{}(wanted.uid)), feed_links(wanted.uid) {}
    VirtualDevice wanted;
    std::map<NodeRole, NodeSlot> nodes;
    RetryGate gate;
    Links feed_links;
    Token primed = 0;               // the node that was primed
    bool just_primed = false;       // in the round before
    std::optional<Volume> applied;  // as last set by us
    std::optional<Volume>
        outdated;         // what was seen then; as long as that is seen, it is on its way
    std::string failure;  // as last logged
    std::string problem;  // as last told
  };
  struct Wish {
    explicit Wish(LinkRequest r) : request(std::move(r)), links(request.stream) {}
    LinkRequest request;
    Links links;
    std::optional<std::pair<bool, std::string>> told;
  };

  void sweep_leftovers();
  void evaluate_device(Device& device, Instant now);
  void make_nodes(Device& device, Instant now);
  void tell_problem(Device& device, std::string problem);
  void evaluate_defaults(Instant now);
  void prime(Device& device);
  void evaluate_volume(Device& device);
  void evaluate_wish(Wish& wish, Instant now);
  void tell(Wish& wish, bool linked, std::string reason);
  // True if every pair is linked; asks for what is missing, gives up what is not in `pairs`.
  bool keep_links(Links& links, const Uid& owner, const std::vector<PortPair>& pairs, Instant now);
  [[nodiscard]] std::vector<PortPair> pairs_between(GlobalId from, GlobalId to) const;
  void destroy_nodes(Device& device);
  static void forget_volume(Device& device);
  void destroy_links(Links& links);
  void report();

  [[nodiscard]] bool is_leftover(const NodeFacts& node) const;
  [[nodiscard]] const NodeFacts* older_namesake(const Device& device) const;
  [[nodiscard]] const NodeSlot* own_slot(const std::string& node_name) const;
  [[nodiscard]] bool nodes_complete(const Device& device) const;
  [[nodiscard]] bool present(const Device& device) const;
  [[nodiscard]] bool in_use(const Device& device) const;
  [[nodiscard]] std::optional<DeviceInfo> describe_own(const Device& device) const;
  void wake_at(std::optional<Instant> instant);

  std::string instance_;
  std::string session_;  // empty: not connected
  std::uint32_t default_rate_ = 48000;
  Token next_token_ = 1;
  Graph graph_;
  std::map<Uid, Device> devices_;
  std::map<Uid, Wish> wishes_;
  std::map<GlobalId, Token> dying_;  // nodes that we gave up and that are still to be seen
  std::set<GlobalId> sweeping_;      // leftovers that we asked to be removed
  struct DefaultSet {
    std::string node_name;
    Instant check_at;
  };
  // By "is a sink": until defaults are known; until they are seen to be what was set.
  std::map<bool, std::string> pending_default_;
  std::map<bool, DefaultSet> unconfirmed_default_;
  std::map<std::string, DeviceInfo> told_devices_;
  std::map<StreamNodeKey, StreamNodeInfo> told_stream_nodes_;
  std::optional<bool> told_manager_;  // whether it runs
  std::optional<Instant> wake_at_;
  std::deque<Effect> effects_;
  std::deque<Event> events_;
};

}  // namespace rocd
