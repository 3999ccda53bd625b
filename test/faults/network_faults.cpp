// What happens between the computers.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <cmath>

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

std::vector<std::string> receivers(const House& house) {
  std::vector<std::string> names;
  for (const auto& way : house.ways())
    if (way.fec != "local") names.push_back(way.streams.back());
  return names;
}

void disable(House& house, const std::string& stream) {
  enable(house, stream, false);
  house.rocd().wait_for_streams({stream}, "stopped");
}

Fault take_port(House& house, Random& random) {
  auto names = receivers(house);
  // Those that choose their ports take others.
  std::erase_if(names, [&](const auto& name) { return house.way_of(name).over_rest; });
  const auto stream = pick(names, random);
  disable(house, stream);
  const auto port = house.way_of(stream).to_receiver[0];
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
  std::vector<Cause> causes{
      {.words = {"is used by another program"}, .streams = {stream}, .in_states_only = true}};
  if (lasts > shows_in_health) causes.push_back({{"is used by another program"}, {stream}, true});
  return {.what = "the port of " + stream + " is taken before it starts",
          .reach = reach_of(house, {stream}),
          .end = [thief] { *thief = Descriptor(); },
          .lasts = lasts,
          .causes = causes};
}

const std::vector<std::string> no_answer{"no receiver answers", "the receiver no longer answers"};

Fault absent_receiver(House& house, Random& random) {
  const auto stream = pick(receivers(house), random);
  disable(house, stream);
  // Its sender begins without it.
  const auto& way = house.way_of(stream);
  const auto& sender = way.streams.front();
  const auto answer = house.rocd().http().request("POST", path_of(house, sender) + "/restart");
  if (answer.status / 100 != 2) throw std::runtime_error("restart: " + answer.body);
  const auto lasts = between(500ms, 8s, random);
  // Without a control address nobody can know; the sender starts, and bad news waits 3 s then.
  const bool shows = lasts > shows_in_health + 2s && !way.fec.empty();
  return {.what = stream + " appears after its sender",
          .reach = reach_of(house, way.streams),
          .end = [&house, stream] { enable(house, stream, true); },
          .lasts = lasts,
          .causes = shows ? std::vector<Cause>{{no_answer, {sender}, true}} : std::vector<Cause>{}};
}

// Of each way one of the two streams says that nothing arrives, if it lasts.
std::vector<Cause> nothing_arrives(const House& house, Milliseconds lasts) {
  std::vector<Cause> causes;
  for (const auto& way : house.ways())
    if (way.fec != "local" && lasts > shows_in_health)
      causes.push_back({{"the sender has stopped", "no sender yet", "no receiver answers",
                         "the receiver no longer answers"},
                        way.streams,
                        true});
  return causes;
}

Fault interface_down(House& house, Random& random) {
  const auto lasts = between(200ms, 6s, random);
  house.note_lull();
  const auto at = std::chrono::steady_clock::now();
  set_interface(false);
  return {.what = "the network interface goes down and up",
          .reach = reach_of_network(house),
          .end = [] { set_interface(true); },
          .lasts = lasts,
          .causes = nothing_arrives(house, lasts),
          .unreachable = true,
          .at = at};
}

// As many as were to be lost (5 sigma), or late.
void check_weather(Relay::Weather weather, const Relay::Counts& before, const Relay::Counts& now,
                   bool was_lull) {
  const double least = was_lull ? 0 : 50;  // a stream sends 200 and more a second
  constexpr double on_their_way = 10;
  const auto packets = static_cast<double>(now.packets - before.packets);
  const auto lost = static_cast<double>(now.lost - before.lost);
  const auto delayed = static_cast<double>(now.delayed - before.delayed);
  const double sigma = std::sqrt(packets * weather.loss * (1 - weather.loss));
  const bool loss_is_right =
      std::abs(lost - packets * weather.loss) <= 5 * sigma + (weather.loss > 0 ? on_their_way : 0);
  const bool jitter_is_right = weather.jitter_ms == 0 || delayed >= packets - lost - on_their_way;
  if (packets >= least && loss_is_right && jitter_is_right) return;
  throw std::runtime_error(
      fmt::format("the network was not as bad as it should be: {} packets, {} "
                  "lost, {} late",
                  packets, lost, delayed));
}

Fault weather(House& house, Random& random, Relay::Weather weather, const std::string& what) {
  house.relay().set_weather(weather);
  const auto before = house.relay().counts();
  return {.what = what,
          .reach = reach_of_network(house),
          .end =
              [&house, weather, before, lulls_before = house.lulls()] {
                const auto now = house.relay().counts();
                house.relay().set_weather({});
                check_weather(weather, before, now, house.lulls() != lulls_before);
              },
          .lasts = between(1s, 5s, random)};
}

// What each receiver with error correction has repaired; the others, nothing.
std::map<std::string, std::int64_t> repaired(House& house) {
  std::map<std::string, std::int64_t> packets;
  for (const auto& name : receivers(house))
    if (!house.way_of(name).fec.empty())
      packets[name] = house.rocd()
                          .stream(name)
                          .at("status")
                          .at("metrics")
                          .at("repaired_packets")
                          .to_number<std::int64_t>();
  return packets;
}

// Receivers tell of losses, also of those that nobody hears; that they repair is counted.
Fault loss(House& house, Random& random, double share) {
  const auto repaired_before = repaired(house);
  const auto children = house.children();
  auto fault = weather(house, random, {.loss = share},
                       fmt::format("{:.0f} % of the packets are lost", share * 100));
  for (const auto& name : receivers(house))
    fault.causes.push_back({{"recovered by FEC", "gaps", "no longer arrive"}, {name}, true});
  fault.end = [&house, repaired_before, children, lulls_before = house.lulls(),
               bad_weather = fault.end] {
    const auto now = repaired(house);
    const auto children_now = house.children();
    bad_weather();
    if (house.lulls() != lulls_before) return;  // perhaps there was nothing to repair
    for (const auto& [name, packets] : repaired_before) {
      // A new one counts from 0; one that another fault has hit perhaps had nothing to play to.
      const auto& sender = house.way_of(name).streams.front();
      const auto is_hit = [&](const auto& stream) {
        return house.spared().contains(stream) || children_now.at(stream) != children.at(stream);
      };
      if (!is_hit(name) && !is_hit(sender) && now.at(name) <= packets)
        throw std::runtime_error(name + " has not repaired a single packet");
    }
  };
  return fault;
}

Fault some_loss(House& house, Random& random) {
  auto fault = loss(house, random, 0.05);
  for (const auto& way : house.ways())
    if (!way.fec.empty()) fault.reach.ways.erase(way.name);  // that is what it is for
  return fault;
}

Fault much_loss(House& house, Random& random) {
  return loss(house, random, 0.20);
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
  const auto add = [&](const char* name, Fault (*begin)(House&, Random&), bool writes,
                       bool in_health = true) {
    kinds.push_back({.name = name,
                     .company = Company::others,
                     .begin = begin,
                     .outlives_rocd = true,
                     .writes = writes,
                     .in_health = in_health});
  };
  add("network: port taken before start", take_port, true);
  add("network: receiver appears later", absent_receiver, true);
  add("network: 5 % loss", some_loss, false);
  add("network: 20 % loss", much_loss, false);
  add("network: 50 ms jitter", jitter, false, false);
  add("network: outage", outage, false);
  kinds.push_back({.name = "network: interface down and up",
                   .company = Company::last,
                   .begin = interface_down,
                   .in_health = true});
}

}  // namespace rocd::test
