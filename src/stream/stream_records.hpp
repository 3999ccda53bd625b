// The inside of the StreamDispatcher: its records, and what its neighbours tell. Commands are in
// stream_dispatcher.cpp.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "aio/machine_timer.hpp"
#include "stream/pulse_ping.hpp"
#include "stream/stream_dispatcher.hpp"
#include "stream/stream_record.hpp"
#include "stream/stream_store.hpp"

namespace rocd {

struct StreamDispatcher::Impl {
  Impl(boost::asio::any_io_executor ex, Options opts, StreamEngine& eng, Supervisor& sup,
       EndpointDispatcher& ends, Store& st, EventBus& bus);

  StreamRecord* record(const Uid& uid);   // also one that is being removed
  StreamRecord* visible(const Uid& uid);  // not one that is being removed
  [[nodiscard]] std::set<std::uint16_t> taken_ports(const Uid& but) const;
  [[nodiscard]] std::vector<FieldError> errors_in(const StreamSpec& spec) const;

  void set_callbacks();  // of the neighbours
  template <class F>
  void tell(const Uid& uid, F&& feed) {
    if (auto* found = record(uid)) found->tell(feed);
  }
  // Records are added and erased only outside of callbacks (see after()), so loops are safe.
  template <class F>
  void tell_all(F&& feed) {
    for (const auto& [uid, found] : records) found->tell(feed);
  }

  // What was chosen before, of these; before any of them is added.
  [[nodiscard]] Result<> load_addresses(const std::vector<StreamSpec>& stored);
  void keep_address(const Uid& uid, const ExternalAddress& address);
  StreamRecord& add(StreamSpec spec);
  // One that was removed, and whose child is still ending.
  StreamRecord& bring_back(StreamRecord& record, StreamSpec spec);
  void publish(EventType type, const Uid& uid, const EventBody& pre, const EventBody& post);
  void tell_engine();
  void tell_server(PulseServer state);
  void ask_sound();
  void meet_server();
  void tell_sound(std::optional<StreamProblem> problem, bool only_tools = false);
  void change(StreamRecord& record, StreamSpec spec);
  void remove(StreamRecord& record);
  Result<Stream> override_configured(StreamRecord& record, StreamSpec spec);
  // An entry of the file as it is in force: with its overrides and its version.
  [[nodiscard]] StreamSpec in_force(const StreamSpec& file) const;
  [[nodiscard]] StreamSpec as_bound(StreamSpec spec) const;
  [[nodiscard]] StreamOverrides overrides_of(const Uid& uid) const;
  // After each drain of a record. It may be called from deep inside of it: nothing is erased here.
  void after(const Uid& uid);
  // Streams that found no port look again.
  void tell_ports_freed();
  void sample_soon();
  void sample_usage();
  void sample_activity();
  void ask_soon();
  void ask_for_childless();
  // Tells each endpoint of the spec who uses it now.
  void tell_users(const StreamSpec& spec);

  boost::asio::any_io_executor executor;
  Options options;
  StreamEngine& engine;
  Supervisor& supervisor;
  EndpointDispatcher& endpoints;
  StreamStore store;
  EventBus& events;
  StreamTools tools;
  PulsePing server;
  PulseServer server_state = PulseServer::answers;  // as last told
  bool server_wanted = false;                       // ask it, too
  bool server_met = false;                          // asked since PipeWire and a child work
  bool manager_runs = true;                         // the session manager
  StreamMachine::SoundNews sound;                   // as last told
  std::optional<Instant> sound_asked_at;            // the first question that is not answered yet
  MachineTimer usage_timer;
  MachineTimer activity_timer;
  MachineTimer question_timer;
  bool sampling = false;
  bool asking = false;   // now and then, whether PipeWire answers
  bool started = false;  // what was there at the start is no news
  bool closing = false;
  std::map<Uid, std::unique_ptr<StreamRecord>> records;
  std::map<Uid, StreamSpec> files;  // the configuration file's entries, as they stand there
  // Also of entries that the file once had: commenting one out and in again loses nothing.
  std::map<Uid, StreamStore::StoredOverrides> overrides;
  std::map<Uid, ExternalAddress> addresses;               // as stored
  std::shared_ptr<int> alive = std::make_shared<int>(0);  // posted handlers hold it weakly
};

[[nodiscard]] Error refused(std::vector<FieldError> errors);
[[nodiscard]] Error belongs_to_configuration(const StreamSpec& spec, const std::string& what);
// What a client may have meant to change; the rest is the daemon's.
[[nodiscard]] bool same_wish(StreamSpec a, const StreamSpec& b);

}  // namespace rocd
