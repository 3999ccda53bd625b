// The few RAII pieces of SQLite's C interface that the store needs. Errors are values.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace rocd::sqlite {

// What to do about a file that is not whole, or not ours.
inline constexpr std::string_view damaged_hint =
    "restore a copy of it, or move it and its -wal away to begin with an empty state, or use "
    "another --state-dir; rocd leaves it as it is";

struct CloseDatabase {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
};

// One use of a statement: bind in order, step, read columns. Lives no longer than its Database.
class Statement {
 public:
  Statement(sqlite3* database, sqlite3_stmt* handle) : database_(database), handle_(handle) {}

  Statement& bind(std::string_view text);
  Statement& bind(std::int64_t number);

  [[nodiscard]] Result<bool> step();  // true: a row is there
  [[nodiscard]] Result<> run();       // steps to the end, ignoring rows

  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::int64_t number(int column) const;

 private:
  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> handle_;
  int next_parameter_ = 1;
};

class Database {
 public:
  // Creates the file if it is not there. Error io, with the file in `where`. Every call may fail
  // with `unavailable`, too: another program holds a lock.
  [[nodiscard]] static Result<Database> open(const std::filesystem::path& file);

  [[nodiscard]] Result<> execute(const char* sql);  // one or more statements without parameters
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  // The first column of the first row; empty if there is none.
  [[nodiscard]] Result<std::string> text_of(std::string_view sql);
  [[nodiscard]] Result<std::int64_t> number_of(std::string_view sql);

  // How long a call waits for another program's lock.
  void set_patience(std::chrono::milliseconds patience);
  // Off: closing it leaves file and -wal byte for byte as they are.
  void set_checkpoint_on_close(bool on);

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  std::unique_ptr<sqlite3, CloseDatabase> handle_;
};

// The disk has no room, or fails: the file may be whole.
[[nodiscard]] bool is_of_disk(const Error& error);

}  // namespace rocd::sqlite
