// The few RAII pieces of SQLite's C interface that the store needs. Errors are values.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace rocd::sqlite {

// What to do about a file that is not whole.
inline constexpr std::string_view damaged_hint =
    "move the file away to start with an empty one; rocd does not throw it away by itself";

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
  // Creates the file if it is not there. Error io, with the file in `where`.
  [[nodiscard]] static Result<Database> open(const std::filesystem::path& file);

  [[nodiscard]] Result<> execute(const char* sql);  // one or more statements without parameters
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  std::unique_ptr<sqlite3, CloseDatabase> handle_;
};

}  // namespace rocd::sqlite
