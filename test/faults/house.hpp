// What the faults happen to: an audio session, a rocd with streams of all kinds, a tone of its own
// in each, and somebody who listens. Everything is in network and mount namespaces of this process.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "e2e/ear.hpp"
#include "e2e/graph.hpp"
#include "e2e/rocd.hpp"
#include "e2e/sound.hpp"
#include "faults/story.hpp"
#include "support/audio_session.hpp"
#include "support/relay.hpp"

namespace rocd::test {

// New namespaces for this process; with those of a user of its own if it is not root. Throws.
void enter_namespaces();
// The loopback interface: what all streams are carried by.
void set_interface(bool up);

// One way that a tone takes, and the streams that carry it.
struct Way {
  std::string name;
  std::string fec;  // "rs8m", "ldpc", "" is bare rtp; "local": links only
  std::string player_sink, listener_node;
  Listener::Tap tap = Listener::Tap::source;
  Tone tone;
  std::vector<std::string> streams;  // display names, sender first
  StreamPorts to_relay{}, to_receiver{};
  // The receiving stream was made over REST, not in the configuration, and leaves its ports to
  // rocd.
  bool over_rest = false;
  bool pauses = false;  // its sender does, when nothing plays
};

// Of a stream.
struct Child {
  int pid = -1;  // it has none
  int restarts = 0;
  friend bool operator==(const Child&, const Child&) = default;
};

class House {
 public:
  // profile: of all streams.
  explicit House(std::uint32_t seed, std::string profile = "balanced");
  ~House();
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  AudioSession session;
  [[nodiscard]] const std::vector<Way>& ways() const { return ways_; }
  // Throws if it does not run: it was killed, or did not start again.
  [[nodiscard]] Rocd& rocd();
  [[nodiscard]] Relay& relay() { return *relay_; }
  [[nodiscard]] Story& story() { return *story_; }
  [[nodiscard]] std::filesystem::path state() const { return directory_.path() / "state"; }
  [[nodiscard]] std::filesystem::path tool(const std::string& name) const {
    return directory_.path() / "tools" / name;
  }
  [[nodiscard]] std::vector<std::string> streams() const;        // of all ways
  [[nodiscard]] std::vector<std::string> piped_streams() const;  // those that have a child

  [[nodiscard]] const Way& way_of(const std::string& stream) const;

  void start_rocd();  // also after kill_rocd()
  void kill_rocd();
  // Players, recorders and the devices of others: after a restart of PipeWire, and now and then.
  void make_sound();
  // Of piped streams, by name.
  [[nodiscard]] std::map<std::string, Child> children() const;
  // Whose children are hit already: of two harms to one of them only one could be told of.
  void spare(const std::set<std::string>& streams) { spared_ = streams; }
  [[nodiscard]] const std::set<std::string>& spared() const { return spared_; }
  // Whoever sends to receivers that chose their ports anew learns these; not of one that is
  // switched off, or whose tool is broken.
  void follow_ports();
  // What the wall clock of rocd and the tools is ahead of the true one from now on; their steady
  // clocks go on as ever.
  // Only where fakes_clock().
  void set_clock(std::chrono::seconds ahead);
  // Since then the tools that run report no more (docs/facts.md); not of a new rocd.
  [[nodiscard]] bool clock_was_set_back() const { return set_back_; }
  // How often something has kept all ways from sending for a while: told by the faults that do.
  void note_lull() { ++lulls_; }
  [[nodiscard]] unsigned lulls() const { return lulls_; }
  // Not in builds with sanitizers: those want to be loaded before anything else.
  [[nodiscard]] static bool fakes_clock();
  // Runs the real one; `works` false: a program that fails at once.
  void set_tool(const std::string& name, bool works);

  // Whatever goes by way of that device is not heard any more, though its streams run: to see
  // whether that is noticed.
  void mute_speaker();

  // A player, a sink and a recorder without rocd: what is silent here, too, is not its doing.
  [[nodiscard]] const Way& control() const { return control_; }
  // How long ago make_sound() was.
  [[nodiscard]] Milliseconds sound_age() const;
  // Whatever has happened to it: new rocd, new sound, everything that faults change as it was.
  void put_in_order();

  // Records for a while. Ways whose tone is not there all of that time, or which nothing is
  // recorded of; the control way, too. Empty: all are.
  [[nodiscard]] std::string missing_tones() const;
  // Players and recorders that have ended, and why.
  [[nodiscard]] std::string ended_programs() const;
  [[nodiscard]] const Ear& ear(const Way& way) const { return *ears_.at(way.name); }
  [[nodiscard]] const Listener& listener(const Way& way) const { return ear(way).listener(); }
  // What belongs to rocd, to compare: names -> count.
  [[nodiscard]] std::map<std::string, int> inventory();

 private:
  [[nodiscard]] std::vector<Way> all_ways() const;  // with control()
  [[nodiscard]] std::string config() const;
  void make_streams_over_rest();
  [[nodiscard]] std::vector<std::string> faked_clock() const;  // a command, and its arguments
  [[nodiscard]] std::filesystem::path tone_file(const Way& way) const;
  [[nodiscard]] std::filesystem::path clock_file() const { return directory_.path() / "clock"; }
  [[nodiscard]] std::filesystem::path sockets() const { return directory_.path() / "sockets"; }

  TempDirectory directory_;
  std::string profile_;
  std::set<std::string> spared_;
  std::set<std::string> broken_;  // tools
  std::vector<Way> ways_;
  Way control_;
  std::unique_ptr<Relay> relay_;
  std::optional<Rocd> rocd_;
  std::unique_ptr<Story> story_;
  int runs_ = 0;  // of rocd
  std::chrono::seconds ahead_{0};
  bool set_back_ = false;  // the clock
  unsigned lulls_ = 0;
  std::map<std::string, std::unique_ptr<Player>> players_;
  std::map<std::string, std::unique_ptr<Ear>> ears_;
  SteadyTime sound_since_;
};

}  // namespace rocd::test
