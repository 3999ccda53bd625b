#include "faults/house.hpp"

#include <sys/mount.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <csignal>
#include <set>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace rocd::test {
namespace {

constexpr const char* state_size = "size=4m";
// Long enough for what happens between two make_sound().
constexpr double tone_seconds = 900;
constexpr double heard_seconds = 0.6;  // without a break: the tone is back
// A recorder that takes longer for that stands still.
constexpr Milliseconds recorded_within = 2s;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::string uri(const std::string& scheme, std::uint16_t port) {
  return scheme + "://127.0.0.1:" + std::to_string(port);
}

std::string address(const Way& way, const StreamPorts& ports) {
  const auto& fec = way.fec;
  std::string text = "{ media: \"" + uri(fec.empty() ? "rtp" : "rtp+" + fec, ports[0]) + "\"";
  if (!fec.empty()) text += ", repair: \"" + uri(fec, ports[1]) + "\"";
  if (ports[2] != 0) text += ", control: \"" + uri("rtcp", ports[2]) + "\"";
  return text + " }";
}

void count_descriptors(int pid, std::map<std::string, int>& inventory) {
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    std::error_code gone;
    auto target = std::filesystem::read_symlink(entry.path(), gone).string();
    // "socket:[123]" -> "socket", "/tmp/x (deleted)" stays
    if (const auto bracket = target.find(":["); bracket != std::string::npos)
      target.resize(bracket);
    if (!gone && !target.ends_with("/log")) ++inventory["descriptor " + target];
  }
}

}  // namespace

House::House(std::uint32_t seed, std::string profile)
    : profile_(std::move(profile)),
      ways_{{.name = "rs8m",
             .fec = "rs8m",
             .player_sink = "rocd.speaker-a",
             .listener_node = "rocd.microphone-a",
             .tone = {440, 660},
             .streams = {"send-a", "receive-a"},
             .over_rest = true},
            {.name = "ldpc",
             .fec = "ldpc",
             .player_sink = "rocd.speaker-b",
             .listener_node = "rocd.microphone-b",
             .tone = {520, 780},
             .streams = {"send-b", "receive-b"},
             .pauses = true},
            {.name = "rtp",
             .fec = "",
             .player_sink = "rocd.speaker-c",
             .listener_node = "rocd.microphone-c",
             .tone = {600, 900},
             .streams = {"send-c", "receive-c"}},
            {.name = "local",
             .fec = "local",
             .player_sink = "rocd.speaker-d",
             .listener_node = "rocd.microphone-d",
             .tone = {700, 1050},
             .streams = {"local-d"}},
            {.name = "system",
             .fec = "rs8m",
             .player_sink = "test.source.feed",
             .listener_node = "test.sink",
             .tap = Listener::Tap::monitor,
             .tone = {820, 1230},
             .streams = {"send-e", "receive-e"}}},
      control_{.name = "control",
               .fec = {},
               .player_sink = "test.control",
               .listener_node = "test.control",
               .tap = Listener::Tap::monitor,
               .tone = {960, 1440},
               .streams = {}} {
  std::filesystem::create_directory(state());
  if (::mount("none", state().c_str(), "tmpfs", 0, state_size) != 0)
    fail("mount a state directory");
  const auto ports = [](std::uint16_t first, const Way& way) {
    return StreamPorts{first, static_cast<std::uint16_t>(way.fec.empty() ? 0 : first + 1),
                       static_cast<std::uint16_t>(way.fec.empty() ? 0 : first + 2)};
  };
  std::vector<Relay::Path> paths;
  std::uint16_t next = 20'000;  // nobody else is in this network
  for (auto& way : ways_) {
    if (way.fec == "local") continue;
    way.to_relay = ports(next, way);
    if (!way.over_rest) way.to_receiver = ports(static_cast<std::uint16_t>(next + 1000), way);
    next = static_cast<std::uint16_t>(next + 10);
    paths.push_back({way.to_relay, way.to_receiver});
  }
  relay_ = std::make_unique<Relay>(paths, seed);
  std::filesystem::create_directory(directory_.path() / "tools");
  std::filesystem::create_directory(sockets());
  for (const std::string name : {"roc-send", "roc-recv"}) set_tool(name, true);
  write_file(directory_.path() / "rocd.yaml", config());
  for (const auto& way : all_ways()) write_tone(tone_file(way), way.tone, tone_seconds);
  start_rocd();
  make_streams_over_rest();
  make_sound();
}

House::~House() {
  story_.reset();
  rocd_.reset();
  ::umount2(state().c_str(), MNT_DETACH);
}

std::string House::config() const {
  std::string endpoints = "endpoints:\n";
  std::string streams = "streams:\n";
  const auto stream = [&](const std::string& name, const std::string& from, const std::string& to,
                          const std::string& more = "") {
    streams += "  - { name: " + name + ", source: " + from + ", destination: " + to +
               ", profile: " + profile_ + more + " }\n";
  };
  for (const auto& way : ways_) {
    const auto suffix = way.streams.front().substr(way.streams.front().size() - 2);
    const bool is_system = way.name == "system";
    const auto speaker = is_system ? "\"system:test.source\"" : "speaker" + suffix;
    const auto microphone = is_system ? "\"system:test.sink\"" : "microphone" + suffix;
    if (!is_system)
      endpoints += "  - { name: speaker" + suffix +
                   ", direction: output }\n  - { name: microphone" + suffix +
                   ", direction: input }\n";
    if (way.fec == "local") {
      stream(way.streams[0], speaker, microphone);
      continue;
    }
    stream(way.streams[0], speaker, address(way, way.to_relay),
           way.pauses ? ", on_idle: pause" : "");
    if (!way.over_rest) stream(way.streams[1], address(way, way.to_receiver), microphone);
  }
  return "http: { unix_socket: \"" + (sockets() / "rocd.sock").string() +
         "\" }\nevents: { socket: \"" + (sockets() / "events.sock").string() +
         "\" }\ntools: { roc_send: \"" + tool("roc-send").string() + "\", roc_recv: \"" +
         tool("roc-recv").string() + "\" }\n" + endpoints + streams;
}

// Once: whoever starts later finds it in the state directory.
void House::make_streams_over_rest() {
  for (const auto& way : ways_) {
    if (!way.over_rest) continue;
    const boost::json::object chosen{{"connection_type", "external"},
                                     {"media_uri", uri("rtp+" + way.fec, 0)},
                                     {"repair_uri", uri(way.fec, 0)},
                                     {"control_uri", uri("rtcp", 0)}};
    const boost::json::object device{
        {"connection_type", "endpoint"},
        {"endpoint_uri", rocd_->endpoint(way.listener_node).at("endpoint_uri")}};
    rocd_->http().post("/streams", {{"display_name", way.streams.back()},
                                    {"source", chosen},
                                    {"destination", device},
                                    {"settings", boost::json::object{{"profile", profile_}}}});
  }
  follow_ports();
}

void House::follow_ports() {
  const auto port = [](const boost::json::object& resolved, const char* key) {
    const auto* uri = resolved.if_contains(key);
    if (uri == nullptr || !uri->is_string()) return std::uint16_t{0};
    const std::string text(uri->as_string());
    return static_cast<std::uint16_t>(std::stoi(text.substr(text.rfind(':') + 1)));
  };
  for (auto& way : ways_) {
    if (!way.over_rest) continue;
    const auto has_ports = [&] {
      const auto stream = rocd_->stream(way.streams.back());
      const auto* resolved = stream.at("status").at("resolved").if_object();
      if (resolved == nullptr)  // one that cannot start has none before it can
        return !stream.at("enabled").as_bool() || broken_.contains("roc-recv");
      way.to_receiver = {port(*resolved, "media_uri"), port(*resolved, "repair_uri"),
                         port(*resolved, "control_uri")};
      return way.to_receiver[0] != 0;
    };
    if (!eventually(has_ports))
      throw std::runtime_error(way.streams.back() + " gets no ports:\n" + rocd_->log());
    relay_->set_receiver({way.to_relay, way.to_receiver});
  }
}

void House::mute_speaker() {
  const auto device = rocd_->endpoint("rocd.speaker-a");
  rocd_->http().patch(std::string(device.at("endpoint_uri").as_string()), {{"muted", true}});
}

const Way& House::way_of(const std::string& stream) const {
  for (const auto& way : ways_)
    if (std::ranges::find(way.streams, stream) != way.streams.end()) return way;
  throw std::runtime_error("no way of " + stream);
}

std::vector<std::string> House::streams() const {
  std::vector<std::string> names;
  for (const auto& way : ways_) names.insert(names.end(), way.streams.begin(), way.streams.end());
  return names;
}

std::vector<std::string> House::piped_streams() const {
  std::vector<std::string> names;
  for (const auto& way : ways_)
    if (way.fec != "local") names.insert(names.end(), way.streams.begin(), way.streams.end());
  return names;
}

void House::start_rocd() {
  story_.reset();
  rocd_.reset();
  const auto run = directory_.path() / ("run" + std::to_string(++runs_));
  std::filesystem::create_directory(run);
  if (fakes_clock()) set_clock(0s);
  set_back_ = false;
  rocd_.emplace(Rocd::Options{.config = directory_.path() / "rocd.yaml",
                              .state = state() / "rocd",
                              .log = run / "log",
                              .launcher = faked_clock()});
  story_ = std::make_unique<Story>(rocd_->http().url(), run);
  if (runs_ > 1) follow_ports();
}

std::vector<std::string> House::faked_clock() const {
  if (!fakes_clock()) return {};
  return {"env", "LD_PRELOAD=" ROCD_CLOCK_SHIFT, "ROCD_CLOCK_FILE=" + clock_file().string()};
}

bool House::fakes_clock() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;
#else
  return true;
#endif
}

void House::set_clock(std::chrono::seconds ahead) {
  set_back_ |= ahead < ahead_;
  ahead_ = ahead;
  const auto fresh = clock_file().string() + ".new";  // it may be read at any moment
  write_file(fresh, (ahead < 0s ? "" : "+") + std::to_string(ahead.count()));
  std::filesystem::rename(fresh, clock_file());
}

std::map<std::string, Child> House::children() const {
  std::map<std::string, Child> children;
  for (const auto& name : piped_streams()) children[name] = {};
  const auto listed = rocd_->http().get("/streams");
  for (const auto& stream : listed.as_array()) {
    const auto found = children.find(std::string(stream.at("display_name").as_string()));
    if (found == children.end()) continue;
    const auto& status = stream.at("status").as_object();
    const auto& pid = status.at("pid");
    found->second = {pid.is_null() ? -1 : pid.to_number<int>(),
                     status.at("restarts").to_number<int>()};
  }
  return children;
}

Rocd& House::rocd() {
  if (!rocd_) throw std::runtime_error("rocd does not run");
  return *rocd_;
}

void House::kill_rocd() {
  note_lull();
  rocd_->process().signal(SIGKILL);
  if (rocd_->process().wait() != "signal 9") throw std::runtime_error("rocd survives SIGKILL");
}

void House::make_sound() {
  players_.clear();
  ears_.clear();
  const auto nodes = [this] {
    std::set<std::string> names;
    for (const auto& node : graph_nodes(session))
      if (node.ports > 0) names.insert(node.name);
    return names;
  };
  const auto left = nodes();
  if (!left.contains("test.sink")) make_sink(session, "test.sink");
  if (!left.contains("test.source")) make_source(session, "test.source");
  // Never a default device.
  if (!left.contains(control_.player_sink)) make_sink(session, control_.player_sink, 1);
  const auto complete = [&] {
    const auto there = nodes();
    return std::all_of(ways_.begin(), ways_.end(), [&](const Way& way) {
      return there.contains(way.player_sink) && there.contains(way.listener_node);
    });
  };
  if (!eventually(complete)) throw std::runtime_error("the devices do not come:\n" + rocd_->log());
  for (const auto& way : all_ways()) {
    players_[way.name] = std::make_unique<Player>(way.player_sink, tone_file(way));
    ears_[way.name] = std::make_unique<Ear>(way.listener_node, way.tap);
  }
  sound_since_ = std::chrono::steady_clock::now();
}

Milliseconds House::sound_age() const {
  return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - sound_since_);
}

void House::put_in_order() {
  relay_->set_weather({});
  set_interface(true);
  for (const std::string name : {"roc-send", "roc-recv"}) set_tool(name, true);
  std::filesystem::remove(state() / "filler");
  if (::mount(nullptr, state().c_str(), nullptr, MS_REMOUNT | MS_BIND, nullptr) != 0)
    fail("remount the state directory");
  for (const std::string daemon : {"pipewire", "wireplumber", "pipewire-pulse"})
    if (std::filesystem::exists(session.directory() / "pids" / daemon))
      session.signal(daemon, SIGCONT);
  session.restart();
  start_rocd();  // with limits and a clock as they should be
  const auto listed = rocd_->http().get("/streams");
  for (const auto& stream : listed.as_array())
    if (!stream.at("enabled").as_bool())
      rocd_->http().patch(std::string(stream.at("stream_uri").as_string()), {{"enabled", true}});
  make_sound();
  rocd_->wait_for_streams(streams());
  if (!eventually([&] { return missing_tones().empty(); }))
    throw std::runtime_error("the house cannot be put in order: " + missing_tones());
}

std::vector<Way> House::all_ways() const {
  auto all = ways_;
  all.push_back(control_);
  return all;
}

std::string House::missing_tones() const {
  std::string missing;
  std::map<std::string, double> begin;
  for (const auto& way : all_ways()) begin[way.name] = listener(way).position();
  const auto all_recorded = [&] {
    return std::all_of(begin.begin(), begin.end(), [&](const auto& from) {
      return ears_.at(from.first)->listener().position() >= from.second + heard_seconds;
    });
  };
  eventually(all_recorded, recorded_within);
  for (const auto& way : all_ways()) {
    const auto now = listener(way).position();
    if (now < begin[way.name] + heard_seconds) {
      missing += "nothing is recorded of " + way.name + "; ";
      continue;
    }
    const auto windows = listener(way).windows(way.tone, now - heard_seconds, now);
    if (std::find(windows.begin(), windows.end(), false) != windows.end())
      missing += "no tone by way of " + way.name + "; ";
  }
  return missing;
}

std::string House::ended_programs() const {
  std::string ended;
  for (const auto& way : all_ways()) {
    const auto player = players_.at(way.name)->end();
    if (!player.empty()) ended += "the player of " + way.name + " has ended: " + player + "; ";
    const auto recorder = listener(way).end();
    if (!recorder.empty())
      ended += "the recorder of " + way.name + " has ended: " + recorder + "; ";
  }
  return ended;
}

std::filesystem::path House::tone_file(const Way& way) const {
  return directory_.path() / (way.name + ".wav");
}

void House::set_tool(const std::string& name, bool works) {
  if (works)
    broken_.erase(name);
  else
    broken_.insert(name);
  std::string clock;
  for (const auto& word : faked_clock()) clock += "'" + word + "' ";
  write_program(tool(name),
                works ? "#!/bin/sh\nexec " + clock + name + " \"$@\"\n" : "#!/bin/sh\nexit 3\n");
}

std::map<std::string, int> House::inventory() {
  std::map<std::string, int> found;
  for (const auto& node : rocd_nodes(session)) ++found["node " + node];
  std::istringstream links(session.run("pw-link --links"));
  std::string port;
  for (std::string line; std::getline(links, line);) {
    const auto arrow = line.find("|-> ");
    if (arrow != std::string::npos && (port + line).find("rocd.") != std::string::npos)
      ++found["link " + port + " " + line.substr(arrow)];
    if (line.find("|->") == std::string::npos && line.find("|<-") == std::string::npos) port = line;
  }
  found["tools"] = static_cast<int>(roc_processes(session.directory()).size());
  const int pid = rocd_->process().pid();
  for (const int child : children_of(pid)) ++found[process_runs(child) ? "children" : "zombies"];
  count_descriptors(pid, found);
  const auto tasks = std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task");
  found["threads"] = static_cast<int>(std::distance(begin(tasks), end(tasks)));
  for (const auto& place : {state(), sockets()})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(place))
      ++found["file " + entry.path().filename().string()];
  const auto memory = std::filesystem::directory_iterator("/dev/shm");
  found["files of shared memory"] = static_cast<int>(std::distance(begin(memory), end(memory)));
  return found;
}

}  // namespace rocd::test
