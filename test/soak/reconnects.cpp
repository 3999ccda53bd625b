// rocd's connection to PipeWire breaks and comes back, with devices, links and children that come
// back, too: mostly another client destroys rocd's client object, sometimes PipeWire itself dies.
#include <algorithm>
#include <boost/json/array.hpp>
#include <stdexcept>

#include "soak/soak_part.hpp"
#include "soak/working_children.hpp"

namespace rocd::test {
namespace {

constexpr int pairs = 3;            // of devices, with a local stream each
constexpr unsigned with_child = 1;  // of streams: a sender and a receiver
constexpr unsigned rarely = 33;     // one of so many is a new PipeWire

std::string client_of(const AudioSession& session, int pid) {
  for (const auto& object : session.dump()) {
    if (object.at("type") != "PipeWire:Interface:Client") continue;
    const auto& properties = object.at("info").at("props").as_object();
    const auto* its = properties.if_contains("pipewire.sec.pid");
    if (its != nullptr && its->is_int64() && its->as_int64() == pid)
      return std::to_string(object.at("id").as_int64());
  }
  throw std::runtime_error("rocd is no client of PipeWire");
}

class ReconnectSoak final : public SoakPart {
 public:
  [[nodiscard]] std::string config() const override {
    auto text = soak_devices(pairs) + "streams:\n";
    for (int i = 1; i <= pairs; ++i) {
      const auto number = std::to_string(i);
      text += "  - { name: local-" + number + ", source: speaker-" + number +
              ", destination: microphone-" + number + " }\n";
    }
    return text;
  }

  void prepare(SoakScene& scene) override {
    scene.set_tools(WorkingChildren::tool() + "exec \"${0##*/}\" \"$@\"\n");
    working_.make(scene, with_child, pairs);
    wait_until_whole(scene);
  }

  void run(SoakScene& scene, unsigned cycles) override {
    for (unsigned i = 0; i < cycles; ++i) {
      const auto before = reconnects(scene);
      working_.expect_others();
      if (++broken_ % rarely == 0) {
        scene.session.kill("pipewire");
        scene.session.restart();
        ++restarts_;
      } else {
        scene.session.run("pw-cli destroy " + client_of(scene.session, scene.pid()) +
                          " </dev/null >/dev/null");
      }
      scene.wait("PipeWire does not come back", [&] { return reconnects(scene) > before; });
      wait_until_whole(scene);
      replaced_ += working_.count();
    }
  }

  [[nodiscard]] std::string done() const override {
    return std::to_string(broken_) + " connections lost and found, " + std::to_string(restarts_) +
           " of them by a new PipeWire; " + std::to_string(replaced_) + " children were replaced";
  }

 private:
  static double reconnects(SoakScene& scene) {
    return scene.rest().metric("rocd_pipewire_reconnects_total");
  }

  void wait_until_whole(SoakScene& scene) {
    working_.wait_until_whole(scene);
    scene.wait("the streams do not run again", [&] {
      const auto streams = scene.rest().get("/streams");
      return std::all_of(streams.as_array().begin(), streams.as_array().end(),
                         [](const auto& stream) { return state_in(stream) == "running"; });
    });
  }

  WorkingChildren working_;
  unsigned broken_ = 0, restarts_ = 0;
  std::size_t replaced_ = 0;
};

}  // namespace

std::unique_ptr<SoakPart> make_reconnect_soak() {
  return std::make_unique<ReconnectSoak>();
}

}  // namespace rocd::test
