#include "soak/working_children.hpp"

#include <array>
#include <boost/json/array.hpp>
#include <csignal>
#include <utility>

#include "soak/soak_part.hpp"

namespace rocd::test {
namespace {

// Of these streams alone.
const std::string host = "127.0.0.77";
constexpr unsigned first_port = 30'000;
// rocd has proven it before we see it: longer than ChildPolicy::stable_after by any measure.
constexpr auto stable_after = 10'200ms;
// The second one: an end with a last word and exit status 1.
constexpr std::array ends{SIGKILL, SIGUSR1, SIGSEGV, SIGTERM};

}  // namespace

std::string WorkingChildren::tool() {
  return "ulimit -c 0\ncase \"$*\" in\n*" + host +
         "*) exec '" ROCD_BIN_DIR "/rocd_test_roc_stand_in' \"$@\" ;;\nesac\n";
}

void WorkingChildren::make(SoakScene& scene, unsigned pairs, unsigned device_pairs) {
  auto& rest = scene.rest();
  const auto devices = soak_device_paths(rest);
  const auto make_one = [&](const boost::json::object& body) {
    streams_.emplace_back(rest.post("/streams", body).at("stream_uri").as_string());
    children_[streams_.back()] = {};
  };
  for (unsigned i = 0; i < pairs; ++i) {
    const auto number = std::to_string(i % device_pairs + 1);
    const auto address = [&](unsigned port) {
      return "rtp://" + host + ":" + std::to_string(first_port + port);
    };
    make_one(sending_stream(devices.at("speaker-" + number), address(i)));
    make_one(receiving_stream(devices.at("microphone-" + number), address(pairs + i)));
  }
}

void WorkingChildren::look(SoakScene& scene) {
  const auto shown = scene.rest().get("/streams");
  for (const auto& stream : shown.as_array()) {
    const auto found = children_.find(std::string(stream.at("stream_uri").as_string()));
    if (found == children_.end()) continue;
    auto& child = found->second;
    int pid = 0;
    if (state_in(stream) == "running") pid = stream.at("status").at("pid").to_number<int>();
    if (pid == child.ended) pid = 0;  // rocd has not noticed yet
    if (pid != child.pid) child.since = Clock::now();
    child.pid = pid;
  }
}

unsigned WorkingChildren::end_some(SoakScene& scene, unsigned most) {
  look(scene);
  const auto before = ended();
  for (std::size_t looked = 0; looked < streams_.size() && ended() - before < most; ++looked) {
    auto& child = children_.at(streams_[next_++ % streams_.size()]);
    if (child.pid == 0) continue;
    const bool stable = Clock::now() - child.since >= stable_after;
    if (!stable && ended_early_ > 2 * ended_stable_) continue;
    const bool was_there = ::kill(child.pid, ends[ended() % ends.size()]) == 0;
    child.ended = std::exchange(child.pid, 0);
    if (was_there) ++(stable ? ended_stable_ : ended_early_);
  }
  return ended() - before;
}

void WorkingChildren::expect_others() {
  for (auto& [path, child] : children_) child.ended = std::exchange(child.pid, 0);
}

void WorkingChildren::wait_until_whole(SoakScene& scene) {
  scene.wait(
      "the children that were ended are not replaced",
      [&] {
        look(scene);
        bool whole = true;
        for (const auto& [path, child] : children_) {
          if (child.pid != 0) continue;
          whole = false;
          if (state_in(scene.rest().get(path)) == "backoff")
            scene.rest().expect(202, "POST", path + "/restart");
        }
        return whole;
      },
      30ms);
}

}  // namespace rocd::test
