#include "device/port_match.hpp"

#include <catch2/catch_test_macros.hpp>
#include <list>

using namespace rocd;

namespace {

struct Ports {
  explicit Ports(GlobalId first, std::initializer_list<const char*> channels) {
    for (const auto* channel : channels) {
      PortFacts port;
      port.id = first++;
      port.channel = channel;
      storage.push_back(port);
      list.push_back(&storage.back());
    }
  }
  std::list<PortFacts> storage;
  std::vector<const PortFacts*> list;
};

std::vector<PortPair> match(const Ports& from, const Ports& to) {
  return match_ports(from.list, to.list);
}

}  // namespace

TEST_CASE("the same channels are linked, whatever their order") {
  CHECK(match(Ports(1, {"FL", "FR"}), Ports(11, {"FR", "FL"})) ==
        std::vector<PortPair>{{2, 11}, {1, 12}});
}

TEST_CASE("mono spreads to the front pair, and to everything without one") {
  CHECK(match(Ports(1, {"MONO"}), Ports(11, {"FL", "FR", "LFE"})) ==
        std::vector<PortPair>{{1, 11}, {1, 12}});
  CHECK(match(Ports(1, {"MONO"}), Ports(11, {"AUX0", "AUX1"})) ==
        std::vector<PortPair>{{1, 11}, {1, 12}});
}

TEST_CASE("many channels become one by the front pair") {
  CHECK(match(Ports(1, {"FL", "FR", "FC"}), Ports(11, {"MONO"})) ==
        std::vector<PortPair>{{1, 11}, {2, 11}});
}

TEST_CASE("channels without a counterpart are left alone") {
  CHECK(match(Ports(1, {"FL", "FR", "FC", "LFE"}), Ports(11, {"FL", "FR"})) ==
        std::vector<PortPair>{{1, 11}, {2, 12}});
  CHECK(match(Ports(1, {"FL", "FR"}), Ports(11, {"FL", "FR", "RL", "RR"})) ==
        std::vector<PortPair>{{1, 11}, {2, 12}});
}

TEST_CASE("channels that share no name are paired in order") {
  CHECK(match(Ports(1, {"AUX0", "AUX1", "AUX2"}), Ports(11, {"FL", "FR"})) ==
        std::vector<PortPair>{{1, 11}, {2, 12}});
  CHECK(match(Ports(1, {"", ""}), Ports(11, {"", ""})) == std::vector<PortPair>{{1, 11}, {2, 12}});
}

TEST_CASE("nothing is linked to nothing") {
  CHECK(match(Ports(1, {}), Ports(11, {"FL"})).empty());
  CHECK(match(Ports(1, {"FL"}), Ports(11, {})).empty());
}

TEST_CASE("every count of channels has positions") {
  CHECK(channel_positions(1) == "MONO");
  CHECK(channel_positions(2) == "FL FR");
  CHECK(channel_positions(8) == "FL FR FC LFE RL RR SL SR");
  CHECK(channel_positions(9) == "AUX0 AUX1 AUX2 AUX3 AUX4 AUX5 AUX6 AUX7 AUX8");
}
