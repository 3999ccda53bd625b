// What happens between the computers.
#include <arpa/inet.h>
#include <sys/socket.h>

#include "base/descriptor.hpp"
#include "faults/fault.hpp"

namespace rocd::test {
namespace {

std::string path_of(House& house, const std::string& stream) {
  return std::string(house.rocd().stream(stream).at("stream_uri").as_string());
}

void enable(House& house, const std::string& stream, bool enabled) {
  house.rocd().http().patch(path_of(house, stream), {{"enabled", enabled}});
}

const Way& way_of(const House& house, const std::string& stream) {
  for (const auto& way : house.ways())
    if (way.streams.back() == stream) return way;
  throw std::runtime_error("no way of " + stream);
}

std::vector<std::string> receivers(const House& house) {
  std::vector<std::string> names;
  for (const auto& name : house.piped_streams())
    if (name.starts_with("receive")) names.push_back(name);
  return names;
}

Fault take_port(House& house, Random& random) {
  const auto stream = pick(receivers(house), random);
  enable(house, stream, false);
  house.rocd().wait_for_streams({stream}, "stopped");
  const auto port = way_of(house, stream).to_receiver[0];
  const auto thief = std::make_shared<Descriptor>(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto bound = [&] {
    return ::bind(thief->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  };
  if (!eventually(bound)) throw std::runtime_error("a stopped stream keeps its port");
  enable(house, stream, true);
  const auto lasts = between(1s, 6s, random);
  std::vector<Cause> causes{{{"is used by another program"}, {stream}}};
  if (lasts > shows_in_health) causes.push_back({{"is used by another program"}, {stream}, true});
  return {.what = "the port of " + stream + " is taken before it starts",
          .end = [thief] { *thief = Descriptor(); },
          .lasts = lasts,
          .causes = causes};
}

Fault absent_receiver(House& house, Random& random) {
  const auto stream = pick(receivers(house), random);
  enable(house, stream, false);
  // Its sender begins without it.
  const auto& sender = way_of(house, stream).streams.front();
  const auto answer = house.rocd().http().request("POST", path_of(house, sender) + "/restart");
  if (answer.status / 100 != 2) throw std::runtime_error("restart: " + answer.body);
  const auto lasts = between(500ms, 8s, random);
  // Without a control address nobody can know; the sender starts, and bad news waits 3 s then.
  const bool shows = lasts > shows_in_health + 2s && !way_of(house, stream).fec.empty();
  return {
      .what = stream + " appears after its sender",
      .end = [&house, stream] { enable(house, stream, true); },
      .lasts = lasts,
      .causes = shows ? std::vector<Cause>{{{"receiver"}, {sender}, true}} : std::vector<Cause>{}};
}

// Of each way one of the two streams says that nothing arrives, if it lasts.
std::vector<Cause> nothing_arrives(const House& house, Milliseconds lasts) {
  std::vector<Cause> causes;
  for (const auto& way : house.ways())
    if (way.fec != "local" && lasts > shows_in_health)
      causes.push_back({{"the sender has stopped", "no sender yet", "no receiver answers",
                         "the receiver no longer answers", "gaps", "packets are lost"},
                        way.streams,
                        true});
  return causes;
}

Fault interface_down(House& house, Random& random) {
  const auto lasts = between(200ms, 6s, random);
  set_interface(false);
  return {.what = "the network interface goes down and up",
          .end = [] { set_interface(true); },
          .lasts = lasts,
          .causes = nothing_arrives(house, lasts)};
}

Fault weather(House& house, Random& random, Relay::Weather weather, const std::string& what) {
  house.relay().set_weather(weather);
  return {.what = what,
          .end = [&house] { house.relay().set_weather({}); },
          .lasts = between(1s, 5s, random)};
}

Fault some_loss(House& house, Random& random) {
  return weather(house, random, {.loss = 0.05}, "5 % of the packets are lost");
}

Fault much_loss(House& house, Random& random) {
  return weather(house, random, {.loss = 0.20}, "20 % of the packets are lost");
}

Fault jitter(House& house, Random& random) {
  return weather(house, random, {.jitter_ms = 50}, "50 ms of jitter");
}

Fault outage(House& house, Random& random) {
  auto fault = weather(house, random, {.loss = 1}, "all packets are lost");
  fault.lasts = between(500ms, 7s, random);
  fault.causes = nothing_arrives(house, fault.lasts);
  return fault;
}

}  // namespace

void add_network_faults(std::vector<FaultKind>& kinds) {
  kinds.push_back({"network: port taken before start", Company::none, take_port});
  kinds.push_back({"network: receiver appears later", Company::none, absent_receiver});
  kinds.push_back({"network: interface down and up", Company::none, interface_down});
  kinds.push_back({"network: 5 % loss", Company::others, some_loss});
  kinds.push_back({"network: 20 % loss", Company::others, much_loss});
  kinds.push_back({"network: 50 ms jitter", Company::others, jitter});
  kinds.push_back({"network: outage", Company::others, outage});
}

}  // namespace rocd::test
