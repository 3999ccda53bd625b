// Tools that die, in many ways, again and again: nine of ten soon after their start, and never
// proven to work; one of ten when they have worked.
#include <chrono>

#include "soak/soak_part.hpp"
#include "soak/working_children.hpp"

namespace rocd::test {
namespace {

constexpr int pairs = 20;  // a sender and a receiver each
// So few that the last ten exits of each are there when the warm-up is over.
constexpr int working_pairs = 10;
constexpr int device_pairs = 2;    // that all of them share
constexpr unsigned of_these = 10;  // cycles, one is of a child that worked
// After that long each has failed five times, and would wait for seconds: a restart is at once.
constexpr auto restart_interval = 1600ms;
// Of looking for children that can be ended.
constexpr auto end_interval = 200ms;

// What the tools say, as they say it; then an end of a random kind. One byte per end is written
// to `journal`. To what rocd asks of a tool itself, which is never of a device, the real one
// answers: rocd asks again when the program is another one, and would not start a broken one.
std::string dying_tool(const std::string& journal) {
  return WorkingChildren::tool() + "journal='" + journal + R"('
case "$*" in *pulse://*) ;; *) exec "${0##*/}" "$@" ;; esac
say() { echo "12:00:00.000 [$$] [$1] $2" >&2; }
fate=$(($$ % 6))
if [ $fate -gt 0 ]; then
  say inf "roc_sndio: [pulseaudio_device.cpp:583] pulseaudio sink: opening stream: device=rocd.x n_channels=2 sample_rate=48000"
  say dbg "roc_sndio: [pump.cpp:57] pump: starting main loop"
  say inf "roc_pipeline: [receiver_session_group.cpp:385] session group: creating session: src_addr=127.0.0.1:50000 dst_addr=127.0.0.1:10000"
fi
if [ $fate -eq 4 ]; then
  i=0
  while [ $i -lt 60 ]; do
    i=$((i + 1))
    say dbg "roc_audio: [latency_tuner.cpp:419] latency tuner: e2e_latency=9776(203.667ms) niq_latency=8270(172.292ms) target_latency=9600(200.000ms) jitter=1(2.000ms) round $i of $$"
  done
  echo "said to nobody in particular by $$"
  printf 'a line without an end' >&2
fi
[ $fate -ne 1 ] || say err "roc_recv: [main.cpp:448] can't open output file or device: uri=pulse://rocd.x"
printf x >>"$journal"
case $fate in
  2) kill -SEGV $$ ;;
  3) kill -KILL $$ ;;
  4) kill -ABRT $$ ;;
  5) exit 0 ;;
  *) exit 1 ;;
esac
)";
}

class CrashSoak final : public SoakPart {
 public:
  [[nodiscard]] std::string config() const override { return soak_devices(device_pairs); }

  void prepare(SoakScene& scene) override {
    auto& rest = scene.rest();
    const auto devices = soak_device_paths(rest);
    journal_ = scene.path("journal");
    write_file(journal_, "");
    scene.set_tools(dying_tool(journal_.string()));
    const auto make = [&](boost::json::object body) {
      body["enabled"] = false;
      streams_.emplace_back(rest.post("/streams", body).at("stream_uri").as_string());
    };
    for (int i = 0; i < pairs; ++i) {
      const auto number = std::to_string(i % device_pairs + 1);
      make(sending_stream(devices.at("speaker-" + number)));
      make(receiving_stream(devices.at("microphone-" + number)));
    }
    working_.make(scene, working_pairs, device_pairs);
    working_.wait_until_whole(scene);
  }

  void run(SoakScene& scene, unsigned cycles) override {
    cycles_ += cycles;
    const auto wanted_of_working = cycles_ / of_these;
    const auto wanted = crashes() + cycles - (wanted_of_working - working_.ended());
    for (const auto& stream : streams_) scene.rest().patch(stream, {{"enabled", true}});
    auto now = std::chrono::steady_clock::now();
    auto restart_at = now + restart_interval;
    auto end_at = now + end_interval;
    scene.wait(
        "the tools do not crash any more",
        [&] {
          now = std::chrono::steady_clock::now();
          if (now >= restart_at) {
            for (const auto& stream : streams_)
              scene.rest().expect(202, "POST", stream + "/restart");
            restart_at = now + restart_interval;
          }
          if (now >= end_at) {
            working_.end_some(scene, wanted_of_working - working_.ended());
            end_at = now + end_interval;
          }
          return crashes() >= wanted;
        },
        20ms);
    for (const auto& stream : streams_) scene.rest().patch(stream, {{"enabled", false}});
    while (working_.ended() < wanted_of_working)
      scene.wait(
          "no child has worked long enough",
          [&] { return working_.end_some(scene, wanted_of_working - working_.ended()) > 0; },
          end_interval);
    working_.wait_until_whole(scene);
    scene.wait("children do not end",
               [&] { return count_children(scene.pid()) == working_.count(); });
  }

  [[nodiscard]] std::string done() const override {
    return std::to_string(crashes()) + " crashes of " + std::to_string(streams_.size()) +
           " streams' tools, and " + std::to_string(working_.ended()) + " of the children of " +
           std::to_string(working_.count()) + " streams that worked, " +
           std::to_string(working_.ended_stable()) + " of them for 10 s";
  }

 private:
  [[nodiscard]] std::uintmax_t crashes() const { return std::filesystem::file_size(journal_); }

  std::filesystem::path journal_;
  std::vector<std::string> streams_;
  WorkingChildren working_;
  unsigned cycles_ = 0;
};

}  // namespace

std::unique_ptr<SoakPart> make_crash_soak() {
  return std::make_unique<CrashSoak>();
}

}  // namespace rocd::test
