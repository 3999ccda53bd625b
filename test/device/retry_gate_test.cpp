#include "device/retry_gate.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace rocd;

namespace {

struct Attempts {
  RetryGate gate{1};
  Instant now{};

  void after(Duration duration, bool is_there) {
    now += duration;
    gate.look(is_there, now);
  }
  // How long the next attempt has to wait; it is made then.
  Duration pause() {
    const auto begin = now;
    while (!gate.attempt(now)) now = *gate.opens_at();
    return now - begin;
  }
  void fail_often() {
    for (int i = 0; i < 50; ++i) (void)pause();
  }
};

}  // namespace

TEST_CASE("retry gate: pauses grow to more than 1.9 s, and never to more than 3 s") {
  Attempts attempts;
  CHECK(attempts.pause() == 0s);
  CHECK(attempts.pause() <= 120ms);
  attempts.fail_often();
  for (int i = 0; i < 1000; ++i) {
    const auto pause = attempts.pause();
    CHECK(pause > 1900ms);
    CHECK(pause <= 3s);
  }
}

TEST_CASE("retry gate: what was there for 2 s is tried again at once when it goes") {
  Attempts attempts;
  attempts.fail_often();
  attempts.after(0s, true);
  attempts.after(1s, true);
  attempts.after(1s, false);
  CHECK(attempts.pause() == 0s);
  CHECK(attempts.pause() <= 120ms);
}

TEST_CASE("retry gate: what comes and goes is no success, however long that lasts") {
  Attempts attempts;
  attempts.fail_often();
  for (int i = 0; i < 10; ++i) {
    (void)attempts.pause();
    attempts.after(0s, true);
    attempts.after(1900ms, false);
  }
  CHECK(attempts.pause() > 0s);
  CHECK(attempts.pause() > 1900ms);
}
