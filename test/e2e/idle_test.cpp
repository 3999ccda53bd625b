// That an idle house sends nothing: a stream with on_idle: pause has a child only while something
// plays into its virtual device.
#include <arpa/inet.h>
#include <sys/socket.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <system_error>

#include "base/descriptor.hpp"
#include "e2e/scene.hpp"

using namespace rocd::test;
using enum rocd::test::Listener::Tap;

namespace {

constexpr Tone tone{440, 660};
// The target latency (200 ms at most) and a second; three times that, as others are at work here.
constexpr double longest_wait_ms = 3 * 1200;

std::string config_that_pauses() {
  auto text = loopback_config();
  const std::string before = "name: send\n";
  const auto at = text.find(before);
  if (at == std::string::npos) throw std::runtime_error("no stream 'send' in\n" + text);
  return text.insert(at + before.size(), "    on_idle: pause\n    idle_after: 1s\n");
}

// Where a stream sends to, and nobody plays it.
class Mailbox {
 public:
  Mailbox() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const at = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_.get(), at, size) != 0 || ::getsockname(socket_.get(), at, &size) != 0)
      throw std::system_error(errno, std::generic_category(), "a UDP port");
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] std::string uri() const { return "rtp://127.0.0.1:" + std::to_string(port_); }
  // Packets since the last call.
  [[nodiscard]] int take() const {
    std::array<char, 2048> packet{};
    int packets = 0;
    while (::recv(socket_.get(), packet.data(), packet.size(), 0) >= 0) ++packets;
    return packets;
  }

 private:
  rocd::Descriptor socket_;
  std::uint16_t port_ = 0;
};

}  // namespace

TEST_CASE("a stream that may pause sends only while something plays, and then is heard", "[e2e]") {
  Scene scene(config_that_pauses());
  auto& rocd = scene.rocd();
  rocd.wait_for_streams({"receive"});
  rocd.wait_for_streams({"send"}, "paused");
  CHECK(rocd.child_of("send") == -1);
  CHECK(rocd.stream("send").at("status").at("message") == "nothing plays into 'speaker'");
  CHECK(rocd.stream("send").at("status").at("health").at("overall") == "inactive");
  CHECK(roc_processes(scene.session.directory()).size() == 1);  // the receiver

  const Listener microphone("rocd.microphone", source);
  for (int song = 0; song < 2; ++song) {
    {
      const double begin = microphone.position();
      const Player player("rocd.speaker", tone);
      CHECK(microphone.listen_for(tone, {.seconds = 1}) == "heard");
      const double waited = microphone.longest_silence_ms(begin, microphone.position());
      WARN("the first sample is heard " << waited << " ms after the player was started");
      CHECK(waited < longest_wait_ms);
      CHECK(rocd.state_of("send") == "running");
    }
    rocd.wait_for_streams({"send"}, "paused");
    CHECK(rocd.child_of("send") == -1);
    CHECK(microphone.listen_for(silence, {.seconds = 1}) == "heard");
  }
  CHECK(rocd.stream("send").at("status").at("restarts") == 0);
  CHECK(rocd.http().request("GET", "/metrics").body.find("rocd_streams{state=\"paused\"} 1") !=
        std::string::npos);
}

TEST_CASE("a paused stream is heard again, whatever has ended and come back meanwhile", "[e2e]") {
  Scene scene(config_that_pauses());
  for (const std::string ended : {"pipewire", "wireplumber", "pipewire-pulse", "rocd"}) {
    INFO(ended);
    scene.rocd().wait_for_streams({"send"}, "paused");
    if (ended == "rocd") {
      scene.kill_rocd();
      scene.start_rocd();
    } else {
      scene.session.kill(ended);
      if (ended == "pipewire") scene.rocd().wait_for_streams({"send", "receive"}, "waiting");
      scene.session.restart();
    }
    auto& rocd = scene.rocd();
    rocd.wait_for_streams({"send"}, "paused");
    rocd.wait_for_streams({"receive"});
    const Listener microphone("rocd.microphone", source);
    const Player player("rocd.speaker", tone);
    INFO(rocd.log());
    CHECK(microphone.listen_for(tone, {.seconds = 1}) == "heard");
    CHECK(rocd.state_of("send") == "running");
  }
}

TEST_CASE("a stream made over REST pauses and keeps on as it is told", "[e2e]") {
  const Mailbox mailbox;
  Scene scene(loopback_config());
  auto& rocd = scene.rocd();
  rocd.wait_for_streams({"send", "receive"});
  auto stream = rocd.stream("send");
  const boost::json::object body{
      {"display_name", "more"},
      {"source", stream.at("source")},
      {"destination", {{"connection_type", "external"}, {"media_uri", mailbox.uri()}}},
      {"settings", {{"on_idle", "pause"}}}};
  const auto made = rocd.http().post("/streams", body);
  rocd.wait_for_streams({"more"}, "paused");
  (void)mailbox.take();
  CHECK_FALSE(eventually([&] { return mailbox.take() > 0; }, 2s));
  rocd.http().patch(std::string(made.at("stream_uri").as_string()),
                    {{"settings", {{"on_idle", "keep"}}}});
  rocd.wait_for_streams({"more"}, "running");
  CHECK(eventually([&] { return mailbox.take() > 0; }));
}
