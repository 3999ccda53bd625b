#include "model/event_cursor.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <map>

namespace rocd::test {
namespace json = boost::json;
namespace {

// A bus over a few streams whose resource says how often it was changed.
struct World {
  World() {
    bus.set_resources([this] {
      std::vector<EventBus::Resource> list;
      for (const auto& [uri, version] : resources) {
        list.push_back({uri, EventType::stream_created, [this, uri = uri] {
                          ++reads;
                          return json::object{{"version", resources.at(uri)}};
                        }});
      }
      return list;
    });
  }

  void change(const std::string& uri, EventType type = EventType::stream_state) {
    const auto version = ++resources[uri];
    bus.publish(type, uri, json::object{{"version", version - 1}},
                json::object{{"version", version}}, {});
  }

  static EventFilter filter(std::string_view types = {}, std::string_view uri = {}) {
    return EventFilter::parse(types, uri, self).value();
  }

  // Everything that the reader gets now, as "type uri version".
  static std::vector<std::string> read(EventCursor& cursor, std::string* last_id = nullptr) {
    std::vector<std::string> told;
    while (auto item = cursor.next({})) {
      const auto event = json::parse(*item->envelope);
      if (last_id != nullptr && !item->id.empty()) *last_id = item->id;
      auto text = std::string(event.at("type").as_string());
      if (event.at("uri").as_string() != "/events")
        text += " " + std::string(event.at("uri").as_string());
      if (const auto* post = event.at("post").if_object())
        text += " " + std::to_string(post->at("version").as_int64());
      told.push_back(text);
    }
    return told;
  }

  static inline const Uid self = Uid::random();
  std::map<std::string, int> resources{{"/streams/a", 1}, {"/streams/b", 1}};
  int reads = 0;
  EventBus bus{"epoch1"};
};

using Told = std::vector<std::string>;

}  // namespace

TEST_CASE("A new reader gets everything as it is, then what changes") {
  World world;
  world.change("/streams/a");
  EventCursor cursor(world.bus, World::filter(), {});
  CHECK(World::read(cursor) == Told{"sync /streams/a 2", "sync /streams/b 1", "synced"});
  world.change("/streams/b");
  CHECK(World::read(cursor) == Told{"stream.state /streams/b 2"});
  CHECK(World::read(cursor).empty());
}

TEST_CASE("What changes while a snapshot is read is told after it") {
  World world;
  EventCursor cursor(world.bus, World::filter(), {});
  REQUIRE(cursor.next({}));
  world.change("/streams/b");
  CHECK(World::read(cursor) == Told{"sync /streams/b 1", "synced", "stream.state /streams/b 2"});
}

TEST_CASE("A reader that comes back goes on after the last event that it got") {
  World world;
  std::string last_id;
  EventCursor first(world.bus, World::filter(), {});
  World::read(first, &last_id);
  world.change("/streams/a");
  World::read(first, &last_id);
  CHECK(last_id == "epoch1-1");
  world.change("/streams/b");
  EventCursor second(world.bus, World::filter(), last_id);
  CHECK(World::read(second) == Told{"stream.state /streams/b 2"});
}

TEST_CASE("A snapshot that broke off cannot be resumed from") {
  World world;
  EventCursor cursor(world.bus, World::filter(), {});
  CHECK(cursor.next({})->id.empty());
}

TEST_CASE("Who knows another run, or nonsense, is reset and gets a snapshot") {
  World world;
  world.change("/streams/a");
  const std::string id =
      GENERATE("other-1", "epoch1-2", "epoch1-", "epoch1-x", "epoch11", "1", "epoch1--1", "\xFF");
  EventCursor cursor(world.bus, World::filter(), id);
  CHECK(World::read(cursor) == Told{"reset", "sync /streams/a 2", "sync /streams/b 1", "synced"});
}

TEST_CASE("Who was away for longer than events are kept is reset, and the loss is counted") {
  World world;
  for (std::size_t i = 0; i < EventBus::kept_events + 10; ++i) world.change("/streams/a");
  CHECK(world.bus.oldest_seq() == 11);
  EventCursor just_in_time(world.bus, World::filter(), "epoch1-10");
  CHECK(World::read(just_in_time).size() == EventBus::kept_events);
  CHECK(world.bus.dropped() == 0);
  EventCursor too_late(world.bus, World::filter(), "epoch1-9");
  CHECK(World::read(too_late).front() == "reset");
  CHECK(world.bus.dropped() == 1);
}

TEST_CASE("A slow reader is reset, and others are not") {
  World world;
  EventCursor slow(world.bus, World::filter(), {});
  EventCursor quick(world.bus, World::filter(), {});
  World::read(slow);
  World::read(quick);
  std::size_t got = 0;
  for (std::size_t i = 0; i < EventBus::kept_events + 5; ++i) {
    world.change("/streams/a");
    got += World::read(quick).size();
  }
  CHECK(got == EventBus::kept_events + 5);
  CHECK(World::read(slow) == Told{"reset", "sync /streams/a 4102", "sync /streams/b 1", "synced"});
  CHECK(world.bus.dropped() == 5);
}

TEST_CASE("Kept events are bounded in bytes, too") {
  EventBus bus("e");
  const json::object large{{"text", std::string(1024UL * 1024, 'x')}};
  for (int i = 0; i < 20; ++i) bus.publish(EventType::stream_updated, "/streams/a", {}, large, {});
  CHECK(bus.last_seq() == 20);
  CHECK(bus.oldest_seq() > 12);
  CHECK(bus.find(bus.oldest_seq()) != nullptr);
  CHECK(bus.find(bus.oldest_seq() - 1) == nullptr);
  CHECK(bus.find(21) == nullptr);
}

TEST_CASE("Snapshots share what did not change") {
  World world;
  const auto first = world.bus.snapshot({});
  CHECK(world.bus.snapshot({}) == first);
  CHECK(world.reads == 2);
  world.change("/streams/a");
  const auto second = world.bus.snapshot({});
  CHECK(world.reads == 3);
  CHECK(second->items[0].envelope != first->items[0].envelope);
  CHECK(second->items[1].envelope == first->items[1].envelope);
  world.resources.erase("/streams/b");
  world.bus.publish(EventType::stream_deleted, "/streams/b", {}, {}, {});
  CHECK(world.bus.snapshot({})->items.size() == 1);
}

TEST_CASE("Who is interested in changes alone is told of them, and is no reason to say more") {
  EventBus bus("e");
  int calls = 0;
  const auto changes = bus.subscribe([&] { ++calls; }, EventBus::Interest::changes);
  CHECK_FALSE(bus.is_heard());
  bus.publish(EventType::daemon_stopping, "/system", {}, {}, {});
  CHECK(calls == 1);
  auto reader = bus.subscribe([] {});
  CHECK(bus.is_heard());
  reader.reset();
  CHECK_FALSE(bus.is_heard());
}

TEST_CASE("Listeners are called after each event until they let go, in any order with the bus") {
  auto bus = std::make_unique<EventBus>("e");
  int calls = 0;
  CHECK_FALSE(bus->is_heard());
  auto one = bus->subscribe([&] { ++calls; });
  auto other = bus->subscribe([&] { calls += 10; });
  CHECK(bus->is_heard());
  bus->publish(EventType::daemon_stopping, "/system", {}, {}, {});
  CHECK(calls == 11);
  one.reset();
  bus->publish(EventType::daemon_stopping, "/system", {}, {}, {});
  CHECK(calls == 21);
  bus.reset();
  other.reset();
}

TEST_CASE("An envelope says all that a reader needs") {
  EventBus bus("abc");
  bus.publish(EventType::stream_health, "/streams/x", json::object{{"health", "healthy"}}, nullptr,
              {});
  const auto event = json::parse(bus.find(1)->envelope);
  CHECK(event == json::parse(R"({"id": "abc-1", "seq": 1, "time": "1970-01-01T00:00:00.000Z",
    "type": "stream.health", "uri": "/streams/x", "pre": {"health": "healthy"}, "post": null})"));
}

TEST_CASE("A filter chooses types, kinds, resources and collections") {
  struct Row {
    const char* types;
    const char* uri;
    Told told;
  };
  const auto self = World::self.str();
  const auto row = GENERATE_COPY(
      Row{"stream.health", "", {"stream.health /streams/a"}},
      Row{"stream.*",
          "",
          {"stream.state /streams/a", "stream.health /streams/a", "stream.state /streams/ab"}},
      Row{"stream.health,endpoint.*",
          "",
          {"stream.health /streams/a", "endpoint.state /peers/" + self + "/endpoints/e"}},
      Row{"", "/streams/a", {"stream.state /streams/a", "stream.health /streams/a"}},
      Row{"stream.state", "/streams", {"stream.state /streams/a", "stream.state /streams/ab"}},
      Row{"", "/peers/self/endpoints/", {"endpoint.state /peers/" + self + "/endpoints/e"}},
      Row{"*", "/peers/self/endpoints/f", {}});
  EventBus bus("e");
  EventCursor cursor(bus, World::filter(row.types, row.uri), "e-0");
  bus.publish(EventType::stream_state, "/streams/a", {}, {}, {});
  bus.publish(EventType::stream_health, "/streams/a", {}, {}, {});
  bus.publish(EventType::stream_state, "/streams/ab", {}, {}, {});
  bus.publish(EventType::endpoint_state, "/peers/" + self + "/endpoints/e", {}, {}, {});
  CHECK(World::read(cursor) == row.told);
}

TEST_CASE("A snapshot holds the kinds that a filter is about") {
  World world;
  EventCursor none(world.bus, World::filter("endpoint.*"), {});
  CHECK(World::read(none) == Told{"synced"});
  EventCursor health(world.bus, World::filter("stream.health", "/streams/b"), {});
  CHECK(World::read(health) == Told{"sync /streams/b 1", "synced"});
}

TEST_CASE("A filter that can never match is refused") {
  const auto error = EventFilter::parse("stream.stat,endpoint.*,x.*", "streams", {}).error();
  REQUIRE(error.fields.size() == 3);
  CHECK(error.fields[0].path == "?types");
  CHECK(error.fields[0].reason.starts_with(
      "there is no event type 'stream.stat', expected some of: stream.created, "));
  CHECK(error.fields[1].reason.starts_with("there is no event type 'x.*'"));
  CHECK(error.fields[2].path == "?uri");
}

TEST_CASE("What is kept of an event takes what it counts for") {
  World world;
  const std::string long_text(3000, 'x');
  world.bus.publish(EventType::stream_state, "/streams/a", nullptr, json::object{{"a", long_text}},
                    {});
  const auto event = world.bus.find(1);
  REQUIRE(event);
  CHECK(event->envelope.capacity() == event->envelope.size());
}

}  // namespace rocd::test
