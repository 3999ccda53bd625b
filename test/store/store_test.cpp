// What the store keeps, and what it says when it cannot.
#include "store/store.hpp"

#include <fcntl.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "store/files.hpp"
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

void write_file(const fs::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

void run_sql(const fs::path& file, const char* sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
  REQUIRE(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  REQUIRE(sqlite3_close(database) == SQLITE_OK);
}

// What the store logs while this object lives, without times.
class StoreLog {
 public:
  StoreLog() : before_(log("store").sinks()) {
    log("store").sinks() = {std::make_shared<spdlog::sinks::ostream_sink_st>(text_)};
    log("store").set_pattern("%l %v");
  }
  ~StoreLog() { log("store").sinks() = before_; }
  StoreLog(const StoreLog&) = delete;
  StoreLog& operator=(const StoreLog&) = delete;
  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::vector<spdlog::sink_ptr> before_;
};

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

TEST_CASE("the state directory is made for this user only, whatever its spelling") {
  const TempDirectory scratch;
  for (const auto* name : {"a/b", "c/d/", "./e"}) {
    CAPTURE(name);
    open_store(scratch.path() / name);
    struct stat found{};
    REQUIRE(::stat((scratch.path() / name).c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0700);
  }
  const auto old = fs::current_path();
  fs::current_path(scratch.path());
  CHECK(Store::open("relative").has_value());
  fs::current_path(old);
  CHECK(fs::exists(scratch.path() / "relative" / "state.db"));
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

TEST_CASE("a file that is no database is reported and left as it is") {
  const TempDirectory scratch;
  const auto file = scratch.path() / "state.db";
  const std::string garbage(5000, 'x');
  write_file(file, garbage);
  const auto error = error_of_opening(scratch.path());
  CHECK(error.code == ErrorCode::io);
  CHECK(error.message == "cannot access the stored state: file is not a database");
  CHECK(error.where == file.string());
  CHECK(error.hint ==
        "move the file away to start with an empty one; rocd does not throw it away by itself");
  CHECK(read_file(file) == garbage);

  fs::rename(file, scratch.path() / "state.db.damaged");  // what the hint says
  CHECK(Store::open(scratch.path()).has_value());
}

TEST_CASE("a damaged page is found at the start, not at the first use of it") {
  const TempDirectory scratch;
  {
    const auto store = open_store(scratch.path());
    for (int i = 0; i < 300; ++i)
      must(store->put(StoredKind::stream, item(Uid::derive("test", "stream", std::to_string(i)), 1,
                                               {{"text", std::string(200, 'x')}})));
  }
  const auto file = scratch.path() / "state.db";
  auto bytes = read_file(file);
  REQUIRE(bytes.size() > 10 * 4096);
  bytes.replace(6 * 4096, 4096, std::string(4096, '\x5a'));
  write_file(file, bytes);
  const auto error = error_of_opening(scratch.path());
  CHECK(error.code == ErrorCode::io);
  CHECK(error.message.starts_with("the stored state is damaged: "));
  CHECK(error.where == file.string());
  CHECK(error.hint.starts_with("move the file away"));
}

TEST_CASE("an item that cannot be read is an error, not an item less") {
  const TempDirectory scratch;
  const auto file = scratch.path() / "state.db";
  {
    open_store(scratch.path());
  }
  struct Row {
    const char *sql, *message;
  };
  const Row table[] = {
      {"INSERT INTO item VALUES ('stream', '111111-111111-111111', 1, '{')",
       "the stored state is damaged: stream '111111-111111-111111' cannot be read"},
      {"INSERT INTO item VALUES ('stream', '111111-111111-111111', 1, '[]')",
       "the stored state is damaged: stream '111111-111111-111111' cannot be read"},
      {"INSERT INTO item VALUES ('stream', 'me', 1, '{}')",
       "the stored state is damaged: stream 'me' cannot be read"},
  };
  for (const auto& row : table) {
    run_sql(file, "DELETE FROM item");
    run_sql(file, row.sql);
    const auto loaded = open_store(scratch.path())->load(StoredKind::stream);
    REQUIRE(loaded.has_error());
    CHECK(loaded.error().code == ErrorCode::io);
    CHECK(loaded.error().message == row.message);
    CHECK(loaded.error().where == file.string());
  }
  run_sql(file, "INSERT INTO identity VALUES ('self', 'me')");
  const auto self = open_store(scratch.path())->self_uid();
  REQUIRE(self.has_error());
  CHECK(self.error().message == "the stored state is damaged: the uid of this peer is not a uid");
}

TEST_CASE("the state of a newer rocd is refused") {
  const TempDirectory scratch;
  {
    open_store(scratch.path());
  }
  run_sql(scratch.path() / "state.db", "PRAGMA user_version = 2");
  const auto error = error_of_opening(scratch.path());
  CHECK(error.code == ErrorCode::io);
  CHECK(error.message ==
        "the stored state was written by a newer rocd (schema 2, this one knows 1)");
  CHECK(error.hint == "use that version, or another --state-dir");
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
                          "(cannot access the stored state: file is not a database)\n");
  CHECK(store->load_children()->empty());
  CHECK(store->put_child({first, {100, 1}, "boot-1"}).has_value());
}

TEST_CASE("a state directory that cannot be made is an error with its path") {
  const TempDirectory scratch;
  write_file(scratch.path() / "file", "");
  for (const auto* name : {"file", "file/below", "file/far/below"}) {
    CAPTURE(name);
    const auto error = error_of_opening(scratch.path() / name);
    CHECK(error.code == ErrorCode::io);
    CHECK(error.message == "cannot make the state directory: Not a directory");
    CHECK(error.where == (scratch.path() / name).string());
  }
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
