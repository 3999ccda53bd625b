// Streams of all kinds are made, their roc-send, roc-recv or links start, and they are deleted:
// most while the tool is still starting, some when they carry audio.
#include <boost/json/array.hpp>

#include "soak/soak_part.hpp"

namespace rocd::test {
namespace {

constexpr int pairs = 2;        // of devices: each has a sender, a receiver and a local stream
constexpr unsigned rarely = 8;  // one of so many rounds waits until all run

class StreamSoak final : public SoakPart {
 public:
  [[nodiscard]] std::string config() const override { return soak_devices(pairs); }

  void prepare(SoakScene& scene) override { devices_ = soak_device_paths(scene.rest()); }

  // A local stream has no child, and does not count as a cycle.
  void run(SoakScene& scene, unsigned cycles) override {
    for (unsigned made = 0; made < cycles; made += 2 * pairs) make_some(scene);
  }

  [[nodiscard]] std::string done() const override {
    return std::to_string(children_) + " streams had a child, " + std::to_string(linked_) +
           " were links; " + std::to_string(running_) + " ran, all were deleted";
  }

 private:
  struct Made {
    std::string path;
    bool local;
  };

  void make_some(SoakScene& scene) {
    auto& rest = scene.rest();
    std::vector<Made> streams;
    const auto make = [&](const boost::json::object& body, bool local) {
      streams.push_back(
          {std::string(rest.post("/streams", body).at("stream_uri").as_string()), local});
    };
    for (int i = 1; i <= pairs; ++i) {
      const auto& speaker = devices_.at("speaker-" + std::to_string(i));
      const auto& microphone = devices_.at("microphone-" + std::to_string(i));
      make(sending_stream(speaker), false);
      make(receiving_stream(microphone), false);
      make(local_stream(speaker, microphone), true);
    }
    const bool until_running = round_++ % rarely == 0;
    for (const auto& stream : streams) {
      scene.wait(stream.path + " does not start",
                 [&] { return started(rest.get(stream.path), stream.local || until_running); });
      ++(stream.local ? linked_ : children_);
      running_ += stream.local || until_running;
    }
    for (const auto& stream : streams) rest.remove(stream.path);
    scene.wait("children do not end", [&] { return count_children(scene.pid()) == 0; });
  }

  static bool started(const boost::json::value& stream, bool must_run) {
    if (must_run) return state_in(stream) == "running";
    const auto* pid = stream.at("status").as_object().if_contains("pid");
    return pid != nullptr && !pid->is_null();
  }

  std::map<std::string, std::string> devices_;
  unsigned round_ = 0, children_ = 0, linked_ = 0, running_ = 0;
};

}  // namespace

std::unique_ptr<SoakPart> make_stream_soak() {
  return std::make_unique<StreamSoak>();
}

}  // namespace rocd::test
