// What the store keeps, and what it says when it cannot.
#include "store/store.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "store/files.hpp"
#include "support/database.hpp"
#include "support/temp_directory.hpp"

using namespace rocd;
using namespace rocd::test;
namespace fs = std::filesystem;

namespace {

const Uid first = *Uid::parse("111111-111111-111111");
const Uid second = *Uid::parse("222222-222222-222222");

StoredItem item(const Uid& uid, std::uint64_t version, boost::json::object body) {
  return {uid, version, std::move(body)};
}

std::unique_ptr<Store> open_store(const fs::path& directory) {
  auto store = Store::open(directory);
  REQUIRE(store.has_value());
  return std::move(*store);
}

void must(const Result<>& done) {
  REQUIRE(done.has_value());
}

Error error_of_opening(const fs::path& directory) {
  auto store = Store::open(directory);
  REQUIRE(store.has_error());
  return store.error();
}

}  // namespace

TEST_CASE("what is put is loaded, also by the next rocd") {
  const TempDirectory scratch;
  Uid self;
  {
    const auto store = open_store(scratch.path());
    self = *store->self_uid();
    CHECK(store->load(StoredKind::stream)->empty());
    must(store->put(StoredKind::stream, item(second, 1, {{"a", 1}})));
    must(store->put(StoredKind::stream, item(first, 7, {{"text", "\"ü\" \u2713\\"}})));
    must(store->put(StoredKind::stream_override, item(first, 2, {{"enabled", false}})));
    must(store->put(StoredKind::stream, item(second, 2, {{"a", 2}})));
  }
  const auto store = open_store(scratch.path());
  CHECK(store->self_uid().value() == self);
  const auto streams = store->load(StoredKind::stream).value();
  REQUIRE(streams.size() == 2);
  CHECK(streams[0].uid == first);
  CHECK(streams[0].version == 7);
  CHECK(streams[0].body == boost::json::object{{"text", "\"ü\" \u2713\\"}});
  CHECK(streams[1].uid == second);
  CHECK(streams[1].version == 2);
  CHECK(streams[1].body == boost::json::object{{"a", 2}});
  CHECK(store->load(StoredKind::stream_override)->size() == 1);
  CHECK(store->load(StoredKind::endpoint)->empty());
  CHECK(store->load(StoredKind::endpoint_override)->empty());
  CHECK(store->load(StoredKind::peer)->empty());
}

TEST_CASE("a number is loaded as it was put, to its last digit") {
  const TempDirectory scratch;
  const auto store = open_store(scratch.path());
  for (const double volume : {0.1 + 0.2, 1.8223396313595261, 1 / 3., 2.2250738585072014e-308}) {
    must(store->put(StoredKind::endpoint, item(first, 1, {{"volume", volume}})));
    CHECK(store->load(StoredKind::endpoint)->at(0).body.at("volume").as_double() == volume);
  }
}

TEST_CASE("what is removed stays removed, and removing it again is no error") {
  const TempDirectory scratch;
  {
    const auto store = open_store(scratch.path());
    must(store->put(StoredKind::endpoint, item(first, 1, {})));
    must(store->put(StoredKind::peer, item(first, 1, {})));
    must(store->remove(StoredKind::endpoint, first));
    must(store->remove(StoredKind::endpoint, first));
  }
  const auto store = open_store(scratch.path());
  CHECK(store->load(StoredKind::endpoint)->empty());
  CHECK(store->load(StoredKind::peer)->size() == 1);
}

TEST_CASE("running children are remembered by their identity") {
  const TempDirectory scratch;
  {
    const auto store = open_store(scratch.path());
    must(store->put_child({first, {100, 1}, "boot-1"}));
    must(store->put_child({second, {200, 2}, "boot-1"}));
    must(store->put_child({first, {300, 18'000'000'000'000'000'000U}, "boot-2"}));
    must(store->remove_child(second));
    must(store->remove_child(second));
  }
  const auto children = open_store(scratch.path())->load_children().value();
  REQUIRE(children.size() == 1);
  CHECK(children[0].stream == first);
  CHECK(children[0].identity == ProcessIdentity{300, 18'000'000'000'000'000'000U});
  CHECK(children[0].boot_id == "boot-2");
}

TEST_CASE("each state directory has a uid of its own") {
  const TempDirectory scratch;
  const auto one = open_store(scratch.path() / "one")->self_uid().value();
  const auto two = open_store(scratch.path() / "two")->self_uid().value();
  CHECK(one != two);
  CHECK(Store::open(":memory:").value()->self_uid().has_value());
}

TEST_CASE("a second rocd is told which one holds the state directory") {
  const TempDirectory scratch;
  std::array<int, 2> ready{};
  REQUIRE(::pipe(ready.data()) == 0);
  const auto holder = ::fork();
  REQUIRE(holder >= 0);
  if (holder == 0) {
    const auto store = Store::open(scratch.path());
    const char answer = store.has_value() ? 'y' : 'n';
    if (::write(ready[1], &answer, 1) != 1) ::_exit(2);
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  REQUIRE(answer == 'y');

  const auto error = error_of_opening(scratch.path());
  CHECK(error.code == ErrorCode::conflict);
  CHECK(error.message ==
        "another rocd (pid " + std::to_string(holder) + ") uses this state directory");
  CHECK(error.where == scratch.path().string());
  CHECK(error.hint == "give this one its own with --state-dir");

  ::kill(holder, SIGKILL);  // the lock goes with its process, not with its file
  ::waitpid(holder, nullptr, 0);
  CHECK(Store::open(scratch.path()).has_value());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("the same process cannot open a state directory twice, but again after closing it") {
  const TempDirectory scratch;
  auto store = open_store(scratch.path());
  CHECK(error_of_opening(scratch.path()).code == ErrorCode::conflict);
  store.reset();
  CHECK(Store::open(scratch.path()).has_value());
}

TEST_CASE("an item that cannot be read is left out, told, and kept through all that follows") {
  const TempDirectory scratch;
  const StoreLog log;
  const auto file = scratch.path() / "state.db";
  {
    const auto store = open_store(scratch.path());
    must(store->put(StoredKind::stream, item(second, 5, {{"a", 1}})));
  }
  struct Row {
    const char *uid, *rest, *reason;
  };
  const Row table[] = {
      {"111111-111111-111111", "1, '{'", "it is no JSON object"},
      {"111111-111111-111111", "1, '[]'", "it is no JSON object"},
      {"111111-111111-111111", "0, '{}'", "its version is none"},
      {"111111-111111-111111", "'x', '{}'", "its version is none"},
      {"me", "1, '{}'", "its uid is none"},
  };
  for (const auto& row : table) {
    CAPTURE(row.uid, row.rest);
    run_sql(file, "DELETE FROM item WHERE uid <> '222222-222222-222222'");
    run_sql(file,
            std::string("INSERT INTO item VALUES ('stream', '") + row.uid + "', " + row.rest + ")");
    const auto stored = [&] {
      return run_sql(file,
                     std::string("SELECT version || body FROM item WHERE uid = '") + row.uid + "'");
    };
    const auto before = stored();
    for (int start = 0; start < 2; ++start) {
      const auto store = open_store(scratch.path());
      const auto loaded = store->load(StoredKind::stream).value();
      REQUIRE(loaded.size() == 1);
      CHECK(loaded[0].uid == second);
      REQUIRE(store->unreadable().size() == 1);
      CHECK(store->unreadable()[0].kind == "stream");
      CHECK(store->unreadable()[0].uid == row.uid);
      CHECK(store->unreadable()[0].reason == row.reason);
      must(store->put(StoredKind::stream, item(second, 6, {{"a", 2}})));
      must(store->put(StoredKind::endpoint, item(first, 1, {})));
      must(store->remove(StoredKind::endpoint, first));
      CHECK(store->unreadable().size() == 1);
    }
    CHECK(stored() == before);
    CHECK(log.text().find(std::string("error the stored stream '") + row.uid +
                          "' cannot be read, is left out, and stays in " + file.string() + ": " +
                          row.reason + "\n") != std::string::npos);
  }
}

TEST_CASE("what replaces or removes an item that cannot be read ends the telling of it") {
  const auto store = Store::open(":memory:").value();
  const StoreLog log;
  for (const auto& uid : {first, second}) {
    must(store->put(StoredKind::stream, item(uid, 1, {{"odd", true}})));
    store->set_aside(StoredKind::stream, uid.str(), "odd");
    store->set_aside(StoredKind::stream, uid.str(), "odd, and told twice");
    store->set_aside(StoredKind::endpoint, uid.str(), "another kind");
  }
  CHECK(store->unreadable().size() == 4);
  must(store->put(StoredKind::stream, item(first, 1, {})));
  must(store->remove(StoredKind::stream, second));
  REQUIRE(store->unreadable().size() == 2);
  CHECK(store->unreadable()[0].kind == "endpoint");
  CHECK(store->unreadable()[1].kind == "endpoint");
}

TEST_CASE("an item of a kind that this rocd does not know is told at each start, and stays") {
  const TempDirectory scratch;
  {
    open_store(scratch.path());
  }
  const auto file = scratch.path() / "state.db";
  run_sql(file, "INSERT INTO item VALUES ('scene', '111111-111111-111111', 7, '{}')");
  for (int start = 0; start < 2; ++start) {
    const StoreLog log;
    const auto store = open_store(scratch.path());
    REQUIRE(store->unreadable().size() == 1);
    CHECK(store->unreadable()[0].kind == "scene");
    CHECK(store->unreadable()[0].uid == "111111-111111-111111");
    CHECK(store->unreadable()[0].reason == "this version of rocd does not know its kind");
    CHECK(log.text() ==
          "error the stored scene '111111-111111-111111' cannot be read, is left out, "
          "and stays in " +
              file.string() + ": this version of rocd does not know its kind\n");
  }
  CHECK(run_sql(file, "SELECT version FROM item WHERE kind = 'scene'") == "7");
}

TEST_CASE("the key of an item that cannot be read is shown without what would break a log") {
  const auto store = Store::open(":memory:").value();
  const StoreLog log;
  store->set_aside(StoredKind::peer, "a\nb\xff" + std::string(100, 'c'), "odd");
  CHECK(store->unreadable().at(0).uid == "a?b?" + std::string(60, 'c'));
}

TEST_CASE("a peer whose uid is damaged is not given another one") {
  const TempDirectory scratch;
  {
    open_store(scratch.path());
  }
  run_sql(scratch.path() / "state.db", "INSERT INTO identity VALUES ('self', 'me')");
  const auto self = open_store(scratch.path())->self_uid();
  REQUIRE(self.has_error());
  CHECK(self.error().code == ErrorCode::io);
  CHECK(self.error().where == (scratch.path() / "state.db").string());
  CHECK(self.error().message == "the stored state is damaged: the uid of this peer is not a uid");
}

TEST_CASE("damage to the list of children stops nobody, but is told: they are gone by then") {
  const TempDirectory scratch;
  const StoreLog log;
  {
    must(open_store(scratch.path())->put_child({first, {100, 1}, "boot-1"}));
  }
  CHECK(log.text().empty());
  const auto file = scratch.path() / "children.db";
  write_file(file, std::string(5000, 'x'));
  const auto store = open_store(scratch.path());
  CHECK(log.text() == "warning " + file.string() +
                          ": the list of running children was unreadable and is begun anew "
                          "(the stored state is damaged: file is not a database)\n");
  CHECK(store->load_children()->empty());
  CHECK(store->put_child({first, {100, 1}, "boot-1"}).has_value());
}

TEST_CASE("a lock of another program refuses a write, and says nothing of the disk") {
  const TempDirectory scratch;
  auto store = open_store(scratch.path());
  must(store->put(StoredKind::stream, item(first, 1, {{"name", "before"}})));
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open((scratch.path() / "state.db").c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  const auto refused = store->put(StoredKind::stream, item(first, 2, {{"name", "meanwhile"}}));
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == ErrorCode::unavailable);
  CHECK(store->check_writable().has_value());
  REQUIRE(sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK);
  CHECK(sqlite3_close(other) == SQLITE_OK);
  must(store->put(StoredKind::stream, item(first, 2, {{"name", "after"}})));
}

TEST_CASE("whoever listens is told when writes begin to fail, and when they work again") {
  const TempDirectory scratch;
  auto store = open_store(scratch.path());
  int changes = 0;
  store->set_on_change([&] { ++changes; });
  must(store->put(StoredKind::stream, item(first, 1, {{"name", "before"}})));
  CHECK(changes == 0);
  OtherProgram other(scratch.path() / "state.db");
  other.run("ALTER TABLE item RENAME TO away");
  REQUIRE(store->put(StoredKind::stream, item(first, 2, {{"name", "meanwhile"}})).has_error());
  REQUIRE(store->put(StoredKind::stream, item(first, 3, {{"name", "meanwhile"}})).has_error());
  CHECK(changes == 1);
  other.run("ALTER TABLE away RENAME TO item");
  must(store->put(StoredKind::stream, item(first, 2, {{"name", "after"}})));
  CHECK(changes == 2);
}

TEST_CASE("a write that the disk does not take is an error, and what was acknowledged stays") {
  const TempDirectory scratch;
  std::array<int, 2> report{};
  REQUIRE(::pipe(report.data()) == 0);
  const auto writer = ::fork();
  REQUIRE(writer >= 0);
  if (writer == 0) {
    auto store = Store::open(scratch.path());
    if (!store) ::_exit(1);
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{200'000, 200'000};  // as a disk that is full from then on
    ::setrlimit(RLIMIT_FSIZE, &limit);
    for (std::uint32_t i = 0; i < 10'000; ++i) {
      const auto done =
          (*store)->put(StoredKind::stream, item(Uid::derive("test", "full", std::to_string(i)), 1,
                                                 {{"text", std::string(500, 'x')}}));
      if (!done) ::_exit(done.error().code == ErrorCode::io && i > 0 ? 0 : 3);
      if (::write(report[1], &i, sizeof i) != sizeof i) ::_exit(4);
    }
    ::_exit(5);
  }
  ::close(report[1]);
  int status = 0;
  std::uint32_t acknowledged = 0;
  for (std::uint32_t i = 0; ::read(report[0], &i, sizeof i) == sizeof i;) acknowledged = i + 1;
  ::waitpid(writer, &status, 0);
  ::close(report[0]);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(acknowledged > 0);
  CHECK(open_store(scratch.path())->load(StoredKind::stream)->size() >= acknowledged);
}
