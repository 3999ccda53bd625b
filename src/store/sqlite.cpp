#include "store/sqlite.hpp"

#include <fmt/format.h>

#include <system_error>

namespace rocd::sqlite {
namespace {

constexpr std::string_view full_hint = "the disk is full: make room";
constexpr std::string_view io_hint =
    "the disk does not take it: look at its space, its limits and the kernel's log";

Error error_of(sqlite3* database, std::string_view what) {
  Error error;
  error.code = ErrorCode::io;
  const char* file = sqlite3_db_filename(database, "main");
  error.message = fmt::format("{}: {}", what, sqlite3_errmsg(database));
  error.where = file != nullptr ? file : "";
  switch (sqlite3_errcode(database)) {  // of the last call, without the extended bits
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      error.message = fmt::format("the stored state is damaged: {}", sqlite3_errmsg(database));
      error.hint = damaged_hint;
      break;
    case SQLITE_FULL:
      error.hint = full_hint;
      break;
    case SQLITE_IOERR:
      if (const int reason = sqlite3_system_errno(database); reason != 0)
        error.message += fmt::format(" ({})", std::generic_category().message(reason));
      error.hint = io_hint;
      break;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      error.hint = "rocd must be able to write the file and its directory";
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      error.code = ErrorCode::unavailable;
      error.message = fmt::format("{}: another program holds a lock on it", what);
      error.hint = "try again when that program is done";
      break;
    default:
      break;
  }
  return error;
}

}  // namespace

bool is_of_disk(const Error& error) {
  return error.hint == full_hint || error.hint == io_hint;
}

Statement& Statement::bind(std::string_view text) {
  // Failures (out of memory) show at step(): the parameter is NULL and every column is NOT NULL.
  sqlite3_bind_text64(handle_.get(), next_parameter_++, text.data(), text.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  sqlite3_bind_int64(handle_.get(), next_parameter_++, number);
  return *this;
}

Result<bool> Statement::step() {
  switch (sqlite3_step(handle_.get())) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return error_of(database_, "cannot access the stored state");
  }
}

Result<> Statement::run() {
  for (;;) {
    const auto row = step();
    if (!row) return row.error();
    if (!*row) return {};
  }
}

std::string Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(handle_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return bytes == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(bytes), size);
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

Result<Database> Database::open(const std::filesystem::path& file) {
  // Pages as they are needed, not twenty at once for each database (sqlite.org/malloc.html). It has
  // no effect, and does no harm, once SQLite is in use.
  static const int no_bulk = sqlite3_config(SQLITE_CONFIG_PAGECACHE, nullptr, 0, 0);
  (void)no_bulk;
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Database database(handle);
  if (code != SQLITE_OK) {
    auto error = error_of(handle, "cannot open the stored state");
    error.where = file.string();
    return error;
  }
  return database;
}

Result<> Database::execute(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return error_of(handle_.get(), "cannot access the stored state");
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &statement,
                         nullptr) != SQLITE_OK)
    return error_of(handle_.get(), "cannot access the stored state");
  return Statement(handle_.get(), statement);
}

Result<std::string> Database::text_of(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  return *row ? statement->text(0) : std::string();
}

Result<std::int64_t> Database::number_of(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  return *row ? statement->number(0) : 0;
}

void Database::set_patience(std::chrono::milliseconds patience) {
  sqlite3_busy_timeout(handle_.get(), static_cast<int>(patience.count()));
}

void Database::set_checkpoint_on_close(bool on) {
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on ? 0 : 1, nullptr);
}

}  // namespace rocd::sqlite
