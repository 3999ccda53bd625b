#include "store/state_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <string>

#include "base/descriptor.hpp"
#include "base/log.hpp"
#include "store/state_directory.hpp"
#include "store/wal_header.hpp"

namespace rocd {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Another program may hold a lock (a backup, sqlite3). At the start there is time to wait; later
// nothing else of rocd happens meanwhile.
constexpr auto patience_at_start = 2000ms;
constexpr auto patience_later = 50ms;

// The log goes into the file when it has so many pages of 4 KiB: it stays at 1 MB (SQLite's 1000: 4
// MB), and little is read again at a start after a kill.
constexpr int checkpoint_pages = 250;

const fs::path in_memory = ":memory:";

Error refused(const fs::path& file, std::string message, std::string_view hint) {
  return {ErrorCode::io, std::move(message), file.string(), std::string(hint), {}};
}

// --- what must not be touched ------------------------------------------------------------------

std::string start_of(const fs::path& file, std::size_t size) {
  std::string start(size, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(start.data(), static_cast<std::streamsize>(size));
  start.resize(static_cast<std::size_t>(stream.gcount()));
  return start;
}

// SQLite throws away what is shorter than its smallest page, the log of a file that is empty or not
// there, and a log that begins wrongly.
Result<> check_starts(const fs::path& file) {
  constexpr std::size_t smallest_page = 512;
  std::error_code absent;
  const auto size = fs::file_size(file, absent);
  if (!absent && size > 0 && size < smallest_page)
    return refused(file, "the stored state is damaged: it is shorter than any database",
                   sqlite::damaged_hint);
  const fs::path log_file = file.string() + "-wal";
  const auto start = start_of(log_file, wal_header_size);
  if (!is_wal_start(start))
    return refused(log_file, "the stored state is damaged: its -wal does not begin as one",
                   sqlite::damaged_hint);
  if (start.size() == wal_header_size && (absent || size == 0))
    return refused(
        file,
        fmt::format("the stored state is {}, but its -wal holds writes of it",
                    absent ? "not there" : "empty"),
        "restore the file, or move its -wal away to begin with an empty state, or use another "
        "--state-dir");
  return {};
}

Error foreign(const fs::path& file) {
  return refused(file, "the file is a database of another program", "use another --state-dir");
}

Error newer(const fs::path& file, std::int64_t found, std::size_t known) {
  return refused(file,
                 fmt::format("the stored state was written by a newer rocd (schema {}, this one "
                             "knows {})",
                             found, known),
                 "use that version, or another --state-dir");
}

// Before schema 2 there was no mark of ours: tables tell.
Result<bool> is_ours(sqlite::Database& database, std::int64_t version) {
  const auto mark = database.number_of("PRAGMA application_id");
  if (!mark) return mark.error();
  if (*mark != 0) return *mark == state_application_id;
  if (version < 0 || version > 1) return false;
  const auto tables = database.number_of("SELECT count(*) FROM sqlite_schema WHERE type = 'table'");
  if (!tables) return tables.error();
  const auto known = database.number_of(
      "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('identity', 'item')");
  if (!known) return known.error();
  return *tables == *known && (version == 0 || *known == 2);
}

// A damaged page may be one that is read next month only; the file is small, so look at all of it.
Result<> check_pages(sqlite::Database& database, const fs::path& file) {
  const auto verdict = database.text_of("PRAGMA integrity_check(1)");
  if (!verdict) return verdict.error();
  if (*verdict == "ok") return {};
  const auto line = verdict->rfind('\n');  // behind "*** in database main ***"
  return refused(file,
                 fmt::format("the stored state is damaged: {}",
                             line == std::string::npos ? *verdict : verdict->substr(line + 1)),
                 sqlite::damaged_hint);
}

// --- how it is written -------------------------------------------------------------------------

std::string log_limits() {
  return fmt::format("PRAGMA wal_autocheckpoint = {}; PRAGMA journal_size_limit = {}",
                     checkpoint_pages, checkpoint_pages * 4096);
}

// Without shared memory (some network file systems) there is no WAL. Then EXTRA: with FULL the end
// of a journal, which is what commits, may be forgotten in a power cut (sqlite.org/pragma.html).
Result<> make_durable(sqlite::Database& database, const fs::path& file) {
  const auto mode = database.text_of("PRAGMA journal_mode = WAL");
  if (!mode) return mode.error();
  const bool wal = *mode == "wal";
  if (!wal && file != in_memory)
    log("store").warn("{}: this file system takes no write-ahead log, journal '{}' is used",
                      file.string(), *mode);
  const int synchronous = wal ? 2 : 3;  // FULL, EXTRA
  const auto settings = fmt::format("PRAGMA synchronous = {}; {}", synchronous, log_limits());
  if (auto set = database.execute(settings.c_str()); !set) return set;
  const auto found = database.number_of("PRAGMA synchronous");
  if (!found) return found.error();
  if (*found == synchronous && (wal || *mode == "delete" || file == in_memory)) return {};
  return refused(
      file,
      fmt::format("SQLite does not write it durably (journal '{}', synchronous {})", *mode, *found),
      "use another --state-dir");
}

// --- older versions ----------------------------------------------------------------------------

Result<> sync_file(const fs::path& file) {
  const Descriptor opened(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  if (opened && ::fsync(opened.get()) == 0) return {};
  return errno_error(fmt::format("sync '{}'", file.string()), errno);
}

// Whole or not at all, and on disk before the original changes.
Result<> keep_copy(sqlite::Database& database, const fs::path& file, const fs::path& copy) {
  const fs::path unfinished = copy.string() + ".new";
  std::error_code failure;
  fs::remove(unfinished, failure);
  if (auto made = make_private_file(unfinished); !made) return made;
  auto into = database.prepare("VACUUM INTO ?");
  if (!into) return into.error();
  if (auto done = into->bind(unfinished.string()).run(); !done) return done;
  if (auto synced = sync_file(unfinished); !synced) return synced;
  fs::rename(unfinished, copy, failure);
  if (failure) return errno_error(fmt::format("rename to '{}'", copy.string()), failure.value());
  return sync_directory(file.parent_path());
}

Result<> run_steps(sqlite::Database& database, std::size_t version,
                   std::span<const Migration> steps) {
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return begun;
  for (; version < steps.size(); ++version) {
    const auto sql = fmt::format("{}; PRAGMA user_version = {}", steps[version].sql, version + 1);
    if (auto done = database.execute(sql.c_str()); !done) return done;
  }
  return database.execute("COMMIT");
}

// All steps or none: whatever happens, the file is of the old version or of the newest.
Result<> migrate(sqlite::Database& database, const fs::path& file, std::size_t version,
                 std::span<const Migration> steps) {
  if (version == steps.size()) return {};
  const fs::path copy = fmt::format("{}.v{}", file.string(), version);
  if (version > 0)
    if (const auto kept = keep_copy(database, file, copy); !kept) {
      auto error = kept.error();
      error.message = fmt::format(
          "cannot keep a copy of the stored state before it is brought to "
          "schema {}: {}",
          steps.size(), error.message);
      return error;
    }
  if (auto done = run_steps(database, version, steps); !done) {
    auto error = done.error();
    // It fails if the statement that failed has ended the transaction already: then it is undone.
    (void)database.execute("ROLLBACK");
    error.message = fmt::format("cannot bring the stored state from schema {} to {}: {}", version,
                                steps.size(), error.message);
    return error;
  }
  if (version > 0)
    log("store").info("{}: brought from schema {} to {}, the old one is kept as {}", file.string(),
                      version, steps.size(), copy.filename().string());
  return {};
}

Result<> prepare_file(const fs::path& file) {
  std::error_code absent;
  if (fs::is_regular_file(file, absent) && fs::file_size(file, absent) == 0)
    log("store").warn("{} was empty: a new state is begun", file.string());
  return make_private_file(file);
}

Result<> fill_children(sqlite::Database& database, const fs::path& file) {
  const auto version = database.number_of("PRAGMA user_version");
  if (!version) return version.error();
  if (*version > children_version) return newer(file, *version, children_version);
  if (auto checked = check_pages(database, file); !checked) return checked;
  const auto settings =
      fmt::format("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; {};", log_limits());
  if (auto set = database.execute(settings.c_str()); !set) return set;
  if (*version == children_version) return {};  // no write: there may be no room for one
  const auto sql = fmt::format("{} PRAGMA user_version = {}", children_schema, children_version);
  return database.execute(sql.c_str());
}

Result<sqlite::Database> try_children_file(const fs::path& file) {
  if (file != in_memory) {
    if (auto made = make_private_file(file); !made) return made.error();
    make_private(file);
  }
  auto database = sqlite::Database::open(file);
  if (!database) return database;
  database->set_patience(patience_at_start);
  if (auto filled = fill_children(*database, file); !filled) return filled.error();
  database->set_patience(patience_later);
  return database;
}

}  // namespace

Result<sqlite::Database> open_state_file(const fs::path& file, std::span<const Migration> steps) {
  if (file != in_memory) {
    if (auto whole = check_starts(file); !whole) return whole.error();
    if (auto made = prepare_file(file); !made) return made.error();
  }
  auto database = sqlite::Database::open(file);
  if (!database) return database;
  database->set_checkpoint_on_close(false);
  database->set_patience(patience_at_start);
  const auto version = database->number_of("PRAGMA user_version");
  if (!version) return version.error();
  const auto ours = is_ours(*database, *version);
  if (!ours) return ours.error();
  if (!*ours) return foreign(file);
  if (*version > static_cast<std::int64_t>(steps.size()))
    return newer(file, *version, steps.size());
  if (auto checked = check_pages(*database, file); !checked) return checked.error();
  // From here on it is ours, and whole.
  database->set_checkpoint_on_close(true);
  if (file != in_memory) make_private(file);
  if (auto durable = make_durable(*database, file); !durable) return durable.error();
  if (auto migrated = migrate(*database, file, static_cast<std::size_t>(*version), steps);
      !migrated)
    return migrated.error();
  database->set_patience(patience_later);
  return database;
}

// Without waiting for the disk, a power cut may leave this file damaged. Its children are gone
// then, too: begin again.
Result<sqlite::Database> open_children_file(const fs::path& file) {
  auto database = try_children_file(file);
  if (database || database.error().code == ErrorCode::unavailable) return database;
  if (sqlite::is_of_disk(database.error())) {
    log("store").warn("the children that run now are not written down: {}",
                      to_string(database.error()));
    return try_children_file(in_memory);
  }
  log("store").warn("{}: the list of running children was unreadable and is begun anew ({})",
                    file.string(), database.error().message);
  for (const auto* suffix : {"", "-wal", "-shm"}) {
    std::error_code ignored;  // what matters shows at the second try
    fs::remove(file.string() + suffix, ignored);
  }
  return try_children_file(file);
}

}  // namespace rocd
