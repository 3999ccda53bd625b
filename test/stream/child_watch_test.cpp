#include "stream/child_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

using namespace rocd;

namespace {

constexpr auto interval = ChildWatch::activity_interval;
const LinkedNode speaker{"rocd.speaker", 10};
constexpr std::uint16_t port = 10001;

// A sending child whose activity is sampled as the stream room does it.
struct Watched {
  explicit Watched(ChildWatch::Expected expected = {.device = speaker})
      : watch(std::move(expected), now) {}

  void prove() {
    watch.handle_fact(FactDeviceOpened{}, now);
    watch.handle_fact(FactMainLoop{}, now);
    StreamNodeInfo node;
    node.serial = 100;
    node.linked_to = {speaker};
    watch.handle_node(node, now);
    REQUIRE(watch.proven());
  }
  // One sample later; returns the verdict.
  std::optional<std::string> sample(std::uint64_t waits, double cpu_seconds, Duration after) {
    now += after;
    activity.waits += waits;
    activity.cpu_seconds += cpu_seconds;
    watch.handle_activity(activity, udp, now);
    return verdict();
  }
  [[nodiscard]] std::optional<std::string> verdict() const {
    const auto found = watch.verdict(now);
    return found ? std::optional(found->reason) : std::nullopt;
  }
  [[nodiscard]] bool may_wait_for_sound() const {
    return watch.verdict(now).value().may_wait_for_sound;
  }
  std::optional<std::string> works() { return sample(100, 0.03, interval); }
  std::optional<std::string> stands() { return sample(0, 0, interval); }
  std::optional<std::string> spins() { return sample(3, 0.7, interval); }

  Instant now = Now::read().mono;
  ChildWatch watch;
  ProcessActivity activity;
  UdpBacklog udp;
};

// How long a child that is `bad` from just after a sample on is borne with, at most.
template <class Sample>
Duration endured(Watched& watched, Sample bad) {
  const auto begin = watched.now;
  while (!bad()) REQUIRE(watched.now - begin < 60s);
  return watched.now - begin;
}

}  // namespace

TEST_CASE("child watch: a child that works is left alone, also after an idle night") {
  Watched watched;
  watched.prove();
  for (int i = 0; i < 1000; ++i) {
    CHECK_FALSE(watched.works());
    if (i % 10 == 0) watched.watch.handle_fact(FactProgress{}, watched.now);
  }
  // It takes one wait for its device in two samples to be alive.
  for (int i = 0; i < 20; ++i) {
    CHECK_FALSE(watched.stands());
    CHECK_FALSE(watched.sample(1, 0, interval));
    watched.watch.handle_fact(FactProgress{}, watched.now);
  }
}

TEST_CASE("child watch: a main thread that stands still is noticed within 3 s") {
  Watched watched;
  watched.prove();
  CHECK_FALSE(watched.works());
  // The worst case: it did its last work right after a sample.
  bool first = true;
  const auto after = endured(watched, [&] {
    return std::exchange(first, false) ? watched.sample(1, 0, interval) : watched.stands();
  });
  CHECK(after < 3s);
  CHECK(watched.verdict() == "it does nothing: its main thread stands still");
  CHECK(watched.may_wait_for_sound());
}

TEST_CASE("child watch: a main thread may stand still for a while as long as others are linked") {
  Watched watched;
  watched.prove();
  CHECK_FALSE(watched.works());
  SECTION("not for ever") {
    const auto after = endured(watched, [&] {
      watched.watch.handle_other_linked({}, watched.now + interval);
      return watched.stands();
    });
    CHECK(after > 9s);
    CHECK(after < 12s);
  }
  SECTION("nor for long after the last of them") {
    watched.watch.handle_other_linked({}, watched.now);
    CHECK(endured(watched, [&] { return watched.stands(); }) < 3s);
  }
  SECTION("nor if it is stopped") {
    watched.activity.stopped = true;
    CHECK(endured(watched, [&] {
            watched.watch.handle_other_linked({}, watched.now + interval);
            return watched.stands();
          }) < 3s);
  }
}

TEST_CASE("child watch: a child that loses one of its channels is not linked to its device") {
  Watched watched;
  StreamNodeInfo node;
  node.serial = 100;
  const auto link = [&](std::size_t links) {
    node.linked_to.clear();
    if (links > 0) node.linked_to = {speaker};
    node.links = links;
    watched.watch.handle_node(node, watched.now);
  };
  link(1);  // the session manager makes one after the other
  watched.prove();
  link(2);
  watched.now += 1min;
  watched.watch.handle_fact(FactProgress{}, watched.now);
  CHECK_FALSE(watched.verdict());
  SECTION("one is back in time") {
    link(1);
    watched.now += 2s;
    link(2);
    watched.now += 10s;
    CHECK_FALSE(watched.verdict());
  }
  SECTION("one is gone") {
    link(1);
    watched.now += 2700ms;
    CHECK_FALSE(watched.verdict());
    watched.now += 100ms;
    CHECK(watched.verdict() ==
          "it runs, but a channel of its PipeWire node is no longer linked to its device");
    CHECK(watched.may_wait_for_sound());
  }
  SECTION("both are gone, and it stands still because of that") {
    link(0);
    std::optional<std::string> found;
    CHECK(endured(watched, [&] { return found = watched.stands(); }) < 2800ms);
    CHECK(found == "it runs, but its PipeWire node is no longer linked to its device");
  }
  SECTION("both are gone") {
    link(0);
    watched.now += 2800ms;
    CHECK(watched.verdict() == "it runs, but its PipeWire node is no longer linked to its device");
  }
}

TEST_CASE("child watch: where links take long, one that waits its turn may wait twice as long") {
  Watched watched;
  watched.watch.handle_fact(FactDeviceOpened{}, watched.now);
  watched.watch.handle_fact(FactMainLoop{}, watched.now);
  StreamNodeInfo node;
  node.serial = 100;
  const auto waited = [&] {
    return endured(watched, [&] {
      watched.now += 100ms;
      return watched.verdict();
    });
  };
  const auto link = [&](std::size_t links) {
    node.linked_to.clear();
    if (links > 0) node.linked_to = {speaker};
    node.links = links;
    watched.watch.handle_node(node, watched.now);
  };
  SECTION("not if the last one was linked promptly") {
    watched.watch.handle_other_linked(500ms, watched.now);
    CHECK(waited() == ChildWatch::unlinked_limit);
  }
  SECTION("before it works") {
    watched.watch.handle_other_linked(3s, watched.now);
    CHECK(waited() == 6s);
    CHECK(watched.watch.poll_timeout() == watched.now);
  }
  SECTION("within bounds") {
    watched.watch.handle_other_linked(1min, watched.now);
    CHECK(waited() == ChildWatch::link_limit_in_a_crowd);
  }
  SECTION("when the tool opens its device again") {
    link(2);
    REQUIRE(watched.watch.proven());
    watched.watch.handle_node_gone(node.serial, watched.now);
    watched.now += 2s;
    watched.watch.handle_other_linked(3s, watched.now);
    CHECK(waited() == 6s);
  }
  SECTION("but not for ever, whatever others do") {
    link(2);
    watched.watch.handle_node_gone(node.serial, watched.now);
    const auto borne_with = endured(watched, [&] {
      watched.now += 1s;
      watched.watch.handle_other_linked(3s, watched.now);
      watched.watch.handle_fact(FactDeviceOpened{}, watched.now);  // it says so, again and again
      return watched.verdict();
    });
    CHECK(borne_with == ChildWatch::link_limit_in_a_crowd);
  }
  SECTION("and stand still meanwhile, as one without a link does") {
    watched.watch.handle_other_linked(3s, watched.now);
    CHECK(endured(watched, [&] { return watched.stands(); }) >= 6s);
  }
  SECTION("but nobody else may stand still for longer") {
    link(2);
    watched.watch.handle_other_linked(3s, watched.now);
    CHECK(endured(watched, [&] { return watched.stands(); }) < 3s);
  }
  SECTION("not when somebody took its link away") {
    link(2);
    link(0);
    watched.watch.handle_other_linked(3s, watched.now);
    CHECK(waited() == ChildWatch::unlinked_limit);
  }
  SECTION("not when that was long ago") {
    watched.watch.handle_other_linked(3s, watched.now);
    link(2);
    watched.now += 10s;
    watched.watch.handle_node_gone(node.serial, watched.now);
    CHECK(waited() == ChildWatch::unlinked_limit);
  }
  SECTION("and it tells how long itself waited, without the time of an excuse") {
    link(0);
    CHECK_FALSE(watched.watch.linking_took());
    watched.now += 3s;
    watched.watch.excuse(watched.now);
    watched.now += 700ms;
    link(1);
    watched.now += 700ms;
    link(2);
    CHECK(watched.watch.linking_took() == Duration(700ms));
    link(0);
    CHECK_FALSE(watched.watch.linking_took());
    watched.now += 2s;
    link(2);  // somebody took it away: nobody's turn
    CHECK(watched.watch.linking_took() == Duration(700ms));
  }
}

TEST_CASE("child watch: a stopped child is noticed within 3 s, and told apart") {
  Watched watched;
  watched.prove();
  CHECK_FALSE(watched.works());
  watched.activity.stopped = true;
  CHECK(endured(watched, [&] { return watched.stands(); }) < 3s);
  CHECK(watched.verdict() == "a signal (SIGSTOP) has stopped it");
  CHECK_FALSE(watched.may_wait_for_sound());
}

TEST_CASE("child watch: a short stop is forgiven") {
  Watched watched;
  watched.prove();
  for (int i = 0; i < 10; ++i) {
    CHECK_FALSE(watched.works());
    watched.activity.stopped = true;
    CHECK_FALSE(watched.stands());
    watched.activity.stopped = false;
  }
}

TEST_CASE("child watch: a child in a debugger may stand still") {
  Watched watched;
  watched.prove();
  watched.activity.traced = true;
  for (int i = 0; i < 20; ++i) CHECK_FALSE(watched.stands());
  watched.activity.traced = false;
  CHECK(endured(watched, [&] { return watched.stands(); }) < 3s);
}

TEST_CASE("child watch: samples that come late prove nothing") {
  Watched watched;
  watched.prove();
  for (int i = 0; i < 10; ++i) {
    CHECK_FALSE(watched.sample(0, 0, 1600ms));
    CHECK_FALSE(watched.sample(10, 1.6, 1600ms));
    watched.watch.handle_fact(FactProgress{}, watched.now);
  }
}

TEST_CASE("child watch: a spinning child is noticed within 3 s, also if a quarter is stolen") {
  Watched watched;
  watched.prove();
  CHECK_FALSE(watched.works());
  bool first = true;
  const auto after = endured(watched, [&] {
    // At first half a sample of it only.
    return std::exchange(first, false) ? watched.sample(50, 0.4, interval)
                                       : watched.sample(3, 0.57, interval);
  });
  CHECK(after < 3s);
  CHECK(watched.verdict() == "it uses a whole processor and makes no progress");
  CHECK_FALSE(watched.may_wait_for_sound());
}

TEST_CASE("child watch: a spinning child is noticed, however little of a processor it gets") {
  Watched watched;
  watched.prove();
  CHECK_FALSE(watched.works());
  bool first = true;
  const auto after = endured(watched, [&] {
    return std::exchange(first, false) ? watched.sample(1, 0.1, interval)
                                       : watched.sample(0, 0.2, interval);
  });
  CHECK(after < 3s);
  CHECK(watched.verdict() == "it uses a whole processor and makes no progress");
  CHECK_FALSE(watched.may_wait_for_sound());
}

TEST_CASE("child watch: a last line after it began to spin excuses a child only for a moment") {
  Watched watched;
  watched.prove();
  CHECK_FALSE(watched.works());
  CHECK_FALSE(watched.sample(0, 0.2, interval));
  watched.watch.handle_fact(FactProgress{}, watched.now);
  CHECK(endured(watched, [&] { return watched.sample(0, 0.2, interval); }) < 3s);
}

TEST_CASE("child watch: a child that never waits but makes progress is left alone") {
  Watched watched;
  watched.prove();
  for (int i = 0; i < 100; ++i) {
    CHECK_FALSE(watched.sample(0, 0.5, interval));
    watched.watch.handle_fact(FactProgress{}, watched.now);
  }
}

TEST_CASE("child watch: much work that makes progress is no spinning") {
  Watched watched;
  watched.prove();
  for (int i = 0; i < 100; ++i) {
    CHECK_FALSE(watched.spins());
    watched.watch.handle_fact(FactProgress{}, watched.now);
  }
}

TEST_CASE("child watch: one that begins stands still only if it need not look up a name") {
  SECTION("it waits for its device, as nobody ever answers") {
    Watched watched;
    CHECK_FALSE(watched.works());
    CHECK(endured(watched, [&] { return watched.stands(); }) < 3s);
  }
  SECTION("it waits for a name server") {
    Watched watched({.device = speaker, .looks_up_names = true});
    for (int i = 0; i < 50; ++i) CHECK_FALSE(watched.stands());
    watched.prove();
    CHECK(endured(watched, [&] { return watched.stands(); }) < 3s);
  }
  SECTION("it is stopped meanwhile") {
    Watched watched({.device = speaker, .looks_up_names = true});
    watched.activity.stopped = true;
    CHECK(endured(watched, [&] { return watched.stands(); }) < 3s);
  }
}

TEST_CASE("child watch: one that is not ready and goes on without a word is noticed within 3 s") {
  const auto begun = [](const ChildWatch::Expected& expected) {
    Watched watched(expected);
    watched.now += 10s;  // it waited for its turn
    watched.watch.handle_pid(42, watched.now);
    return watched;
  };
  SECTION("for ever") {
    auto watched = begun({.device = speaker});
    CHECK(endured(watched, [&] { return watched.works(); }) < 3s);
    CHECK(watched.verdict() ==
          "it goes on without a word, and waits for the tool to open its device");
    CHECK(watched.may_wait_for_sound());
  }
  SECTION("not while it waits for its turn") {
    Watched watched;
    for (int i = 0; i < 50; ++i) CHECK_FALSE(watched.works());
  }
  SECTION("not while it says what it does") {
    auto watched = begun({.device = speaker});
    for (int i = 0; i < 50; ++i) {
      if (i % 2 == 0) watched.watch.handle_fact(FactProgress{}, watched.now);
      CHECK_FALSE(watched.works());
    }
  }
  SECTION("not while it looks up a name") {
    auto watched = begun({.device = speaker, .looks_up_names = true});
    for (int i = 0; i < 50; ++i) CHECK_FALSE(watched.works());
  }
  SECTION("longer while others are being linked") {
    auto watched = begun({.device = speaker});
    const auto borne_with = endured(watched, [&] {
      watched.watch.handle_other_linked({}, watched.now);
      return watched.works();
    });
    CHECK(borne_with >= ChildWatch::still_limit_in_a_crowd);
    CHECK(borne_with < ChildWatch::still_limit_in_a_crowd + 2 * interval);
  }
  SECTION("not when it has said all, and waits for its link") {
    auto watched = begun({.device = speaker});
    watched.watch.handle_fact(FactDeviceOpened{}, watched.now);
    watched.watch.handle_fact(FactMainLoop{}, watched.now);
    for (int i = 0; i < 20; ++i) {
      watched.watch.handle_other_linked({}, watched.now);
      CHECK_FALSE(watched.works());
    }
  }
  SECTION("not when it is ready: then audio is all that it has to do") {
    auto watched = begun({.device = speaker});
    watched.prove();
    for (int i = 0; i < 20; ++i) CHECK_FALSE(watched.works());
  }
}

TEST_CASE("child watch: one that spins before it is ready is noticed within 3 s") {
  Watched watched({.device = speaker, .looks_up_names = true});
  CHECK_FALSE(watched.works());
  CHECK(endured(watched, [&] { return watched.spins(); }) < 3s);
  CHECK_FALSE(watched.may_wait_for_sound());
}

TEST_CASE("child watch: one that takes no packets from the network is noticed within 3 s") {
  Watched watched({.device = speaker, .binds_media = true});
  watched.watch.handle_fact(
      FactBinding{Interface::media, MediaUri::parse("rtp://0.0.0.0:0").value()}, watched.now);
  watched.watch.handle_fact(FactPortOpened{"0.0.0.0", port}, watched.now);
  watched.prove();
  const auto row = [](const char* address, std::uint16_t at, std::uint64_t bytes) {
    return fmt::format("1: {}:{:04X} 0:0 07 0:{:X} 0\n", address, at, bytes);
  };
  const auto waiting = [&](std::uint64_t bytes, std::uint16_t at = port) {
    watched.udp = UdpBacklog::parse(row("00000000", at, bytes));
    return watched.works();
  };
  constexpr std::uint64_t full = 212'992;
  CHECK_FALSE(watched.works());
  SECTION("it is told") {
    CHECK_FALSE(waiting(ChildWatch::unread_bytes - 1));  // it has hung for 0.2 s at most
    std::uint64_t bytes = 0;
    CHECK(endured(watched, [&] {
            bytes = std::min(full, bytes + 100'000);
            return waiting(bytes);
          }) < 2800ms);
    CHECK(watched.verdict() ==
          "it takes no packets from the network: its network thread does not go on");
    CHECK_FALSE(watched.may_wait_for_sound());
  }
  SECTION("a busy machine makes packets wait, but not all of them") {
    for (int i = 0; i < 20; ++i) {
      watched.watch.handle_fact(FactProgress{}, watched.now);
      CHECK_FALSE(waiting(full));
      CHECK_FALSE(waiting(full));
      CHECK_FALSE(waiting(full - 1));
    }
  }
  SECTION("few packets may wait at each sample") {
    for (int i = 0; i < 20; ++i) CHECK_FALSE(waiting(ChildWatch::unread_bytes - 1));
  }
  SECTION("the ports of others are no matter of its own") {
    for (int i = 0; i < 20; ++i) CHECK_FALSE(waiting(full, port + 1));
  }
  SECTION("nor is that of others on another address") {
    const auto with_others = [&](std::uint64_t own, std::uint64_t of_others) {
      watched.udp = UdpBacklog::parse(row("00000000", port, own) +
                                      row("00000000000000000000000001000000", port, of_others));
      return watched.works();
    };
    for (int i = 0; i < 20; ++i) CHECK_FALSE(with_others(0, full));
    CHECK(endured(watched, [&] { return with_others(full, 0); }) < 2800ms);
  }
  SECTION("a sample that comes late proves nothing") {
    CHECK_FALSE(waiting(full));
    CHECK_FALSE(waiting(full));
    CHECK_FALSE(watched.sample(100, 0.03, 3 * interval));
    CHECK_FALSE(waiting(full));
    CHECK_FALSE(waiting(full));
    CHECK(waiting(full));
  }
  SECTION("nor what was before an excuse") {
    CHECK_FALSE(waiting(full));
    CHECK_FALSE(waiting(full));
    watched.watch.excuse(watched.now);
    CHECK_FALSE(waiting(full));
    CHECK_FALSE(waiting(full));
    CHECK_FALSE(waiting(full));
    CHECK(waiting(full));
  }
}

TEST_CASE("child watch: more output than is looked at is a sign of life, but not of errors") {
  Watched watched;
  watched.prove();
  const auto prints = [&](bool errors) {
    for (int i = 0; i < 60; ++i) {
      if (errors) watched.watch.handle_fact(FactTrouble{"no space left"}, watched.now);
      if (i % 10 == 0) watched.watch.handle_fact(FactSkipped{}, watched.now);
      if (watched.works()) return false;
    }
    return true;
  };
  CHECK(prints(false));
  CHECK_FALSE(prints(true));
  CHECK(watched.verdict() == "it runs, but gave no sign of life for 25 s");
  CHECK(watched.watch.last_error() == "no space left");
  watched.watch.handle_fact(FactProgress{}, watched.now);
  CHECK(prints(false));
}

TEST_CASE("child watch: after an excuse everything is proven anew") {
  Watched watched;
  watched.prove();
  CHECK_FALSE(watched.works());
  CHECK_FALSE(watched.stands());
  watched.watch.excuse(watched.now);
  CHECK_FALSE(watched.stands());
  CHECK_FALSE(watched.stands());
  CHECK(watched.stands());
}

TEST_CASE("the latency is that of a listener, with what the tool leaves out") {
  Watched watched({.device = speaker, .untold_latency = 10ms});
  watched.watch.handle_fact(FactLatency{203.5, 172.3, std::nullopt, std::nullopt}, watched.now);
  CHECK(watched.watch.metrics().e2e_latency_ms == 213.5);
  CHECK(watched.watch.metrics().network_latency_ms == 172.3);
  watched.watch.handle_fact(FactLatency{std::nullopt, 172.3, std::nullopt, std::nullopt},
                            watched.now);
  CHECK_FALSE(watched.watch.metrics().e2e_latency_ms);
}
