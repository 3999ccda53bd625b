// What a user set of a device that is not rocd's, in virtual time.
#include "device/system_settings.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace rocd;

namespace {

const Uid device = Uid::derive("test", "device", "speakers");
constexpr auto settle_time = SystemSettings::settle_time;

DeviceInfo report(double volume, bool muted = false) {
  DeviceInfo info;
  info.node_name = "speakers";
  info.volume = volume;
  info.muted = muted;
  return info;
}

struct World {
  SystemSettings settings;
  Instant now{Duration(1'000'000s)};

  SystemSettings::Verdict sees(double volume, bool muted = false) {
    return settings.handle_device(device, report(volume, muted), now);
  }
  // A report that asks for nothing and takes nothing.
  void accepts(double volume, bool muted = false) {
    CAPTURE(volume, muted);
    const auto verdict = sees(volume, muted);
    CHECK_FALSE(verdict.apply.has_value());
    CHECK_FALSE(verdict.given_up);
  }
  void applies(SystemSettings::Verdict verdict, double volume, bool muted = false) {
    REQUIRE(verdict.apply.has_value());
    CHECK(verdict.apply->volume == volume);
    CHECK(verdict.apply->muted == muted);
    CHECK_FALSE(verdict.given_up);
  }
  void gives_up(SystemSettings::Verdict verdict) {
    CHECK_FALSE(verdict.apply.has_value());
    CHECK(verdict.given_up);
  }
  // As the dispatcher does it.
  void user_sets(Level before, Level wanted) {
    settings.set(device, settings.changed(device, "speakers", before, wanted), now);
  }
};

}  // namespace

TEST_CASE("what was set is applied when the device appears, each time") {
  World world;
  world.settings.load(device, {"speakers", 0.25, {}});
  for (int i = 0; i < 3; ++i) {
    world.applies(world.sees(1.0, true), 0.25, true);  // mute was never set: it stays
    world.accepts(0.25, true);
    world.now += 1h;
    world.accepts(0.25, true);
    world.settings.handle_gone(device);
  }
  world.accepts(0.25);  // as it should be already
}

TEST_CASE("a device that nobody set is let alone") {
  World world;
  world.accepts(1.0);
  world.accepts(0.5);
  world.now += 1h;
  world.accepts(0.1, true);
  CHECK(world.settings.find(device) == nullptr);
}

TEST_CASE("only what a user changed is kept") {
  World world;
  world.accepts(0.5);
  world.user_sets({0.5, false}, {0.5, true});
  CHECK(*world.settings.find(device) == SystemSetting{"speakers", {}, true});
  world.user_sets({0.5, true}, {0.75, true});
  CHECK(*world.settings.find(device) == SystemSetting{"speakers", 0.75, true});
  world.user_sets({0.75, true}, {0.75, false});
  CHECK(*world.settings.find(device) == SystemSetting{"speakers", 0.75, false});
}

TEST_CASE("what the session manager restores while a device settles is set again") {
  World world;
  world.settings.load(device, {"speakers", 0.25, false});
  world.applies(world.sees(1.0), 0.25);
  world.accepts(1.0);  // of something else: our own is on its way
  world.accepts(0.25);
  world.now += settle_time / 2;
  world.applies(world.sees(0.8, true), 0.25);
  world.accepts(0.25);
  world.now += settle_time;
  world.accepts(0.25);
  CHECK(world.settings.find(device) != nullptr);
}

TEST_CASE("who sets a settling device again and again is let have it") {
  World world;
  world.settings.load(device, {"speakers", 0.25, false});
  for (int i = 0; i < SystemSettings::most_attempts; ++i) {
    world.applies(world.sees(0.8), 0.25);
    world.accepts(0.25);
  }
  world.gives_up(world.sees(0.8));
  CHECK(*world.settings.find(device) == SystemSetting{"speakers", {}, false});
}

TEST_CASE("what another program changes later is its wish, member by member") {
  World world;
  world.settings.load(device, {"speakers", 0.25, true});
  world.accepts(0.25, true);
  world.now += settle_time;
  world.gives_up(world.sees(0.3, true));
  CHECK(*world.settings.find(device) == SystemSetting{"speakers", {}, true});
  world.accepts(0.4, true);
  world.gives_up(world.sees(0.4, false));
  CHECK(world.settings.find(device) == nullptr);
  world.settings.handle_gone(device);
  world.accepts(1.0);
}

TEST_CASE("a change to what was set anyway is no other wish") {
  World world;
  world.settings.load(device, {"speakers", 0.25, {}});
  world.accepts(0.25);
  world.now += settle_time;
  world.accepts(0.2501, true);  // floats; and mute was never set
  CHECK(world.settings.find(device) != nullptr);
}

TEST_CASE("the answers to a new wish are not another program's") {
  World world;
  world.accepts(1.0);
  world.now += settle_time;
  world.user_sets({1.0, false}, {0.5, false});
  world.accepts(0.9);  // what was on its way
  world.accepts(0.5);
  world.gives_up(world.sees(0.6));  // at once after it was there
  CHECK(world.settings.find(device) == nullptr);
}

TEST_CASE("a device with volumes of its own keeps the wish, as it has it") {
  World world;
  world.settings.load(device, {"speakers", 0.25, {}});
  world.applies(world.sees(1.0), 0.25);
  world.applies(world.sees(0.27), 0.25);  // without an answer: it is at 0.27 already
  world.now += settle_time;
  world.accepts(0.27, true);
  world.user_sets({0.27, true}, {0.5, true});
  world.accepts(0.48, true);
  world.now += settle_time;
  world.accepts(0.48, false);
  CHECK(*world.settings.find(device) == SystemSetting{"speakers", 0.5, {}});
  world.gives_up(world.sees(0.27));
}

TEST_CASE("a new wish for a settling device is applied instead of the old one") {
  World world;
  world.settings.load(device, {"speakers", 0.25, {}});
  world.applies(world.sees(1.0), 0.25);
  world.accepts(0.25);
  world.user_sets({0.25, false}, {0.5, false});
  world.applies(world.sees(0.8), 0.5);
  world.accepts(0.5);
}
