#include "e2e/bystander.hpp"

#include <boost/json/array.hpp>
#include <map>
#include <stdexcept>

namespace rocd::test {
namespace {

constexpr Tone tone{440, 660};
constexpr Tone tone_by_hand{960, 1440};
constexpr double tone_seconds = 900;
constexpr auto speaker_by_hand = "test.speaker", microphone_by_hand = "test.microphone";
// Of 100 ms.
constexpr std::size_t bearable_windows = 5, replacing_windows = 50;

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// ":10001" -> ":20001", for each port that the stream uses.
std::map<std::string, std::string> other_ports(const boost::json::object& stream) {
  std::map<std::string, std::string> ports;
  const auto& resolved = stream.at("status").at("resolved").as_object();
  for (const std::string kind : {"media_uri", "repair_uri", "control_uri"}) {
    const auto* uri = resolved.if_contains(kind);
    if (uri == nullptr) continue;
    const std::string text(uri->as_string());
    ports[text.substr(text.rfind(':'))];
  }
  const auto free = free_udp_ports(ports.size());
  auto next = free.begin();
  for (auto& [from, to] : ports) to = ":" + std::to_string(*next++);
  return ports;
}

// What rocd runs for the stream, with other devices and ports.
std::vector<std::string> by_hand(const boost::json::object& stream,
                                 const std::map<std::string, std::string>& ports) {
  std::vector<std::string> argv;
  for (const auto& argument : stream.at("status").at("resolved").at("argv").as_array()) {
    std::string text(argument.as_string());
    for (const auto& [from, to] : ports)
      if (text.ends_with(from)) text.replace(text.size() - from.size(), from.size(), to);
    replace_all(text, "rocd.speaker", speaker_by_hand);
    replace_all(text, "rocd.microphone.feed", microphone_by_hand);
    argv.push_back(std::move(text));
  }
  return argv;
}

std::string milliseconds(std::size_t windows) {
  return std::to_string(100 * windows) + " ms";
}

}  // namespace

SilenceVerdict judge_silences(std::size_t by_rocd, std::size_t by_hand) {
  const bool keeps_up = by_hand <= bearable_windows;
  const auto allowed = bearable_windows + by_hand * 3 / 2 + (keeps_up ? 0 : replacing_windows);
  return {by_rocd <= allowed, keeps_up};
}

Bystander::Bystander(Scene& scene) {
  const auto path = [this](const std::string& name) { return directory_.path() / name; };
  // Never default devices.
  make_sink(scene.session, speaker_by_hand, 1);
  make_sink(scene.session, microphone_by_hand, 1);
  const auto send = scene.rocd().stream("send"), receive = scene.rocd().stream("receive");
  const auto ports = other_ports(receive);
  receiver_.emplace(
      Process::Options{.argv = by_hand(receive, ports), .output = path("receiver"), .errors = {}});
  sender_.emplace(
      Process::Options{.argv = by_hand(send, ports), .output = path("sender"), .errors = {}});
  write_tone(path("tone.wav"), tone, tone_seconds);
  write_tone(path("hand.wav"), tone_by_hand, tone_seconds);
  player_.emplace("rocd.speaker", path("tone.wav"));
  player_by_hand_.emplace(speaker_by_hand, path("hand.wav"));
  ear_.emplace("rocd.microphone", Listener::Tap::source);
  ear_by_hand_.emplace(microphone_by_hand, Listener::Tap::monitor);
  const auto by_rocd = ear_->listener().listen_for(tone);
  const auto by_tools = ear_by_hand_->listener().listen_for(tone_by_hand);
  if (by_rocd != "heard" || by_tools != "heard")
    throw std::runtime_error("before anything happens: by way of rocd " + by_rocd + ", by hand " +
                             by_tools + ": " + read_file(path("receiver")));
  since_ = std::chrono::steady_clock::now();
}

bool Bystander::is_heard() const {
  return ear_->listener().listen_for(tone, {.seconds = 1}) == "heard";
}

Bystander::Judgement Bystander::judge() const {
  auto heard = ear_->heard(tone, since_);
  const auto heard_by_hand = ear_by_hand_->heard(tone_by_hand, since_);
  const auto longest = longest_silence(heard), by_hand = longest_silence(heard_by_hand);
  return {judge_silences(longest, by_hand),
          "in " + std::to_string(heard.size() / 10) + " s the longest silence by way of rocd was " +
              milliseconds(longest) + ", by hand " + milliseconds(by_hand) +
              "\nby rocd: " + timeline(heard) + "\nby hand: " + timeline(heard_by_hand)};
}

}  // namespace rocd::test
