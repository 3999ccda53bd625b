// Whose the state directory and its files are.
#include "store/state_directory.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <filesystem>

#include "store/files.hpp"
#include "store/store.hpp"
#include "support/temp_directory.hpp"

using namespace rocd;
using namespace rocd::test;
namespace fs = std::filesystem;

namespace {

class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

void write_something(Store& store) {
  const auto uid = *Uid::parse("111111-111111-111111");
  REQUIRE(store.put(StoredKind::stream, {uid, 1, {}}).has_value());
  REQUIRE(store.put_child({uid, {100, 1}, "boot"}).has_value());
}

constexpr const char* all_files[] = {"lock",           "state.db",    "state.db-wal",
                                     "state.db-shm",   "children.db", "children.db-wal",
                                     "children.db-shm"};

}  // namespace

TEST_CASE("the state directory and all files in it are for this user only, whatever the umask") {
  for (const mode_t mask : {0000, 0022, 0077, 0277, 0777}) {
    CAPTURE(mask);
    const TempDirectory scratch;
    const auto directory = scratch.path() / "far" / "below" / "state";
    {
      const Umask set(mask);
      auto store = Store::open(directory);
      REQUIRE(store.has_value());
      write_something(**store);
      for (const auto* name : all_files) {
        CAPTURE(name);
        CHECK(mode_of(directory / name) == 0600);
      }
    }
    CHECK(mode_of(directory) == 0700);
    CHECK(mode_of(directory.parent_path()) == 0700);
    CHECK(mode_of(directory.parent_path().parent_path()) == 0700);
  }
}

TEST_CASE("files that an earlier rocd left readable are closed to others") {
  const TempDirectory scratch;
  {
    auto store = Store::open(scratch.path());
    REQUIRE(store.has_value());
    write_something(**store);
  }
  for (const auto* name : {"lock", "state.db", "children.db"})
    fs::permissions(scratch.path() / name, fs::perms(0644));
  auto store = Store::open(scratch.path());
  REQUIRE(store.has_value());
  write_something(**store);
  for (const auto* name : all_files) {
    CAPTURE(name);
    CHECK(mode_of(scratch.path() / name) == 0600);
  }
}

TEST_CASE("the state directory may be written in many ways") {
  const TempDirectory scratch;
  for (const auto* name : {"a/b", "c/d/", "./e", "f/../g//h"}) {
    CAPTURE(name);
    REQUIRE(Store::open(scratch.path() / name).has_value());
    CHECK(mode_of((scratch.path() / name).lexically_normal()) == 0700);
  }
  const auto old = fs::current_path();
  fs::current_path(scratch.path());
  CHECK(Store::open("relative").has_value());
  fs::current_path(old);
  CHECK(fs::exists(scratch.path() / "relative" / "state.db"));
}

TEST_CASE("rocd warns of a state directory that others can write to, and of no other") {
  const TempDirectory scratch;
  const StoreLog log;
  const auto warned = [&](mode_t mode) {
    fs::permissions(scratch.path(), fs::perms(mode));
    const auto before = log.text().size();
    REQUIRE(StateDirectory::open(scratch.path()).has_value());
    CHECK(mode_of(scratch.path()) == mode);  // it is the user's
    return log.text().substr(before);
  };
  const auto warning = "warning other users can write to the state directory " +
                       scratch.path().string() + ": chmod 700 it\n";
  CHECK(warned(0700).empty());
  CHECK(warned(0755).empty());
  CHECK(warned(0770) == warning);
  CHECK(warned(0707) == warning);
  CHECK(warned(01777) == warning);
}

TEST_CASE("a state directory that cannot be made is an error with its path") {
  const TempDirectory scratch;
  write_file(scratch.path() / "file", "");
  for (const auto* name : {"file", "file/below", "file/far/below"}) {
    CAPTURE(name);
    const auto opened = StateDirectory::open(scratch.path() / name);
    REQUIRE(opened.has_error());
    const auto& error = opened.error();
    CHECK(error.code == ErrorCode::io);
    CHECK(error.message == "cannot make the state directory: Not a directory");
    CHECK(error.where == (scratch.path() / name).string());
    CHECK(error.hint == "use another --state-dir");
  }
}

TEST_CASE("a lock is free again when its object is gone, and moves with it") {
  const TempDirectory scratch;
  auto first = StateDirectory::open(scratch.path());
  REQUIRE(first.has_value());
  StateDirectory moved = std::move(*first);
  const auto second = StateDirectory::open(scratch.path());
  REQUIRE(second.has_error());
  CHECK(second.error().code == ErrorCode::conflict);
  CHECK(second.error().message ==
        "another rocd (pid " + std::to_string(::getpid()) + ") uses this state directory");
  moved = StateDirectory();
  CHECK(StateDirectory::open(scratch.path()).has_value());
}

TEST_CASE("the state directory of a rocd that was just killed can be opened at once") {
  const TempDirectory scratch;
  for (int round = 0; round < 10; ++round) {
    std::array<int, 2> ready{};
    REQUIRE(::pipe(ready.data()) == 0);
    const auto holder = ::fork();
    REQUIRE(holder >= 0);
    if (holder == 0) {
      const auto held = StateDirectory::open(scratch.path());
      if (!held || ::write(ready[1], "y", 1) != 1) ::_exit(1);
      ::pause();
    }
    char answer = 0;
    REQUIRE(::read(ready[0], &answer, 1) == 1);
    ::kill(holder, SIGKILL);  // and nobody waits for its end
    CHECK(StateDirectory::open(scratch.path()).has_value());
    ::waitpid(holder, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
  }
}
