#include "device/endpoint_dispatcher.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>

#include "endpoint_world.hpp"
#include "model/validate.hpp"

using namespace rocd;
using namespace rocd::test;
using Catch::Approx;

TEST_CASE("a created endpoint is named, stored, made and reported present") {
  EndpointWorld peer;
  const auto created = peer.endpoints->create(wanted("Kitchen speakers"));
  REQUIRE(created.has_value());
  CHECK(created->spec.name == "kitchen-speakers");
  CHECK(created->spec.system_name == "rocd.kitchen-speakers");
  CHECK(created->spec.origin == Origin::api);
  CHECK(created->spec.version == 1);
  CHECK(created->status.state == EndpointState::absent);
  CHECK_FALSE(created->status.message.empty());
  const auto uid = created->spec.uid;
  CHECK(peer.stored_version(StoredKind::endpoint, uid) == 1);

  peer.changed.clear();
  peer.driver->deliver();
  CHECK(peer.changed.contains(uid));
  CHECK(peer.at(uid).status.state == EndpointState::present);
  CHECK(peer.at(uid).status.message.empty());
  CHECK(peer.at(uid).status.node_serial == peer.endpoints->device(uid)->serial);
  CHECK(peer.endpoints->list().size() == 1);
}

TEST_CASE("names are unique, valid and made from whatever people write") {
  EndpointWorld peer;
  const auto name = [&](const EndpointSpec& spec) { return peer.at(make(peer, spec)).spec.name; };
  CHECK(name(wanted("Bath")) == "bath");
  CHECK(name(wanted("bath!")) == "bath-2");
  CHECK(name(wanted("BATH")) == "bath-3");
  CHECK(name(wanted("  Ünï – code ")) == "n-code");
  CHECK(name(wanted(std::string(200, 'x'))).size() <= 63);

  const auto unnamed = make(peer, wanted("キッチン"));
  CHECK(peer.at(unnamed).spec.name == unnamed.str());
  const auto bare = make(peer, wanted(""));
  CHECK(peer.at(bare).spec.display_name == bare.str());

  auto explicit_name = wanted("");
  explicit_name.system_name = "rocd.desk";
  CHECK(peer.at(make(peer, explicit_name)).spec.display_name == "desk");
  CHECK(peer.endpoints->create(explicit_name).error().code == ErrorCode::conflict);
  explicit_name.system_name = "alsa.desk";
  const auto wrong = peer.endpoints->create(explicit_name);
  REQUIRE(wrong.has_error());
  CHECK(wrong.error().code == ErrorCode::invalid_argument);
  CHECK(wrong.error().fields.at(0).path == "/system_name");
}

TEST_CASE("what cannot be created is refused and leaves nothing") {
  EndpointWorld peer;
  auto spec = wanted("x");
  spec.type = EndpointType::system_device;
  CHECK(peer.endpoints->create(spec).error().fields.at(0).path == "/endpoint_type");
  CHECK(peer.endpoints->create(wanted("x", StreamDirection::duplex)).error().fields.at(0).path ==
        "/stream_direction");
  spec = wanted("x");
  spec.volume = 9;
  spec.channels = 0;
  CHECK(peer.endpoints->create(spec).error().fields.size() == 2);
  CHECK(peer.endpoints->list().empty());
  CHECK(peer.driver->wanted.empty());
  CHECK(peer.store->load(StoredKind::endpoint)->empty());

  spec = wanted("x");
  spec.uid = make(peer, wanted("y"));
  CHECK(peer.endpoints->create(spec).error().code == ErrorCode::conflict);
}

TEST_CASE("beyond the limit a virtual device is refused, until another one is deleted") {
  EndpointWorld peer;
  std::optional<Uid> first;
  for (std::size_t i = 0; i < limits::max_virtual_devices; ++i) {
    const auto made = peer.endpoints->create(wanted("device-" + std::to_string(i)));
    REQUIRE(made.has_value());
    if (!first) first = made->spec.uid;
  }
  const auto refused = peer.endpoints->create(wanted("one more"));
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == ErrorCode::conflict);
  CHECK(refused.error().message == "there are 1024 virtual devices, which is the limit");
  CHECK(peer.endpoints->list().size() == limits::max_virtual_devices);
  REQUIRE(peer.endpoints->remove(*first).has_value());
  CHECK(peer.endpoints->create(wanted("one more")).has_value());
}

TEST_CASE("created endpoints survive a restart, as they were last written") {
  EndpointWorld peer;
  const auto uid = make(peer, wanted("Mic", StreamDirection::input));
  auto spec = peer.at(uid).spec;
  spec.display_name = "Studio mic";
  spec.volume = 0.5;
  spec.channels = 1;
  REQUIRE(peer.endpoints->update(uid, spec).has_value());
  const auto before = peer.at(uid).spec;
  CHECK(before.version == 2);
  peer.crash();
  peer.start();
  CHECK(peer.at(uid).spec == before);
  CHECK(peer.at(uid).status.state == EndpointState::present);
  CHECK(peer.driver->wanted.at(uid).volume == 0.5);
  CHECK(peer.driver->wanted.at(uid).direction == StreamDirection::input);
}

TEST_CASE("editing name and volume makes no new node; changing nothing makes no new version") {
  EndpointWorld peer;
  const auto uid = make(peer, wanted("Kitchen"));
  auto spec = peer.at(uid).spec;
  REQUIRE(peer.endpoints->update(uid, spec).has_value());
  CHECK(peer.at(uid).spec.version == 1);
  spec.display_name = "Other";
  spec.volume = 0.25;
  spec.muted = true;
  spec.name.clear();  // a client need not repeat it
  spec.system_name.clear();
  const auto updated = peer.endpoints->update(uid, spec);
  REQUIRE(updated.has_value());
  CHECK(updated->spec.version == 2);
  CHECK(updated->spec.name == "kitchen");
  peer.driver->deliver();
  CHECK(peer.driver->made.at("rocd.kitchen") == 1);
  CHECK(peer.driver->device("rocd.kitchen")->volume == 0.25);
  CHECK(peer.at(uid).spec.version == 2);  // the driver's report is no further change
}

TEST_CASE("an update that cannot be is refused whole") {
  EndpointWorld peer;
  const auto uid = make(peer, wanted("Kitchen"));
  make(peer, wanted("Bath"));
  const auto before = peer.at(uid).spec;
  auto spec = before;
  spec.direction = StreamDirection::input;
  CHECK(peer.endpoints->update(uid, spec).error().fields.at(0).path == "/stream_direction");
  spec = before;
  spec.volume = -1;
  CHECK(peer.endpoints->update(uid, spec).error().code == ErrorCode::invalid_argument);
  spec = before;
  spec.name = "bath";
  CHECK(peer.endpoints->update(uid, spec).error().code == ErrorCode::conflict);
  CHECK(peer.endpoints->update(stream_a, before).error().code == ErrorCode::not_found);
  CHECK(peer.at(uid).spec == before);
}

TEST_CASE("a removed endpoint is gone everywhere, unless streams use it") {
  EndpointWorld peer;
  const auto uid = make(peer, wanted("Kitchen"));
  peer.endpoints->set_users(uid, {stream_a});
  CHECK(peer.at(uid).status.in_use_by == std::vector<Uid>{stream_a});
  const auto refused = peer.endpoints->remove(uid);
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == ErrorCode::conflict);
  CHECK(refused.error().message.find("/streams/" + stream_a.str()) != std::string::npos);

  peer.endpoints->set_users(uid, {});
  REQUIRE(peer.endpoints->remove(uid).has_value());
  CHECK(peer.endpoints->find(uid) == nullptr);
  CHECK(peer.driver->wanted.empty());
  CHECK(peer.endpoints->remove(uid).error().code == ErrorCode::not_found);
  peer.driver->deliver();
  peer.restart();
  CHECK(peer.endpoints->list().empty());
}

TEST_CASE("a configured endpoint accepts volume, mute and default, and remembers them") {
  EndpointWorld peer({configured_kitchen()});
  const auto uid = configured_kitchen().uid;
  CHECK(peer.at(uid).spec.display_name == "kitchen");
  CHECK(peer.at(uid).status.state == EndpointState::present);

  auto spec = peer.at(uid).spec;
  spec.display_name = "Mine";
  spec.channels = 1;
  const auto refused = peer.endpoints->update(uid, spec);
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == ErrorCode::read_only);
  CHECK(refused.error().where == "rocd.yaml:12:5");
  CHECK(refused.error().fields.size() == 2);

  spec = peer.at(uid).spec;
  spec.volume = 0.5;
  spec.muted = true;
  REQUIRE(peer.endpoints->update(uid, spec).has_value());
  CHECK(peer.store->load(StoredKind::endpoint)->empty());
  peer.crash();
  peer.start();
  CHECK(peer.at(uid).spec.volume == 0.5);
  CHECK(peer.at(uid).spec.muted);
  CHECK(peer.at(uid).spec.version == 2);
  CHECK(peer.driver->wanted.at(uid).muted);

  const auto kept = peer.endpoints->remove(uid);
  REQUIRE(kept.has_error());
  CHECK(kept.error().code == ErrorCode::read_only);
  CHECK(kept.error().where == "rocd.yaml:12:5");
}

TEST_CASE("a name that the configuration takes is given up by a stored endpoint") {
  EndpointWorld peer;
  const auto uid = make(peer, wanted("Kitchen"));
  peer.configured = {configured_kitchen()};
  peer.restart();
  CHECK(peer.at(configured_kitchen().uid).spec.name == "kitchen");
  CHECK(peer.at(uid).spec.name == "kitchen-2");
  CHECK(peer.at(uid).spec.system_name == "rocd.kitchen-2");
}

TEST_CASE("a volume that somebody else sets is taken over and stored once") {
  EndpointWorld peer;
  const auto uid = make(peer, wanted("Kitchen"));
  peer.driver->log.clear();
  for (int i = 0; i <= 100; ++i) {
    peer.driver->change_volume("rocd.kitchen", i / 100.0, false);
    peer.driver->deliver();
  }
  CHECK(peer.at(uid).spec.volume == 1.0);
  CHECK(peer.stored_version(StoredKind::endpoint, uid) == 1);  // not yet
  CHECK(peer.driver->log.empty());                             // and not fought
  peer.driver->change_volume("rocd.kitchen", 0.7, true);
  peer.driver->deliver();
  const auto version = peer.at(uid).spec.version;
  peer.io.restart();
  CHECK(peer.io.run_for(std::chrono::seconds(5)) == 1);  // one timer, then none
  CHECK(peer.stored_version(StoredKind::endpoint, uid) == version);
  peer.crash();
  peer.start();
  CHECK(peer.at(uid).spec.volume == 0.7);
  CHECK(peer.at(uid).spec.muted);
}

TEST_CASE("a volume that was not stored yet is stored at shutdown") {
  EndpointWorld peer;
  const auto uid = make(peer, wanted("Kitchen"));
  peer.driver->change_volume("rocd.kitchen", 0.1, false);
  peer.driver->deliver();
  peer.restart();
  CHECK(peer.at(uid).spec.volume == 0.1);
}

TEST_CASE("system devices come, change and go with what the driver tells") {
  EndpointWorld peer;
  const auto uid = system_endpoint_uid(self, "alsa.speakers");
  peer.driver->add_system_device(speakers());
  peer.driver->deliver();
  const auto spec = peer.at(uid).spec;
  CHECK(spec.type == EndpointType::system_device);
  CHECK(spec.origin == Origin::system);
  CHECK(spec.system_name == "alsa.speakers");
  CHECK(spec.display_name == "Built-in speakers");
  CHECK(spec.is_default);
  CHECK(peer.at(uid).status.state == EndpointState::present);
  CHECK(peer.driver->log.empty());

  peer.driver->change_volume("alsa.speakers", 0.3, false);
  peer.driver->deliver();
  CHECK(peer.at(uid).spec.volume == 0.3);
  CHECK(peer.at(uid).spec.version == 2);

  peer.changed.clear();
  peer.driver->remove_system_device("alsa.speakers");
  peer.driver->deliver();
  CHECK(peer.endpoints->find(uid) == nullptr);
  CHECK(peer.changed.contains(uid));
  CHECK(peer.store->load(StoredKind::endpoint)->empty());
  CHECK(peer.store->load(StoredKind::endpoint_override)->empty());
}

TEST_CASE("an unplugged device stays listed while a stream uses it") {
  EndpointWorld peer;
  const auto uid = system_endpoint_uid(self, "alsa.speakers");
  peer.endpoints->set_users(uid, {stream_a});  // said before the device is there
  peer.driver->add_system_device(speakers());
  peer.driver->deliver();
  CHECK(peer.at(uid).status.in_use_by == std::vector<Uid>{stream_a});
  peer.driver->remove_system_device("alsa.speakers");
  peer.driver->deliver();
  CHECK(peer.at(uid).status.state == EndpointState::absent);
  CHECK(peer.at(uid).status.message.find("unplugged") != std::string::npos);
  CHECK(peer.endpoints->device(uid) == nullptr);
  auto louder = peer.at(uid).spec;
  louder.volume = 0.9;
  CHECK(peer.endpoints->update(uid, louder).error().code == ErrorCode::unavailable);
  peer.endpoints->set_users(uid, {});
  CHECK(peer.endpoints->find(uid) == nullptr);
}

TEST_CASE("a name that a device of another program has is not given to a new endpoint") {
  EndpointWorld peer;
  DeviceInfo foreign;
  foreign.node_name = "rocd.kitchen";
  peer.driver->add_system_device(foreign);
  peer.driver->deliver();
  EndpointSpec spec;
  spec.display_name = "Kitchen";
  spec.direction = StreamDirection::output;
  const auto created = peer.endpoints->create(spec);
  REQUIRE(created.has_value());
  CHECK(created->spec.system_name == "rocd.kitchen-2");
  spec.system_name = "rocd.kitchen";
  CHECK(peer.endpoints->create(spec).error().code == ErrorCode::conflict);
}

TEST_CASE("why a device cannot be made is told until it is made") {
  EndpointWorld peer;
  peer.driver->hold_devices = true;
  EndpointSpec spec;
  spec.display_name = "Kitchen";
  spec.direction = StreamDirection::output;
  const auto uid = peer.endpoints->create(spec)->spec.uid;
  peer.driver->report_problem(uid, "its name is taken");
  peer.driver->deliver();
  CHECK(peer.at(uid).status.state == EndpointState::absent);
  CHECK(peer.at(uid).status.message == "its name is taken");
  CHECK(peer.endpoints->problem(uid) == "its name is taken");
  CHECK(peer.changed.contains(uid));
  peer.driver->report_problem(uid, "");
  peer.driver->release();
  peer.driver->deliver();
  CHECK(peer.at(uid).status.state == EndpointState::present);
  CHECK(peer.at(uid).status.message.empty());
}

TEST_CASE("of a system device only volume, mute and default can be changed") {
  EndpointWorld peer;
  const auto uid = system_endpoint_uid(self, "alsa.speakers");
  peer.driver->add_system_device(speakers());
  peer.driver->deliver();
  auto spec = peer.at(uid).spec;
  spec.volume = 0.5;
  const auto updated = peer.endpoints->update(uid, spec);
  REQUIRE(updated.has_value());
  CHECK(updated->spec.volume == 0.5);
  CHECK(updated->spec.version == 2);
  CHECK(peer.driver->log.back() == "volume alsa.speakers 0.5");
  peer.driver->deliver();
  CHECK(peer.at(uid).spec.version == 2);

  spec.display_name = "Mine";
  CHECK(peer.endpoints->update(uid, spec).error().code == ErrorCode::read_only);
  spec = peer.at(uid).spec;
  spec.volume = 5;
  CHECK(peer.endpoints->update(uid, spec).error().fields.at(0).path == "/volume");
  spec = peer.at(uid).spec;
  spec.is_default = false;  // it is only the fallback: there is no choice to take back
  CHECK(peer.endpoints->update(uid, spec).error().code == ErrorCode::conflict);
  CHECK(peer.endpoints->remove(uid).error().code == ErrorCode::conflict);
}

TEST_CASE("an endpoint becomes the default only when asked, and again when it returns") {
  EndpointWorld peer;
  peer.driver->add_system_device(speakers());
  const auto uid = make(peer, wanted("Kitchen"));
  CHECK_FALSE(peer.driver->device("rocd.kitchen")->is_default);
  auto spec = peer.at(uid).spec;
  spec.is_default = true;
  REQUIRE(peer.endpoints->update(uid, spec).has_value());
  peer.driver->deliver();
  CHECK(peer.driver->device("rocd.kitchen")->is_default);
  CHECK(peer.at(uid).spec.version == 2);

  peer.restart();  // a sound system that has forgotten it
  CHECK(peer.driver->device("rocd.kitchen")->is_default);
  CHECK(peer.at(uid).spec.is_default);
}

TEST_CASE("a default that the user chooses elsewhere is not fought") {
  EndpointWorld peer;
  peer.driver->add_system_device(speakers());
  auto spec = wanted("Kitchen");
  spec.is_default = true;
  const auto uid = make(peer, spec);
  peer.driver->deliver();
  REQUIRE(peer.driver->device("rocd.kitchen")->is_default);
  peer.driver->log.clear();
  peer.driver->choose_default("alsa.speakers");
  peer.driver->deliver();
  CHECK_FALSE(peer.at(uid).spec.is_default);
  CHECK(peer.driver->log.empty());
  peer.driver->choose_default("rocd.kitchen");
  peer.driver->deliver();
  CHECK(peer.at(uid).spec.is_default);
}

TEST_CASE("a removed default is not remembered as the default") {
  EndpointWorld peer;
  auto spec = wanted("Kitchen");
  spec.is_default = true;
  const auto uid = make(peer, spec);
  REQUIRE(peer.endpoints->remove(uid).has_value());
  CHECK(std::ranges::count(peer.driver->log, "clear default rocd.kitchen") == 1);
}

TEST_CASE("while the sound system is away everything says so, and comes back with it") {
  EndpointWorld peer({configured_kitchen()});
  const auto uid = configured_kitchen().uid;
  peer.driver->add_system_device(speakers());
  peer.driver->deliver();
  peer.driver->disconnect("it crashed");
  peer.driver->deliver();
  CHECK(peer.connections == std::vector<bool>{true, false});
  CHECK(peer.at(uid).status.state == EndpointState::absent);
  CHECK(peer.at(uid).status.message.find("it crashed") != std::string::npos);
  CHECK(peer.endpoints->list().size() == 1);

  // Specs can be changed meanwhile.
  auto spec = peer.at(uid).spec;
  spec.volume = 0.5;
  REQUIRE(peer.endpoints->update(uid, spec).has_value());
  const auto created = make(peer, wanted("Bath"));
  CHECK(peer.at(created).status.message.find("away") != std::string::npos);

  peer.driver->connect();
  peer.driver->deliver();
  CHECK(peer.at(uid).status.state == EndpointState::present);
  CHECK(peer.driver->device("rocd.kitchen")->volume == 0.5);
  CHECK(peer.at(created).status.state == EndpointState::present);
  CHECK(peer.endpoints->list().size() == 3);
}

TEST_CASE("a sound system that does not answer is told of once, and so is its answer") {
  EndpointWorld peer({configured_kitchen()});
  std::vector<std::string> told;
  const auto reader =
      peer.events.subscribe([&] { told.emplace_back("news"); }, EventBus::Interest::changes);
  peer.driver->fall_silent();
  for (int i = 0; i < 3; ++i) {
    peer.driver->check();
    peer.driver->deliver();
  }
  CHECK(told.size() == 1);
  CHECK(peer.at(configured_kitchen().uid).status.state == EndpointState::present);
  peer.driver->hold_devices = true;
  const auto late = make(peer, wanted("Bath"));
  peer.driver->deliver();
  CHECK(peer.at(late).status.message == "the sound system does not answer");
  told.clear();
  peer.driver->answer_again();
  peer.driver->deliver();
  CHECK(told.size() == 2);  // and what the device waits for now
  CHECK(peer.at(late).status.message.starts_with("being made"));
  CHECK(peer.endpoints->reconnects() == 0);
}

TEST_CASE("what is stored and cannot be read is left out and left alone") {
  EndpointWorld peer;
  const auto good = make(peer, wanted("Kitchen"));
  StoredItem bad;
  bad.uid = Uid::derive("test", "endpoint", "future");
  bad.body = {{"name", "future"}, {"shape", "round"}};
  REQUIRE(peer.store->put(StoredKind::endpoint, bad).has_value());
  for (int start = 0; start < 2; ++start) {
    peer.restart();
    CHECK(peer.endpoints->list().size() == 1);
    CHECK(peer.at(good).status.state == EndpointState::present);
    REQUIRE(peer.store->unreadable().size() == 1);
    CHECK(peer.store->unreadable()[0].uid == bad.uid.str());
    CHECK(peer.store->unreadable()[0].reason.find("/shape") != std::string::npos);
    CHECK(peer.endpoints->remove(make(peer, wanted("Future"))).has_value());
    CHECK(peer.stored_version(StoredKind::endpoint, bad.uid) == 1);
  }
}
