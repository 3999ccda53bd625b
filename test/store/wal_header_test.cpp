#include "store/wal_header.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "store/files.hpp"
#include "support/temp_directory.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

// As SQLite writes it, in the byte order of this machine.
std::string real_start() {
  const TempDirectory scratch;
  const auto file = scratch.path() / "some.db";
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
  REQUIRE(sqlite3_exec(database, "PRAGMA journal_mode = WAL; CREATE TABLE t (x)", nullptr, nullptr,
                       nullptr) == SQLITE_OK);
  auto start = read_file(file.string() + "-wal").substr(0, wal_header_size);
  REQUIRE(sqlite3_close(database) == SQLITE_OK);
  REQUIRE(start.size() == wal_header_size);
  return start;
}

}  // namespace

TEST_CASE("the start of a log that SQLite wrote is one") {
  CHECK(is_wal_start(real_start()));
  // One of a big-endian machine; page size 4096, checkpoint 7, salts 0x01020304 and 0xa0b0c0d0.
  const std::string big_endian(
      "\x37\x7f\x06\x83\x00\x2d\xe2\x18\x00\x00\x10\x00\x00\x00\x00\x07"
      "\x01\x02\x03\x04\xa0\xb0\xc0\xd0\x17\x06\xe9\xe2\x5e\x90\x92\x72",
      wal_header_size);
  CHECK(is_wal_start(big_endian));
}

TEST_CASE("a log that a power cut left before its first write is fine") {
  CHECK(is_wal_start(""));
  CHECK(is_wal_start(real_start().substr(0, 31)));
  CHECK(is_wal_start(std::string(wal_header_size, '\0')));
}

TEST_CASE("any other byte in the start of a log is damage") {
  const auto whole = real_start();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    CAPTURE(at);
    auto damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    CHECK_FALSE(is_wal_start(damaged));
  }
  CHECK_FALSE(is_wal_start(std::string(wal_header_size, 'x')));
}
