// Endpoints of the configuration file and what was changed of them at run time: who wins.
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>

#include "endpoint_world.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

const Uid kitchen = configured_kitchen().uid;

EndpointSpec kitchen_at(double volume) {
  auto spec = configured_kitchen();
  spec.volume = volume;
  return spec;
}

Endpoint set_volume(EndpointWorld& peer, double volume) {
  auto spec = peer.at(kitchen).spec;
  spec.volume = volume;
  const auto updated = peer.endpoints->update(kitchen, spec);
  REQUIRE(updated.has_value());
  return *updated;
}

// The body of the stored override; empty: there is none.
std::string stored(EndpointWorld& peer) {
  for (const auto& item : peer.store->load(StoredKind::endpoint_override).value())
    if (item.uid == kitchen) return boost::json::serialize(item.body);
  return "";
}

}  // namespace

TEST_CASE("only what was overridden is stored, and the file decides about the rest") {
  EndpointWorld peer({kitchen_at(0.5)});
  auto spec = peer.at(kitchen).spec;
  spec.muted = true;
  REQUIRE(peer.endpoints->update(kitchen, spec).has_value());
  CHECK(stored(peer) == R"({"muted":true})");
  CHECK(peer.endpoints->overrides(kitchen) == EndpointOverrides{{}, true, {}});
  CHECK(peer.endpoints->configured(kitchen)->muted == false);

  peer.configured = {kitchen_at(0.25)};
  peer.restart();
  CHECK(peer.at(kitchen).spec.volume == 0.25);
  CHECK(peer.at(kitchen).spec.muted);
}

TEST_CASE("an override wins over another value of the file") {
  EndpointWorld peer({kitchen_at(0.5)});
  set_volume(peer, 0.75);
  peer.configured = {kitchen_at(0.25)};
  peer.restart();
  CHECK(peer.at(kitchen).spec.volume == 0.75);
  CHECK(peer.endpoints->configured(kitchen)->volume == 0.25);
}

TEST_CASE("to set what the file says takes the override back; the version does not go back") {
  EndpointWorld peer({kitchen_at(0.5)});
  CHECK(set_volume(peer, 0.75).spec.version == 2);
  CHECK(stored(peer) == R"({"volume":7.5E-1})");
  CHECK(set_volume(peer, 0.5).spec.version == 3);
  CHECK(stored(peer).empty());
  CHECK(peer.endpoints->overrides(kitchen) == EndpointOverrides{});
  peer.crash();
  peer.configured = {kitchen_at(0.25)};
  peer.start();
  CHECK(peer.at(kitchen).spec.volume == 0.25);
  CHECK(peer.at(kitchen).spec.version == 3);
  CHECK(set_volume(peer, 0.75).spec.version == 4);
}

TEST_CASE("an override is taken back even if the file has come to say the same") {
  EndpointWorld peer({kitchen_at(0.5)});
  set_volume(peer, 0.75);
  peer.configured = {kitchen_at(0.75)};
  peer.restart();
  CHECK(stored(peer) == R"({"volume":7.5E-1})");  // it is still a wish of its own
  const auto version = peer.at(kitchen).spec.version;
  CHECK(set_volume(peer, 0.75).spec.version == version);  // nothing of the endpoint changes
  CHECK(stored(peer).empty());
}

TEST_CASE("an override that an earlier rocd stored whole is read, and reduced to what differs") {
  EndpointWorld peer({kitchen_at(0.5)});
  const StoredItem whole{kitchen, 7, {{"volume", 0.5}, {"muted", true}, {"is_default", false}}};
  REQUIRE(peer.store->put(StoredKind::endpoint_override, whole).has_value());
  peer.restart();
  CHECK(peer.at(kitchen).spec.muted);
  CHECK(peer.at(kitchen).spec.volume == 0.5);
  CHECK(peer.at(kitchen).spec.version == 7);
  CHECK(stored(peer) == R"({"muted":true})");
  peer.configured = {kitchen_at(0.25)};
  peer.restart();
  CHECK(peer.at(kitchen).spec.volume == 0.25);
  CHECK(peer.at(kitchen).spec.muted);
}

TEST_CASE("a volume that somebody else sets overrides the file, and nothing else does") {
  EndpointWorld peer({kitchen_at(0.5)});
  peer.driver->change_volume("rocd.kitchen", 0.7, false);
  peer.driver->deliver();
  CHECK(peer.endpoints->overrides(kitchen) == EndpointOverrides{0.7, {}, {}});  // not stored yet
  peer.restart();
  CHECK(stored(peer) == R"({"volume":7E-1})");
  peer.driver->change_volume("rocd.kitchen", 0.5, false);
  peer.driver->deliver();
  peer.restart();
  CHECK(stored(peer).empty());
}

TEST_CASE("overrides of an entry that the file has no more are kept for its return") {
  EndpointWorld peer({kitchen_at(0.5)});
  set_volume(peer, 0.75);
  peer.configured = {};
  peer.restart();
  CHECK(peer.endpoints->find(kitchen) == nullptr);
  CHECK(peer.endpoints->overrides(kitchen) == EndpointOverrides{});
  peer.configured = {kitchen_at(0.5)};
  peer.restart();
  CHECK(peer.at(kitchen).spec.volume == 0.75);
}
