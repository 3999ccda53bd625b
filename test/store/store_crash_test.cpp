// A writer is killed in the middle of its work: every write that it was told is done, is there.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <thread>

#include "store/files.hpp"
#include "store/store.hpp"
#include "support/temp_directory.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

constexpr std::uint32_t keys = 8;

Uid key(std::uint32_t number) {
  return Uid::derive("test", "crash", std::to_string(number % keys));
}

// Write number n puts or, every fifth time, removes one of a few items.
bool removes(std::uint32_t number) {
  return number % 5 == 4;
}

Result<> perform(Store& store, std::uint32_t number) {
  if (removes(number)) return store.remove(StoredKind::stream, key(number));
  return store.put(StoredKind::stream,
                   {key(number), number, {{"text", std::string(number % 3000, 'x')}}});
}

[[noreturn]] void write_until_killed(const std::filesystem::path& directory, std::uint32_t next,
                                     int acknowledge) {
  auto store = Store::open(directory);
  if (!store) ::_exit(1);
  for (;; ++next) {
    if (!perform(**store, next)) ::_exit(2);
    if (::write(acknowledge, &next, sizeof next) != sizeof next) ::_exit(3);
  }
}

using State = std::map<Uid, std::uint64_t>;  // uid -> version

void apply(State& state, std::uint32_t number) {
  if (removes(number))
    state.erase(key(number));
  else
    state[key(number)] = number;
}

State load(const std::filesystem::path& directory, const Uid& self) {
  auto store = Store::open(directory);
  REQUIRE(store.has_value());
  CHECK((*store)->self_uid().value() == self);
  const auto items = (*store)->load(StoredKind::stream);
  REQUIRE(items.has_value());
  State state;
  for (const auto& item : *items) {
    state[item.uid] = item.version;
    CHECK(item.body.at("text").as_string().size() == item.version % 3000);
  }
  return state;
}

}  // namespace

TEST_CASE("every acknowledged write outlives kill -9 at any moment") {
  const TempDirectory scratch;
  const auto self = (*Store::open(scratch.path()))->self_uid().value();
  std::mt19937 random(20261120);
  std::uniform_int_distribution<int> microseconds(1000, 40'000);
  State expected;
  std::uint32_t next = 0;

  for (int round = 0; round < 20; ++round) {
    CAPTURE(round, next);
    std::array<int, 2> pipe{};
    REQUIRE(::pipe(pipe.data()) == 0);
    const auto writer = ::fork();
    REQUIRE(writer >= 0);
    if (writer == 0) {
      ::close(pipe[0]);
      write_until_killed(scratch.path(), next, pipe[1]);
    }
    ::close(pipe[1]);
    const auto read_one = [&] {
      std::uint32_t number = 0;
      if (::read(pipe[0], &number, sizeof number) != sizeof number) return false;
      CHECK(number == next);
      apply(expected, number);
      ++next;
      return true;
    };
    REQUIRE(read_one());  // it works, now
    std::this_thread::sleep_for(std::chrono::microseconds(microseconds(random)));
    ::kill(writer, SIGKILL);
    while (read_one()) continue;
    ::close(pipe[0]);
    int status = 0;
    ::waitpid(writer, &status, 0);
    REQUIRE(WIFSIGNALED(status));

    // One more write may be on disk, whose acknowledgement the kill has cut off.
    const auto found = load(scratch.path(), self);
    if (found != expected) {
      apply(expected, next);
      ++next;
    }
    CHECK(found == expected);
  }
}
