#include "rocctl/tone_trial.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <functional>
#include <thread>

#include "rocctl/interruption.hpp"
#include "rocctl/json_access.hpp"
#include "rocctl/program.hpp"
#include "rocctl/render.hpp"

namespace rocctl {
namespace json = boost::json;
namespace fs = std::filesystem;
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Reached only when something is broken.
constexpr auto device_limit = 15s, stream_limit = 25s, link_limit = 10s, sound_limit = 30s;
constexpr auto pause = 100ms;
constexpr const char* endpoints_path = "/peers/self/endpoints";
constexpr std::string_view directory_prefix = "rocctl-";
constexpr std::string_view mark = "tone-test-";  // in the names of what is made, before our pid
// Both stay with their device, whatever happens to it.
constexpr const char* stay = "node.dont-fallback=true node.dont-move=true";

Failure interrupted() {
  return {.message = "interrupted"};
}

// Calls `done` again and again; false when the time is over or somebody pressed Ctrl-C.
bool wait_until(Clock::duration limit, const std::function<bool()>& done) {
  for (const auto end = Clock::now() + limit; !done();) {
    if (Clock::now() >= end || Interruption::signal() != 0) return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

Failure too_late(const std::string& what) {
  if (Interruption::signal() != 0) return interrupted();
  return {.exit = Exit::unhealthy, .message = what};
}

// The pid in "rocd.tone-test-123-speaker"; 0 if there is none.
pid_t maker_of(const std::string& name) {
  const auto at = name.find(mark);
  if (at == std::string::npos) return 0;
  pid_t pid = 0;
  const char* begin = name.data() + at + mark.size();
  std::from_chars(begin, name.data() + name.size(), pid);
  return pid;
}

bool is_left_behind(const std::string& name) {
  const auto maker = maker_of(name);
  return maker > 0 && ::kill(maker, 0) != 0 && errno == ESRCH;
}

// A directory, gone with the object.
class Directory {
 public:
  Directory() {
    auto path = (fs::temp_directory_path() /
                 fmt::format("{}{}{}-XXXXXX", directory_prefix, mark, ::getpid()))
                    .string();
    if (::mkdtemp(path.data()) != nullptr) path_ = path;
  }
  ~Directory() {
    std::error_code ignored;  // a temporary directory, and there is nothing to do about it
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// What was made in the daemon: removed in the end, last things first.
class Borrowed {
 public:
  explicit Borrowed(const Session& session) : session_(session) {}  // which outlives this
  ~Borrowed() {
    for (auto path = paths_.rbegin(); path != paths_.rend(); ++path) {
      const auto removed = session_.client.send("DELETE", *path);
      if (!removed) session_.note(*path + " is left behind: " + removed.error().message);
    }
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;

  Outcome<json::value> make(const std::string& collection, const std::string& uri_member,
                            const json::object& body) {
    auto made = session_.client.send("POST", collection, body);
    if (made) paths_.push_back(text_at(*made, "/" + uri_member));
    return made;
  }

 private:
  const Session& session_;
  std::vector<std::string> paths_;
};

// A test that was killed could not do it itself.
void remove_leftovers(const Session& session) {
  std::error_code error;
  for (fs::directory_iterator each(fs::temp_directory_path(error), error), end;
       !error && each != end; each.increment(error)) {
    const auto name = each->path().filename().string();
    std::error_code denied;  // it is somebody else's
    if (name.starts_with(directory_prefix) && is_left_behind(name))
      fs::remove_all(each->path(), denied);
  }
  for (const auto& [path, kind] : {std::pair{"/streams", "stream"}, {endpoints_path, "endpoint"}}) {
    const auto items = session.client.get(path);
    if (!items) return;  // what follows fails, too, and says why
    for (const auto& item : items_of(*items)) {
      if (!is_left_behind(text_at(item, "/display_name"))) continue;
      const auto uri = text_at(item, "/" + std::string(kind) + "_uri");
      const auto removed = session.client.send("DELETE", uri);
      session.note(removed ? "removed " + uri + ", which an earlier test left behind"
                           : uri + ": " + removed.error().message);
    }
  }
}

class ToneTest {
 public:
  ToneTest(const Session& session, std::string profile)
      : session_(session), profile_(std::move(profile)), borrowed_(session) {}

  Outcome<ToneResult> run(const json::value& system) {
    if (directory_.path().empty()) return Failure{.message = "no temporary directory can be made"};
    remove_leftovers(session_);
    if (auto made = make_devices(); !made) return made.error();
    if (auto made = make_streams(system); !made) return made.error();
    return listen();
  }

 private:
  [[nodiscard]] std::string name(const std::string& what) const {
    return fmt::format("{}{}-{}", mark, ::getpid(), what);
  }

  Outcome<json::value> make_device(const std::string& what, const std::string& direction) {
    auto device = borrowed_.make(endpoints_path, "endpoint_uri",
                                 {{"display_name", name(what)},
                                  {"system_name", "rocd." + name(what)},
                                  {"stream_direction", direction}});
    if (!device) return device;
    return wait_for(text_at(*device, "/endpoint_uri"), device_limit, [](const json::value& now) {
      return text_at(now, "/status/state") == "present";
    });
  }

  Outcome<> make_devices() {
    auto speaker = make_device("speaker", "output");
    if (!speaker) return speaker.error();
    auto microphone = make_device("microphone", "input");
    if (!microphone) return microphone.error();
    speaker_ = std::move(*speaker);
    microphone_ = std::move(*microphone);
    return {};
  }

  Outcome<json::value> make_stream(const std::string& what, json::object source,
                                   json::object destination) {
    return borrowed_.make("/streams", "stream_uri",
                          {{"display_name", name(what)},
                           {"source", std::move(source)},
                           {"destination", std::move(destination)},
                           {"settings", {{"profile", profile_}}}});
  }

  Outcome<> make_streams(const json::value& system) {
    const auto receiving =
        make_stream("receive", address_to_listen(system), endpoint_of(microphone_));
    if (!receiving) return receiving.error();
    receiver_ = text_at(*receiving, "/stream_uri");
    const auto bound = wait_for(receiver_, stream_limit, [](const json::value& now) {
      return text_at(now, "/status/state") == "running";
    });
    if (!bound) return bound.error();
    json::object destination{{"connection_type", "external"}};
    for (const char* member : {"media_uri", "repair_uri", "control_uri"}) {
      const auto uri = text_at(*bound, "/status/resolved/" + std::string(member));
      if (!uri.empty()) destination[member] = uri;
    }
    const auto sending = make_stream("send", endpoint_of(speaker_), std::move(destination));
    if (!sending) return sending.error();
    for (const auto& path : {text_at(*sending, "/stream_uri"), receiver_})
      if (auto healthy = wait_for(path, stream_limit, is_well); !healthy) return healthy.error();
    return {};
  }

  // With error correction, if the tools have it.
  static json::object address_to_listen(const json::value& system) {
    bool with_fec = true;
    for (const auto& tool : items_at(system, "/tools")) {
      bool has = false;
      for (const auto& scheme : items_at(tool, "/fec")) has = has || text_at(scheme, "") == "rs8m";
      with_fec = with_fec && has;
    }
    json::object address{{"connection_type", "external"}, {"control_uri", "rtcp://127.0.0.1:0"}};
    address["media_uri"] = with_fec ? "rtp+rs8m://127.0.0.1:0" : "rtp://127.0.0.1:0";
    if (with_fec) address["repair_uri"] = "rs8m://127.0.0.1:0";
    return address;
  }

  static json::object endpoint_of(const json::value& endpoint) {
    return {{"connection_type", "endpoint"}, {"endpoint_uri", text_at(endpoint, "/endpoint_uri")}};
  }

  Outcome<json::value> wait_for(const std::string& path, Clock::duration limit,
                                const std::function<bool(const json::value&)>& enough) {
    Outcome<json::value> last = interrupted();
    const bool done = wait_until(limit, [&] {
      last = session_.client.get(path);
      return !last || enough(*last);
    });
    if (done || !last) return last;
    const auto what = text_at(*last, "/display_name");
    return too_late(what + " does not get ready: " + trouble_of(*last));
  }

  // Four channels of one recorder: their samples share one clock.
  Outcome<ToneResult> listen() {
    const auto recorder_name = "rocctl." + name("recorder");
    const auto recording = (directory_.path() / "heard.wav").string();
    const auto signal = (directory_.path() / "signal.wav").string();
    rocd::audio::write_wav(signal, make_tone_signal(), rocd::audio::SampleFormat::s16);
    Program recorder({find_program("pw-record"), "--target", "0", "--rate", "48000", "--channels",
                      "4", "--channel-map", "AUX0,AUX1,AUX2,AUX3", "--format", "f32", "-P",
                      fmt::format("{{ node.name={} {} }}", recorder_name, stay), recording},
                     (directory_.path() / "recorder.log").string());
    if (auto linked = link_recorder(recorder_name, recorder); !linked) return linked.error();
    Program player({find_program("pw-play"), "--target", text_at(speaker_, "/system_name"), "-P",
                    fmt::format("{{ {} }}", stay), signal},
                   (directory_.path() / "player.log").string());
    if (!wait_until(sound_limit, [&] { return !player.runs(); }))
      return too_late("pw-play does not come to its end");
    if (!player.finished().succeeded())
      return Failure{.message =
                         "pw-play: " + player.finished().how() + ", " + player.finished().output};
    const auto shown = session_.client.get(receiver_);
    recorder.interrupt();
    if (!wait_until(link_limit, [&] { return !recorder.runs(); }))
      return too_late("pw-record does not end");
    auto result = measure_tone(rocd::audio::read_wav(recording));
    if (shown) result.shown_latency_ms = number_at(*shown, "/status/metrics/e2e_latency_ms");
    return result;
  }

  Outcome<> link_recorder(const std::string& recorder_name, Program& recorder) {
    const auto pw_link = find_program("pw-link");
    const auto speaker = text_at(speaker_, "/system_name");
    const auto microphone = text_at(microphone_, "/system_name");
    const std::string from[] = {speaker + ":monitor_FL", speaker + ":monitor_FR",
                                microphone + ":capture_FL", microphone + ":capture_FR"};
    for (int i = 0; i < 4; ++i) {
      const auto to = fmt::format("{}:input_AUX{}", recorder_name, i);
      Finished last;
      const bool linked = wait_until(link_limit, [&] {
        last = run_program({pw_link, from[i], to}, 5s);
        return last.succeeded() || !recorder.runs();
      });
      if (!recorder.runs())
        return Failure{.message = "pw-record: " + recorder.finished().how() + ", " +
                                  recorder.finished().output};
      if (!linked) return too_late("pw-link " + from[i] + " " + to + ": " + last.output);
    }
    return {};
  }

  const Session& session_;
  std::string profile_, receiver_;
  Directory directory_;
  Borrowed borrowed_;
  json::value speaker_, microphone_;
};

}  // namespace

Outcome<ToneResult> run_tone_trial(const Session& session, const json::value& system,
                                   const std::string& profile) {
  for (const char* program : {"pw-record", "pw-play", "pw-link"})
    if (find_program(program).empty())
      return Failure{.message = std::string(program) + " is not in PATH",
                     .hint = "install PipeWire's own tools (pipewire-bin)"};
  const Interruption interruption;
  ToneTest test(session, profile);
  return test.run(system);
}

}  // namespace rocctl
