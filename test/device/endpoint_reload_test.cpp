// Endpoints of a configuration that is read anew while the devices are in use.
#include <catch2/catch_test_macros.hpp>

#include "endpoint_world.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

EndpointSpec entry(const std::string& name) {
  EndpointSpec spec;
  spec.uid = Uid::derive(self.str(), "endpoint", name);
  spec.name = name;
  spec.origin = Origin::config;
  spec.location = "rocd.yaml:12:5";
  return spec;
}

const Uid kitchen = entry("kitchen").uid;
const Uid attic = entry("attic").uid;

ReloadDiff reload(EndpointWorld& peer, const std::vector<EndpointSpec>& configured) {
  REQUIRE(peer.endpoints->conflicts(configured).empty());
  const auto prepared = peer.endpoints->prepare(configured);
  REQUIRE(prepared.has_value());
  peer.endpoints->apply(*prepared);
  peer.driver->deliver();
  peer.configured = configured;
  return prepared->plan.diff();
}

}  // namespace

TEST_CASE("endpoints of a new configuration come, change and go, others are not touched") {
  EndpointWorld peer({entry("kitchen"), entry("bath"), entry("hall")});
  auto hall = entry("hall");
  hall.channels = 1;
  auto moved = entry("kitchen");
  moved.location = "rocd.yaml:1:5";
  peer.driver->log.clear();
  peer.changed.clear();
  const auto diff = reload(peer, {moved, hall, entry("attic")});
  CHECK(diff.added == std::vector{attic});
  CHECK(diff.changed == std::vector{hall.uid});
  CHECK(diff.removed == std::vector{entry("bath").uid});

  CHECK(peer.at(attic).status.state == EndpointState::present);
  CHECK(peer.at(attic).spec.version == 1);
  CHECK(peer.at(hall.uid).spec.channels == 1);
  CHECK(peer.at(hall.uid).spec.version == 2);
  CHECK(peer.endpoints->find(entry("bath").uid) == nullptr);
  CHECK(peer.driver->device("rocd.bath") == nullptr);

  CHECK(peer.at(kitchen).spec.version == 1);
  CHECK(peer.driver->made.at("rocd.kitchen") == 1);
  CHECK_FALSE(peer.changed.contains(kitchen));
  for (const auto& call : peer.driver->log) CHECK(call.find("kitchen") == std::string::npos);
  // Errors name its line all the same.
  auto spec = peer.at(kitchen).spec;
  spec.channels = 8;
  CHECK(peer.endpoints->update(kitchen, spec).error().where == "rocd.yaml:1:5");
}

TEST_CASE("a device is made anew for another shape, not for another name or volume") {
  EndpointWorld peer({entry("kitchen"), entry("bath"), entry("attic")});
  auto louder = entry("kitchen");
  louder.volume = 0.5;
  louder.display_name = "Kitchen speakers";
  auto turned = entry("bath");
  turned.direction = StreamDirection::input;
  auto mono = entry("attic");
  mono.channels = 1;
  reload(peer, {louder, turned, mono});
  CHECK(peer.driver->made.at("rocd.kitchen") == 1);
  CHECK(peer.driver->device("rocd.kitchen")->volume == 0.5);
  CHECK(peer.driver->made.at("rocd.bath") == 2);
  CHECK(peer.driver->device("rocd.bath")->direction == StreamDirection::input);
  CHECK(peer.driver->made.at("rocd.attic") == 2);
}

TEST_CASE("a value of the file takes effect where it is not overridden") {
  EndpointWorld peer({entry("kitchen")});
  auto spec = peer.at(kitchen).spec;
  spec.muted = true;
  REQUIRE(peer.endpoints->update(kitchen, spec).has_value());
  peer.driver->deliver();
  auto file = entry("kitchen");
  file.volume = 0.5;
  reload(peer, {file});
  CHECK(peer.at(kitchen).spec.volume == 0.5);
  CHECK(peer.at(kitchen).spec.muted);
  CHECK(peer.at(kitchen).spec.version == 3);

  // What is overridden hides the change: nothing of the endpoint is another.
  spec = peer.at(kitchen).spec;
  spec.volume = 0.75;
  REQUIRE(peer.endpoints->update(kitchen, spec).has_value());
  peer.driver->deliver();
  file.volume = 0.25;
  CHECK(reload(peer, {file}).changed.empty());
  CHECK(peer.at(kitchen).spec.volume == 0.75);
  CHECK(peer.endpoints->configured(kitchen)->volume == 0.25);
}

TEST_CASE("a volume that somebody set a moment ago is kept over a reload") {
  EndpointWorld peer({entry("kitchen"), entry("attic")});
  peer.driver->change_volume("rocd.kitchen", 0.7, false);
  peer.driver->change_volume("rocd.attic", 0.6, false);
  peer.driver->deliver();
  auto file = entry("kitchen");
  file.volume = 0.5;
  file.muted = true;
  reload(peer, {file});  // neither of the volumes is stored yet
  CHECK(peer.at(kitchen).spec.volume == 0.7);
  CHECK(peer.at(kitchen).spec.muted);
  reload(peer, {file, entry("attic")});
  CHECK(peer.at(attic).spec.volume == 0.6);
  peer.restart();
  CHECK(peer.at(kitchen).spec.volume == 0.7);
  CHECK(peer.endpoints->overrides(kitchen) == EndpointOverrides{0.7, {}, {}});
  CHECK(peer.at(attic).spec.volume == 0.6);
}

TEST_CASE("versions do not go back when an entry goes and returns, nor at the next start") {
  EndpointWorld peer({entry("kitchen"), entry("attic")});
  for (const double volume : {0.5, 0.25, 0.75}) {
    auto file = entry("kitchen");
    file.volume = volume;
    reload(peer, {file, entry("attic")});
  }
  CHECK(peer.at(kitchen).spec.version == 4);
  reload(peer, {entry("attic")});
  CHECK(peer.at(attic).spec.version == 1);
  reload(peer, {entry("kitchen"), entry("attic")});
  CHECK(peer.at(kitchen).spec.version == 5);
  peer.restart();
  CHECK(peer.at(kitchen).spec.version == 5);
  CHECK(peer.at(attic).spec.version == 5);
}

TEST_CASE("a default of the file is made the default, and given up with its entry") {
  EndpointWorld peer({entry("kitchen")});
  auto file = entry("kitchen");
  file.is_default = true;
  reload(peer, {file});
  CHECK(peer.driver->device("rocd.kitchen")->is_chosen_default);
  peer.driver->log.clear();
  reload(peer, {});
  CHECK(peer.driver->log ==
        std::vector<std::string>{"clear default rocd.kitchen", "remove rocd.kitchen"});
}

TEST_CASE("an entry cannot have the name of an endpoint that was made over REST") {
  EndpointWorld peer({entry("kitchen")});
  const auto uid = make(peer, wanted("Attic"));
  const auto conflicts = peer.endpoints->conflicts({entry("kitchen"), entry("attic")});
  REQUIRE(conflicts.size() == 1);
  CHECK(conflicts[0].entry == attic);
  CHECK(conflicts[0].error.path == "/name");
  CHECK(conflicts[0].error.reason.find(endpoint_uri(self, uid)) != std::string::npos);
  CHECK(peer.endpoints->conflicts({entry("kitchen"), entry("bath")}).empty());
}

TEST_CASE("an endpoint that the file gives up is reported with what it was") {
  EndpointWorld peer({entry("kitchen")});
  const auto before = peer.events.last_seq();
  reload(peer, {entry("attic")});
  std::vector<std::string> types;
  for (auto seq = before + 1; seq <= peer.events.last_seq(); ++seq)
    types.emplace_back(to_string(peer.events.find(seq)->type));
  CHECK(types ==
        std::vector<std::string>{"endpoint.deleted", "endpoint.created", "endpoint.state"});
}
