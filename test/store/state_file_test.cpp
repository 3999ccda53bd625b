// state.db: what is refused stays byte for byte, what is older is brought up to date or left alone.
#include "store/state_file.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "store/files.hpp"
#include "store/store.hpp"
#include "support/temp_directory.hpp"

using namespace rocd;
using namespace rocd::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

const Uid first = *Uid::parse("111111-111111-111111");

Uid numbered(int number) {
  return Uid::derive("test", "stream", std::to_string(number));
}

// Enough for several pages of each kind.
void fill(const fs::path& directory, int items = 300) {
  auto store = Store::open(directory);
  REQUIRE(store.has_value());
  REQUIRE((*store)->self_uid().has_value());
  for (int i = 0; i < items; ++i)
    REQUIRE((*store)
                ->put(StoredKind::stream,
                      {numbered(i),
                       static_cast<std::uint64_t>(i + 1),
                       {{"text", std::string(200, static_cast<char>('a' + i % 26))}}})
                .has_value());
}

// uid -> version, with every body checked.
std::map<Uid, std::uint64_t> contents(const fs::path& directory) {
  auto store = Store::open(directory);
  REQUIRE(store.has_value());
  const auto items = (*store)->load(StoredKind::stream);
  REQUIRE(items.has_value());
  std::map<Uid, std::uint64_t> found;
  for (const auto& item : *items) {
    found[item.uid] = item.version;
    CHECK(item.body.at("text").as_string().size() == 200);
  }
  return found;
}

[[noreturn]] void die() {  // without closing anything: the log stays as a kill leaves it
  ::kill(::getpid(), SIGKILL);
  ::_exit(9);
}

// `work` ends with die(), or otherwise if it fails.
void in_killed_process(const std::function<void()>& work) {
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    work();
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
}

// A state whose last writes are only in the log.
void fill_and_kill(const fs::path& directory) {
  fill(directory);
  in_killed_process([&] {
    const auto store = Store::open(directory);
    if (store && (*store)->put(StoredKind::stream, {first, 1, {{"text", std::string(200, 'z')}}}))
      die();
  });
  REQUIRE(fs::file_size(directory / "state.db-wal") > 0);
}

// It is refused, and not a byte of it changes, however often it is tried.
Error refusal(const fs::path& directory) {
  const auto before = state_files(directory);
  Error error;
  for (int i = 0; i < 2; ++i) {
    const auto opened = Store::open(directory);
    REQUIRE(opened.has_error());
    error = opened.error();
    CHECK(state_files(directory) == before);
  }
  CHECK(error.hint.find("--state-dir") != std::string::npos);
  return error;
}

constexpr const char* schema_1 = R"(
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS identity (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS item (
    kind TEXT NOT NULL, uid TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, uid)) WITHOUT ROWID;
  PRAGMA user_version = 1;
  INSERT INTO identity VALUES ('self', 'selfse-lfself-selfse');
  INSERT INTO item VALUES ('stream', '111111-111111-111111', 7, '{"a":1}');
  INSERT INTO item VALUES ('endpoint_override', '222222-222222-222222', 2, '{"volume":0.5}');
)";

void make_schema_1(const fs::path& directory) {
  run_sql(directory / "state.db", schema_1);
}

std::string version_of(const fs::path& file) {
  return run_sql(file, "PRAGMA user_version");
}

}  // namespace

// --- what is refused ---------------------------------------------------------------------------

TEST_CASE("a file that is no database is reported and left as it is") {
  const TempDirectory scratch;
  const auto file = scratch.path() / "state.db";
  std::mt19937 random(1);
  std::string noise(5000, '\0');
  for (auto& byte : noise) byte = static_cast<char>(random());
  for (const auto& bytes : {std::string(5000, 'x'), noise, std::string(512, 'x')}) {
    write_file(file, bytes);
    const auto error = refusal(scratch.path());
    CHECK(error.code == ErrorCode::io);
    CHECK(error.message == "the stored state is damaged: file is not a database");
    CHECK(error.where == file.string());
    CHECK(error.hint ==
          "restore a copy of it, or move it and its -wal away to begin with an empty state, or use "
          "another --state-dir; rocd leaves it as it is");
  }
  fs::rename(file, scratch.path() / "state.db.damaged");  // what the hint says
  CHECK(Store::open(scratch.path()).has_value());
}

TEST_CASE("a damaged page is found at the start, not at the first use of it") {
  const TempDirectory scratch;
  fill(scratch.path());
  const auto file = scratch.path() / "state.db";
  auto bytes = read_file(file);
  REQUIRE(bytes.size() > 10 * 4096);
  bytes.replace(6 * 4096, 4096, std::string(4096, '\x5a'));
  write_file(file, bytes);
  const auto error = refusal(scratch.path());
  CHECK(error.code == ErrorCode::io);
  CHECK(error.message.starts_with("the stored state is damaged: "));
  CHECK(error.message.find('\n') == std::string::npos);
  CHECK(error.where == file.string());
}

TEST_CASE("whichever two pages are swapped, it is found") {
  const TempDirectory scratch;
  fill(scratch.path());
  const auto file = scratch.path() / "state.db";
  const auto whole = read_file(file);
  const std::size_t pages = whole.size() / 4096;
  REQUIRE(pages > 10);
  for (std::size_t a = 0; a < pages; ++a)
    for (std::size_t b = a + 1; b < pages; ++b) {
      CAPTURE(a, b);
      auto bytes = whole;
      const auto one = whole.substr(a * 4096, 4096);
      const auto other = whole.substr(b * 4096, 4096);
      if (one == other) continue;
      bytes.replace(a * 4096, 4096, other).replace(b * 4096, 4096, one);
      write_file(file, bytes);
      const auto opened = open_state_file(file);
      REQUIRE(opened.has_error());
      CHECK(opened.error().message.starts_with("the stored state is damaged: "));
      CHECK(opened.error().where == file.string());
      CHECK(read_file(file) == bytes);
    }
}

TEST_CASE("wherever the file is cut off, it is found") {
  const TempDirectory scratch;
  fill(scratch.path());
  const auto file = scratch.path() / "state.db";
  const auto whole = read_file(file);
  const auto cut = [&](std::size_t size) {
    CAPTURE(size);
    write_file(file, whole.substr(0, size));
    const auto opened = open_state_file(file);
    REQUIRE(opened.has_error());
    CHECK(opened.error().where == file.string());
    CHECK(read_file(file) == whole.substr(0, size));
  };
  for (const std::size_t size : {1, 15, 16, 99, 100, 511, 513, 4095, 4097}) cut(size);
  for (std::size_t size = 512; size < whole.size(); size += 512) cut(size);
}

TEST_CASE("an empty file is a new state, which is told") {
  const TempDirectory scratch;
  const StoreLog log;
  write_file(scratch.path() / "state.db", "");
  CHECK(contents(scratch.path()).empty());
  CHECK(log.text() ==
        "warning " + (scratch.path() / "state.db").string() + " was empty: a new state is begun\n");
}

TEST_CASE("a log without its file is not thrown away") {
  const TempDirectory scratch;
  fill_and_kill(scratch.path());
  const auto file = scratch.path() / "state.db";
  const auto bytes = read_file(file);
  fs::remove(file);
  auto error = refusal(scratch.path());
  CHECK(error.message == "the stored state is not there, but its -wal holds writes of it");
  CHECK(error.where == file.string());
  write_file(file, "");
  error = refusal(scratch.path());
  CHECK(error.message == "the stored state is empty, but its -wal holds writes of it");

  write_file(file, bytes);  // what the hint says
  CHECK(contents(scratch.path()).contains(first));
}

TEST_CASE("a log that is garbage is not taken for an empty one") {
  const TempDirectory scratch;
  fill_and_kill(scratch.path());
  const auto log_file = scratch.path() / "state.db-wal";
  const auto bytes = read_file(log_file);
  write_file(log_file, std::string(bytes.size(), 'x'));
  const auto error = refusal(scratch.path());
  CHECK(error.message == "the stored state is damaged: its -wal does not begin as one");
  CHECK(error.where == log_file.string());
  CHECK(error.hint.starts_with("restore a copy of it, or move it"));
  write_file(log_file, bytes);
  CHECK(contents(scratch.path()).size() == 301);
}

TEST_CASE("a log as a power cut may leave it before its first write is no damage") {
  const TempDirectory scratch;
  fill(scratch.path());
  for (const auto& bytes : {std::string(), std::string(20, 'x'), std::string(4096, '\0')}) {
    CAPTURE(bytes.size());
    write_file(scratch.path() / "state.db-wal", bytes);
    CHECK(contents(scratch.path()).size() == 300);
  }
}

TEST_CASE("the database of another program is refused") {
  const TempDirectory scratch;
  const auto file = scratch.path() / "state.db";
  struct Row {
    const char* what;
    bool in_our_file;
    const char* sql;
  };
  const Row table[] = {
      {"its mark", false, "PRAGMA application_id = 1234; CREATE TABLE item (x)"},
      {"its mark on tables like ours", true, "PRAGMA application_id = 1234"},
      {"a table of its own", false, "CREATE TABLE note (text TEXT)"},
      {"a table of its own beside ours", true, "CREATE TABLE note (text TEXT)"},
      {"a version without tables", false, "PRAGMA user_version = 1"},
      {"a version that had our mark", true, "PRAGMA user_version = 2"},
      {"a negative version", false, "PRAGMA user_version = -1"},
  };
  for (const auto& row : table) {
    CAPTURE(row.what);
    for (const auto& name : state_files(scratch.path())) fs::remove(scratch.path() / name.first);
    fs::remove(file.string() + "-wal");
    if (row.in_our_file) make_schema_1(scratch.path());
    run_sql(file, row.sql);
    fs::permissions(file, fs::perms(0644));
    const auto error = refusal(scratch.path());
    CHECK(error.code == ErrorCode::io);
    CHECK(error.message == "the file is a database of another program");
    CHECK(error.where == file.string());
    CHECK(mode_of(file) == 0644);
  }
}

TEST_CASE("the state of a newer rocd is refused and kept, also what is only in its log") {
  const TempDirectory scratch;
  const auto file = scratch.path() / "state.db";
  fill(scratch.path());
  in_killed_process([&] {
    sqlite3* database = nullptr;
    if (sqlite3_open(file.c_str(), &database) != SQLITE_OK) return;
    if (sqlite3_exec(database, "CREATE TABLE later (x); PRAGMA user_version = 99", nullptr, nullptr,
                     nullptr) == SQLITE_OK)
      die();
  });
  REQUIRE(fs::file_size(scratch.path() / "state.db-wal") > 0);
  const auto error = refusal(scratch.path());
  CHECK(error.code == ErrorCode::io);
  CHECK(error.message ==
        "the stored state was written by a newer rocd (schema 99, this one knows " +
            std::to_string(migrations().size()) + ")");
  CHECK(error.where == file.string());
  CHECK(error.hint == "use that version, or another --state-dir");
}

TEST_CASE("what is in place of the file and is none is refused") {
  const TempDirectory scratch;
  const auto file = scratch.path() / "state.db";
  const auto message = [&] {
    const auto opened = Store::open(scratch.path());
    REQUIRE(opened.has_error());
    CHECK(opened.error().code == ErrorCode::io);
    CHECK(opened.error().where == file.string());
    CHECK(opened.error().hint.find("--state-dir") != std::string::npos);
    return opened.error().message;
  };
  fs::create_directory(file);
  CHECK(message() == "cannot open the stored state: Is a directory");
  fs::remove(file);
  fs::create_symlink(scratch.path() / "nowhere", file);
  CHECK(message() == "cannot open the stored state: No such file or directory");
  fs::remove(file);
  REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
  CHECK(message() == "cannot open the stored state: it is not a regular file");
  fs::remove(file);
  CHECK(Store::open(scratch.path()).has_value());
}

TEST_CASE("a file that another program has locked is told after a moment, and kept") {
  const TempDirectory scratch;
  fill(scratch.path(), 1);
  const auto file = scratch.path() / "state.db";
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE", nullptr, nullptr,
                       nullptr) == SQLITE_OK);
  const auto opened = open_state_file(file);
  REQUIRE(opened.has_error());
  CHECK(opened.error().code == ErrorCode::unavailable);
  CHECK(opened.error().message ==
        "cannot access the stored state: another program holds a lock on it");
  CHECK(opened.error().where == file.string());
  CHECK(opened.error().hint == "try again when that program is done");
  sqlite3_close(other);
  CHECK(contents(scratch.path()).size() == 1);
}

// --- how it is written -------------------------------------------------------------------------

TEST_CASE("the state is written so that an answer means: on disk") {
  const TempDirectory scratch;
  auto state = open_state_file(scratch.path() / "state.db");
  REQUIRE(state.has_value());
  CHECK(state->text_of("PRAGMA journal_mode").value() == "wal");
  CHECK(state->number_of("PRAGMA synchronous").value() == 2);  // FULL
  CHECK(state->number_of("PRAGMA wal_autocheckpoint").value() == 250);
  CHECK(state->number_of("PRAGMA journal_size_limit").value() == 250 * 4096);
  CHECK(state->number_of("PRAGMA application_id").value() == 0x726f6364);
  CHECK(state->number_of("PRAGMA busy_timeout").value() == 50);  // ms
}

// As on a file system without shared memory: SQLite's own VFS for these has no write-ahead log.
TEST_CASE("where there can be no write-ahead log, the state is as durable without one") {
  struct WithoutSharedMemory {
    sqlite3_vfs* before = sqlite3_vfs_find(nullptr);
    WithoutSharedMemory() { sqlite3_vfs_register(sqlite3_vfs_find("unix-dotfile"), 1); }
    ~WithoutSharedMemory() { sqlite3_vfs_register(before, 1); }
  };
  const TempDirectory scratch;
  const StoreLog log;
  const auto file = scratch.path() / "state.db";
  {
    const WithoutSharedMemory set;
    auto state = open_state_file(file);
    REQUIRE(state.has_value());
    CHECK(state->text_of("PRAGMA journal_mode").value() == "delete");
    CHECK(state->number_of("PRAGMA synchronous").value() == 3);  // EXTRA
    CHECK(log.text() == "warning " + file.string() +
                            ": this file system takes no write-ahead log, journal 'delete' is "
                            "used\n");
    REQUIRE(state->execute("INSERT INTO identity VALUES ('self', 'x')").has_value());
  }
  auto state = open_state_file(file);
  REQUIRE(state.has_value());
  CHECK(state->text_of("PRAGMA journal_mode").value() == "wal");
  CHECK(state->text_of("SELECT value FROM identity").value() == "x");
}

TEST_CASE("the log of many writes stays small") {
  const TempDirectory scratch;
  const auto store = Store::open(scratch.path()).value();
  std::uintmax_t largest = 0;
  for (std::uint64_t i = 1; i <= 2000; ++i) {
    REQUIRE(
        store->put(StoredKind::stream, {first, i, {{"text", std::string(3000, 'x')}}}).has_value());
    if (i % 50 == 0) largest = std::max(largest, fs::file_size(scratch.path() / "state.db-wal"));
  }
  CHECK(largest > 0);
  CHECK(largest < 1'500'000);
}

TEST_CASE("the log is small again when a long reader is gone") {
  const TempDirectory scratch;
  const auto store = Store::open(scratch.path()).value();
  const auto write = [&](std::uint64_t count) {
    for (std::uint64_t i = 1; i <= count; ++i)
      REQUIRE(store->put(StoredKind::stream, {first, i, {{"text", std::string(3000, 'x')}}})
                  .has_value());
  };
  const auto log_size = [&] { return fs::file_size(scratch.path() / "state.db-wal"); };
  sqlite3* reader = nullptr;
  REQUIRE(sqlite3_open((scratch.path() / "state.db").c_str(), &reader) == SQLITE_OK);
  REQUIRE(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM item", nullptr, nullptr, nullptr) ==
          SQLITE_OK);
  write(800);
  CHECK(log_size() > 2'000'000);
  REQUIRE(sqlite3_close(reader) == SQLITE_OK);
  write(600);
  CHECK(log_size() < 1'500'000);
}

// --- older versions ----------------------------------------------------------------------------

TEST_CASE("the state of the first rocd is brought up to date, and kept as it was") {
  const TempDirectory scratch;
  const StoreLog log;
  const auto file = scratch.path() / "state.db";
  const auto copy = scratch.path() / "state.db.v1";
  make_schema_1(scratch.path());
  {
    const auto store = Store::open(scratch.path()).value();
    CHECK(store->self_uid().value().str() == "selfse-lfself-selfse");
    const auto streams = store->load(StoredKind::stream).value();
    REQUIRE(streams.size() == 1);
    CHECK(streams[0].version == 7);
    CHECK(streams[0].body == boost::json::object{{"a", 1}});
    CHECK(store->load(StoredKind::endpoint_override)->size() == 1);
  }
  CHECK(log.text() == "info " + file.string() +
                          ": brought from schema 1 to 2, the old one is kept as state.db.v1\n");
  CHECK(version_of(file) == "2");
  CHECK(run_sql(file, "PRAGMA application_id") == std::to_string(0x726f6364));
  CHECK(mode_of(copy) == 0600);
  CHECK(version_of(copy) == "1");
  CHECK(run_sql(copy, "PRAGMA application_id") == "0");
  CHECK(run_sql(copy, "SELECT body FROM item WHERE kind = 'stream'") == "{\"a\":1}");
  CHECK(run_sql(copy, "PRAGMA integrity_check") == "ok");

  const auto bytes = read_file(copy);
  CHECK(Store::open(scratch.path()).has_value());
  CHECK(read_file(copy) == bytes);  // nothing to do, the second time

  fs::copy_file(copy, file, fs::copy_options::overwrite_existing);  // back to the old rocd
  CHECK(Store::open(scratch.path()).has_value());
  CHECK(version_of(file) == "2");
}

TEST_CASE("a new state needs no copy, and one that was never finished is begun again") {
  const TempDirectory scratch;
  const auto file = scratch.path() / "state.db";
  run_sql(file, "CREATE TABLE identity (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)");
  CHECK(Store::open(scratch.path()).has_value());
  CHECK(version_of(file) == "2");
  CHECK_FALSE(fs::exists(scratch.path() / "state.db.v0"));
}

TEST_CASE("a step that fails leaves the state as it was") {
  const TempDirectory scratch;
  const StoreLog log;
  make_schema_1(scratch.path());
  const auto file = scratch.path() / "state.db";
  auto steps = std::vector(migrations().begin(), migrations().end());
  steps.push_back({"ALTER TABLE item ADD COLUMN extra TEXT; DELETE FROM identity"});
  steps.push_back({"DELETE FROM item; INSERT INTO nowhere VALUES (1)"});
  const auto opened = open_state_file(file, steps);
  REQUIRE(opened.has_error());
  CHECK(opened.error().message ==
        "cannot bring the stored state from schema 1 to 4: cannot access the stored state: no such "
        "table: nowhere");
  CHECK(opened.error().where == file.string());
  CHECK(version_of(file) == "1");
  CHECK(run_sql(file, "SELECT count(*) FROM identity") == "1");
  CHECK(run_sql(file, "SELECT count(*) FROM item") == "2");

  steps.pop_back();
  auto state = open_state_file(file, steps);
  REQUIRE(state.has_value());
  CHECK(state->number_of("SELECT count(extra) FROM item").has_value());
  CHECK(state->number_of("PRAGMA user_version").value() == 3);
}

TEST_CASE("without a copy of the old state nothing is changed") {
  const TempDirectory scratch;
  make_schema_1(scratch.path());
  fs::create_directories(scratch.path() / "state.db.v1" / "in the way");
  const auto opened = Store::open(scratch.path());
  REQUIRE(opened.has_error());
  CHECK(opened.error().message.starts_with(
      "cannot keep a copy of the stored state before it is brought to schema 2: "));
  CHECK(version_of(scratch.path() / "state.db") == "1");
}

// The last step never ends, so the kill meets it at work: with thousands of its rows in the log.
TEST_CASE("a rocd that is killed in the middle of an update leaves the old state") {
  const TempDirectory scratch;
  const StoreLog log;
  const auto file = scratch.path() / "state.db";
  make_schema_1(scratch.path());
  auto steps = std::vector(migrations().begin(), migrations().end());
  steps.push_back({R"(
    ALTER TABLE item ADD COLUMN extra TEXT;
    DELETE FROM identity;
    PRAGMA cache_size = 10;
    CREATE TABLE filler AS WITH RECURSIVE endless (n) AS (SELECT 1 UNION ALL SELECT n + 1
      FROM endless) SELECT randomblob(4000) AS bytes FROM endless;
  )"});
  const auto updating = ::fork();
  REQUIRE(updating >= 0);
  if (updating == 0) ::_exit(open_state_file(file, steps) ? 0 : 1);
  const auto log_size = [&] {
    std::error_code absent;
    const auto size = fs::file_size(file.string() + "-wal", absent);
    return absent ? 0 : size;
  };
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (log_size() < 1'000'000 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(1ms);
  ::kill(updating, SIGKILL);
  int status = 0;
  ::waitpid(updating, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(log_size() >= 1'000'000);

  CHECK(version_of(scratch.path() / "state.db.v1") == "1");
  CHECK(version_of(file) == "1");
  steps.back() = {"ALTER TABLE item ADD COLUMN extra TEXT"};  // what the next one makes of it
  auto state = open_state_file(file, steps);
  REQUIRE(state.has_value());
  CHECK(state->number_of("PRAGMA user_version").value() == 3);
  CHECK(state->text_of("SELECT value FROM identity").value() == "selfse-lfself-selfse");
  CHECK(state->number_of("SELECT count(*) FROM item WHERE extra IS NULL").value() == 2);
}
