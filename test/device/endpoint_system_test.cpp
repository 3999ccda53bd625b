// Volume and mute of a device that is not rocd's: kept on disk, set again when it is back, and
// given up when another program changes them.
#include <sqlite3.h>

#include <catch2/catch_test_macros.hpp>

#include "device/endpoint_world.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

const Uid speakers_uid = system_endpoint_uid(self, "alsa.speakers");

void set(EndpointWorld& peer, double volume, bool muted) {
  auto spec = peer.at(speakers_uid).spec;
  spec.volume = volume;
  spec.muted = muted;
  const auto updated = peer.endpoints->update(speakers_uid, spec);
  REQUIRE(updated.has_value());
  CHECK(updated->spec.volume == volume);
  CHECK(updated->spec.muted == muted);
  peer.driver->deliver();
}

void plug_in(EndpointWorld& peer) {
  peer.driver->add_system_device(speakers());
  peer.driver->deliver();
}

void unplug(EndpointWorld& peer) {
  peer.driver->remove_system_device("alsa.speakers");
  peer.driver->deliver();
}

bool has(EndpointWorld& peer, double volume, bool muted) {
  const auto& spec = peer.at(speakers_uid).spec;
  const auto* device = peer.driver->device("alsa.speakers");
  return device != nullptr && device->volume == volume && device->muted == muted &&
         spec.volume == volume && spec.muted == muted;
}

boost::json::object stored(EndpointWorld& peer) {
  auto items = peer.store->load(StoredKind::system_override).value();
  return items.empty() ? boost::json::object() : items.at(0).body;
}

}  // namespace

TEST_CASE("volume and mute of a system device are on disk, and set again when it is back") {
  EndpointWorld peer;
  plug_in(peer);
  set(peer, 0.25, true);
  CHECK(stored(peer) ==
        boost::json::object{{"system_name", "alsa.speakers"}, {"volume", 0.25}, {"muted", true}});
  SECTION("plugged in again") {
    unplug(peer);
    CHECK(peer.endpoints->find(speakers_uid) == nullptr);
    plug_in(peer);
  }
  SECTION("after a restart of the sound system") {
    peer.driver->disconnect();
    peer.driver->deliver();
    peer.driver->add_system_device(speakers());  // a new one, with what it comes with
    peer.driver->connect();
    peer.driver->deliver();
  }
  SECTION("after a restart of rocd") {
    peer.restart();
    plug_in(peer);
  }
  SECTION("after rocd was killed") {
    peer.crash();
    peer.start();
    plug_in(peer);
  }
  CHECK(has(peer, 0.25, true));
}

TEST_CASE("what was not set of a system device is left as it comes") {
  EndpointWorld peer;
  plug_in(peer);
  set(peer, 1.0, true);
  CHECK(stored(peer) == boost::json::object{{"system_name", "alsa.speakers"}, {"muted", true}});
  unplug(peer);
  auto louder = speakers();
  louder.volume = 1.5;
  peer.driver->add_system_device(louder);
  peer.driver->deliver();
  CHECK(has(peer, 1.5, true));
}

TEST_CASE("a system device that rocd never set is not touched") {
  EndpointWorld peer;
  plug_in(peer);
  peer.driver->change_volume("alsa.speakers", 0.5, true);
  peer.driver->deliver();
  unplug(peer);
  plug_in(peer);
  CHECK(has(peer, 1.0, false));
  CHECK(peer.driver->log.empty());
  CHECK(stored(peer).empty());
}

TEST_CASE("what others set of a system device wins, also on disk") {
  EndpointWorld peer;
  plug_in(peer);
  set(peer, 0.25, true);  // answered at once: the next change is somebody's
  // They change it more often than rocd sets it again while the device settles.
  for (int i = 0; i < 8; ++i) {
    peer.driver->change_volume("alsa.speakers", 0.5, false);
    peer.driver->deliver();
  }
  CHECK(has(peer, 0.5, false));
  SECTION("written down after a moment") {
    peer.io.run();
    CHECK(stored(peer).empty());
  }
  SECTION("and at the end at the latest") {
    peer.restart();
    CHECK(stored(peer).empty());
  }
  unplug(peer);
  plug_in(peer);
  CHECK(has(peer, 1.0, false));
}

TEST_CASE("a setting that cannot be written down is refused, and the device stays as it is") {
  EndpointWorld peer;
  plug_in(peer);
  peer.driver->log.clear();
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open((peer.directory.path() / "state.db").c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  auto spec = peer.at(speakers_uid).spec;
  spec.volume = 0.25;
  const auto updated = peer.endpoints->update(speakers_uid, spec);
  sqlite3_close(other);
  REQUIRE(updated.has_error());
  CHECK(updated.error().code == ErrorCode::unavailable);
  CHECK(peer.driver->log.empty());
  CHECK(has(peer, 1.0, false));
}

TEST_CASE("a device that leaves in the moment in which it is set keeps what it had") {
  EndpointWorld peer;
  plug_in(peer);
  set(peer, 0.25, false);
  peer.driver->remove_system_device("alsa.speakers");  // and nobody was told yet
  auto spec = peer.at(speakers_uid).spec;
  spec.volume = 0.75;
  const auto updated = peer.endpoints->update(speakers_uid, spec);
  REQUIRE(updated.has_error());
  CHECK(updated.error().code == ErrorCode::not_found);
  peer.driver->deliver();
  peer.restart();
  plug_in(peer);
  CHECK(has(peer, 0.25, false));
}

TEST_CASE("a stored setting that cannot be read is left out, told and left alone") {
  EndpointWorld peer;
  const boost::json::object bodies[] = {
      {{"system_name", "alsa.speakers"}},
      {{"system_name", "alsa.other"}, {"volume", 0.5}},
      {{"system_name", 1}, {"volume", 0.5}},
      {{"volume", 0.5}},
      {{"system_name", "alsa.speakers"}, {"volume", "loud"}},
  };
  for (const auto& body : bodies) {
    REQUIRE(peer.store->put(StoredKind::system_override, {speakers_uid, 1, body}).has_value());
    peer.restart();
    REQUIRE(peer.store->unreadable().size() == 1);
    CHECK(peer.store->unreadable()[0].kind == "system_override");
    plug_in(peer);
    CHECK(has(peer, 1.0, false));
    CHECK(stored(peer) == body);
  }
}
